/** Takes one input into the state. Returns the ids with new evidence, for which figures must be looked at again. */
import { NO_SILENCES } from "../forecast/silence.ts";
import { observe } from "../health/link.ts";
import type { Observation } from "../health/types.ts";
import { runCommand } from "./commands.ts";
import type { UplinkData } from "./state.ts";
import { hasLink, newUplink } from "./state.ts";
import { takeReport } from "./steering.ts";
import type { Input, LinkEvent, UplinkFacts } from "./types.ts";
import type { Work } from "./work.ts";
import { find, largestWeight, tell, tellChange } from "./work.ts";

/** More cannot be meant; the rest is ignored. */
const UPLINKS_MAX = 64;

export function ingest(w: Work, input: Input): string | null {
	switch (input.kind) {
		case "probe":
		case "reach":
		case "dns":
		case "traffic":
		case "sense":
			return takeObservation(w, input);
		case "link":
			return takeLink(w, input);
		case "risk": {
			const u = find(w, input.uplink);
			if (u !== null && Number.isFinite(input.risk) && Number.isFinite(input.horizonMs)) {
				u.risk = { ...input, atMs: w.s.nowMs };
			}
			return null;
		}
		case "forecast": {
			const u = find(w, input.uplink);
			const known = [input.soon, input.later, input.long, input.confidence].every((one) => one >= 0 && one <= 1);
			if (u !== null && known) u.forecast = { ...input, atMs: w.s.nowMs };
			return null;
		}
		case "forget":
			for (const u of w.list) {
				if (input.uplink !== null && u.facts.id !== input.uplink) continue;
				u.silences = NO_SILENCES;
				u.falseAlarms = 0;
			}
			tell(w, "prediction", input.uplink, "what was learnt for forecasts was forgotten, as asked");
			return null;
		case "uplinks":
			takeUplinks(w, input.uplinks);
			return null;
		case "settings": {
			const { observe: before } = w.s.settings;
			const { observe: after } = input.settings;
			w.s.settings = input.settings;
			const change = before === after ? "" : after ? "; observe mode: nothing is touched" : "; observe mode is over";
			tell(w, "settings", null, `new settings are in use${change}`);
			return null;
		}
		case "applied":
			takeReport(w, input);
			return null;
		case "command":
		case "tick":
			return null;
	}
}

/** Commands come after all states are up to date. */
export function obey(w: Work, input: Input): void {
	if (input.kind === "command") runCommand(w, input);
}

function takeObservation(w: Work, o: Observation): string | null {
	const u = find(w, o.uplink);
	// Evidence from a link that is down says nothing about the one that will come up.
	if (u === null || u.upSinceMs === null) return null;
	const now = o.atMs === w.s.nowMs ? o : { ...o, atMs: w.s.nowMs };
	u.assessment = { ...u.assessment, health: observe(u.assessment.health, now) };
	if (o.kind === "traffic") return null;
	if (o.kind === "probe" && !o.excused && u.goodSinceMs !== null) {
		u.proofSent++;
		if (o.rttMs === null) u.proofLost++;
	}
	return o.uplink;
}

function takeLink(w: Work, e: LinkEvent): string | null {
	const u = find(w, e.uplink);
	if (u === null) return null;
	if (e.event === "carrier_lost" || e.event === "ifdown") u.linkDown = e.event;
	else u.linkDown = null;
	return null;
}

function takeUplinks(w: Work, all: readonly UplinkFacts[]): void {
	const { nowMs, settings } = w.s;
	const facts = unique(all).slice(0, UPLINKS_MAX);
	for (const u of w.list) {
		if (!facts.some((f) => f.id === u.facts.id)) tell(w, "member_lost", u.facts.id, "it is no longer configured");
	}
	const next: UplinkData[] = facts.map((f) => {
		const known = find(w, f.id);
		if (known === null) {
			tellChange(w, "member_discovered", f.id, null, f.class, `found: class ${f.class}, weight ${f.weight}`);
			return newUplink(f, nowMs, settings);
		}
		// What netifd says now is newer than the event that came before.
		if (hasLink(f)) known.linkDown = null;
		known.facts = f;
		return known;
	});
	next.sort((a, b) => a.facts.order - b.facts.order || (a.facts.id < b.facts.id ? -1 : 1));
	w.list = next;
	w.s.uplinks = next;
	w.largestWeight = largestWeight(next);
	if (facts.length > 0) w.s.startedAtMs ??= nowMs;
	if (w.s.promoted !== null && find(w, w.s.promoted) === null) w.s.promoted = null;
	if (w.s.pin !== null && find(w, w.s.pin.uplink) === null) {
		tell(w, "command", w.s.pin.uplink, "the manual failover ended: its uplink is gone");
		w.s.pin = null;
	}
	if (w.s.primary !== null && find(w, w.s.primary) === null) w.s.primary = null;
}

function unique(all: readonly UplinkFacts[]): UplinkFacts[] {
	return all.filter((f, i) => all.findIndex((g) => g.id === f.id) === i);
}
