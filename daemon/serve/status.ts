/** status: which uplink carries the traffic and why, in short. */
import type { Reply } from "../../contract/api.ts";
import { describe, type EngineView, type UplinkView } from "../decide/describe.ts";
import type { EngineState } from "../decide/state.ts";
import { FAMILIES, type Family } from "../health/types.ts";
import type { ServeDeps } from "./deps.ts";
import { decisionReply, eventReply } from "./events.ts";
import { riskOf } from "./risk.ts";

type Status = Reply<"status">;

export function statusReply(deps: ServeDeps): Status {
	const engine = deps.engine();
	const view = viewOf(deps);
	const risk = riskOf(deps);
	const preferred = preferredOf(engine);
	const { main } = deps.config.current();
	const unixMs = deps.recorder.toUnixMs;
	const [event] = deps.recorder.events(1);
	const [decision] = deps.recorder.decisions(1);
	return {
		state: stateOf(view, preferred),
		current: view.primary,
		risk: view.primary === null ? null : risk(view.primary),
		since_s: view.lastSwitchMs === null ? null : (view.atMs - view.lastSwitchMs) / 1_000,
		text: sentence(view, preferred),
		mode: view.observed ? "observe" : "control",
		rank: ranked(view).map((uplink) => ({
			name: uplink.id,
			class: uplink.class,
			state: uplink.state,
			final: uplink.score.value,
			eligible: uplink.eligible,
			why_not: uplink.whyNot,
			risk: risk(uplink.id),
		})),
		last_event: event === undefined ? null : eventReply(event, unixMs),
		last_decision: decision === undefined ? null : decisionReply(decision, unixMs),
		config: { predictive: engine.settings.predictive, use_mwan3: main.useMwan3, switch_margin: main.switchMargin },
		mwan3: mwan3Reply(deps),
		pin:
			view.pin === null
				? null
				: { name: view.pin.uplink, until_unix_ms: orNull(view.pin.untilMs, unixMs), reason: view.pin.reason },
		promoted: view.promoted,
		hold: view.hold === null ? null : { until_unix_ms: orNull(view.hold.untilMs, unixMs), reason: view.hold.reason },
		cooldown_s: view.cooldownLeftMs > 0 ? view.cooldownLeftMs / 1_000 : null,
		steering: {
			in_force: view.wanted !== null && JSON.stringify(view.wanted) === JSON.stringify(view.inForce),
			method: view.method,
			pending: engine.steering.pending,
			error: view.steerError,
		},
		problems: allProblems(deps),
		uptime_s: uptimeS(deps),
	};
}

export function viewOf(deps: ServeDeps): EngineView {
	return describe(deps.engine(), deps.platform.clock.monotonicMs());
}

/** The primary, then those that may carry traffic, each by score times weight. */
function ranked(view: EngineView): UplinkView[] {
	const order = (uplink: UplinkView): number => (uplink.primary ? 2 : 0) + (uplink.eligible ? 1 : 0);
	return [...view.uplinks].sort((a, b) => order(b) - order(a) || (b.score.rank ?? -1) - (a.score.rank ?? -1));
}

/** The one that would carry the traffic if all were equally well. */
export function preferredOf(engine: EngineState): string | null {
	const usable = engine.uplinks.map((uplink) => uplink.facts).filter((facts) => !facts.disabled);
	const promoted = usable.find((facts) => facts.id === engine.promoted);
	const [first] = usable.sort((a, b) => b.weight - a.weight || a.order - b.order || (a.id < b.id ? -1 : 1));
	return (promoted ?? first)?.id ?? null;
}

export function stateOf(view: EngineView, preferred: string | null): Status["state"] {
	const current = view.uplinks.find((uplink) => uplink.primary);
	if (!view.started) {
		return "starting";
	}
	if (current === undefined || ["absent", "disabled", "offline", "down"].includes(current.state)) {
		return "offline";
	}
	if (view.degraded) {
		return "degraded";
	}
	return current.id === preferred ? "primary" : "backup";
}

export function sentence(view: EngineView, preferred: string | null): string {
	const mode = view.observed ? " Only observing: nothing is touched." : "";
	const elsewhere = FAMILIES.map((family) => elsewhereSentence(view, family)).join("");
	return `${plainSentence(view, preferred)}.${elsewhere}${mode}`;
}

/** A family that the uplink in use does not carry: the owner would look for its traffic in the wrong place. */
function elsewhereSentence(view: EngineView, family: Family): string {
	const current = view.uplinks.find((uplink) => uplink.primary);
	const rank = view.wanted?.families[family].rank ?? [];
	const [first] = rank;
	if (!view.started || current === undefined || first === undefined || rank.includes(current.id)) return "";
	const own = current.families.find((one) => one.family === family);
	const why =
		own === undefined
			? "has no address with a route"
			: own.verdict === "dead"
				? "does not answer"
				: "has yet to prove itself";
	const uses = view.observed ? "would use" : "uses";
	return ` ${family === "ipv4" ? "IPv4" : "IPv6"} ${uses} ${first} instead: ${current.id} ${why}.`;
}

function plainSentence(view: EngineView, preferredId: string | null): string {
	const current = view.uplinks.find((uplink) => uplink.primary);
	const reason = current?.reason ?? "unknown";
	const uses = view.observed ? "Traffic would use" : "Traffic uses";
	switch (stateOf(view, preferredId)) {
		case "starting":
			return `Getting to know ${view.uplinks.length} uplinks; nothing decided yet`;
		case "offline":
			return current === undefined ? "No uplink works" : `No uplink works; ${current.id}: ${reason}`;
		case "degraded":
			return `${uses} ${view.primary}, which is not well: ${reason}`;
		case "primary":
			return `${uses} ${view.primary}: ${reason}`;
		case "backup": {
			const preferred = view.uplinks.find((uplink) => uplink.id === preferredId);
			const why = preferred === undefined ? "" : `; ${preferred.id}: ${preferred.whyNot ?? preferred.reason}`;
			return `${uses} the backup ${view.primary}: ${reason}${why}`;
		}
	}
}

function mwan3Reply(deps: ServeDeps): Status["mwan3"] {
	const layout = deps.discovered().mwan3;
	if (layout === null) {
		const wanted = deps.config.current().main.useMwan3;
		const details = wanted
			? "not installed, not running or not configured: routes are used"
			: "switched off by use_mwan3 '0': routes are used";
		return { enabled: false, policy: [], details };
	}
	const policies = layout.policies.map((policy) => policy.name);
	const methods = Object.values(deps.steering().methods);
	return {
		enabled: methods.includes("mwan3"),
		policy: policies,
		details: `${layout.links.length} interfaces, ${layout.members.length} members, ${policies.length} ${policies.length === 1 ? "policy" : "policies"}`,
	};
}

/** Everything the owner should know, each problem once. */
export function allProblems(deps: ServeDeps): string[] {
	const all = [
		...deps.problems(),
		...deps.steering().problems,
		...deps.discovered().problems,
		...deps.config.problems(),
		...snapshotProblem(deps),
	];
	return [...new Set(all)].slice(0, 50);
}

function snapshotProblem(deps: ServeDeps): string[] {
	const { problem, path } = deps.recorder.stats().snapshot;
	return problem === null ? [] : [`history cannot be saved to ${path}: ${problem}; it would not survive a restart`];
}

export function uptimeS(deps: ServeDeps): number {
	return (deps.platform.clock.monotonicMs() - deps.startedAtMs) / 1_000;
}

function orNull(atMs: number | null, unixMs: (atMs: number) => number): number | null {
	return atMs === null ? null : unixMs(atMs);
}
