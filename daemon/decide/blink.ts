/**
 * A radio link that is up and silent hands over, more often than not: on recorded drives a third of the verdicts were taken
 * back within this time (docs/forecast.md). New flows avoid it at once, but it is left, and its open flows are released, only
 * after that. It has failed all the same, and is held when it answers: one that blinks is likelier to fail soon. A wire is left at
 * once, and so is a link that is down; a dish has had its patience before the verdict (probe/patience.ts).
 */
import { COSTS, lastingShare } from "./foresight.ts";
import { hasWay, isDead, isRadio } from "./member.ts";
import type { Uplink } from "./state.ts";
import type { Work } from "./work.ts";
import { wake } from "./work.ts";

const BLINK_MS = 300;

/** The uplink in use is called dead, and may be back in a moment. */
export function mayBlink(w: Work, p: Uplink): boolean {
	if (p.facts.id !== w.s.primary || !isDead(p) || !hasWay(p) || !p.worked || !isRadio(p)) return false;
	const share = lastingShare(w, p);
	if (share !== null && share * COSTS.outage > COSTS.change + COSTS.quiet) return false;
	const since = p.facts.families.map((family) => p.assessment.health[family].sinceMs ?? 0);
	const untilMs = Math.max(...since) + BLINK_MS;
	wake(w, untilMs);
	return w.s.nowMs < untilMs;
}
