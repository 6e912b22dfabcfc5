/**
 * What happened -> conditions. Pure: decisions and events come as they are recorded, a picture of the whole every few
 * seconds; out come signals. Decisions and events make the signals that must be quick; the picture those that need time
 * (degraded long) and what conditions.ts makes of it.
 */
import type { Config } from "../config/types.ts";
import type { Decision } from "../decide/types.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import { createConditions } from "./conditions.ts";
import { createFlaps } from "./flaps.ts";
import type { Picture } from "./picture.ts";
import { fromSensors } from "./sensor-signals.ts";
import { off, on } from "./signal.ts";
import type { Alert, AlertKindName, AlertLevel, Signal } from "./types.ts";

export interface Detector {
	decision(decision: Decision): readonly Signal[];
	event(event: RecordedEvent): readonly Signal[];
	picture(picture: Picture): readonly Signal[];
	/** What held before the daemon was started again. */
	recall(alerts: readonly Alert[], atMs: number): void;
}

const GONE: ReadonlySet<string> = new Set(["down", "offline", "absent"]);
/** States in which it was of use before. */
const WORKED: ReadonlySet<string> = new Set(["eligible", "failing", "draining", "hold_down", "suspect"]);
const WORKS: ReadonlySet<string> = new Set(["eligible", "draining", "disabled"]);

export function createDetector(limits: () => Config["notify"]): Detector {
	const flaps = createFlaps(limits);
	const conditions = createConditions(limits);
	const since = new Map<string, number>();
	const down = new Set<string>();

	const quietIf = (quiet: boolean): Partial<Signal> => (quiet ? { quiet: true } : {});

	function moved(decision: Decision): readonly Signal[] {
		const { atMs, from, to, text, kind } = decision;
		const flapping = [from, to].some((one) => one !== null && flaps.isFlapping(one));
		switch (kind) {
			case "failover":
			case "predictive":
				// One condition: traffic is not where it belongs. Its uplink is that of the latest step.
				return [{ ...on(kind, from, atMs, text, { again: true, ...quietIf(flapping) }), key: kind }];
			case "failback":
			case "restore":
				return backAgain(atMs, text, kind === "restore");
			case "manual":
				return backAgain(atMs, text, true);
			default:
				return [];
		}
	}

	function backAgain(atMs: number, text: string, quiet: boolean): Signal[] {
		return (["failover", "predictive"] as const).map((kind) => ({
			...off(kind, null, atMs, text, quietIf(quiet)),
			key: kind,
		}));
	}

	function memberState(event: RecordedEvent): readonly Signal[] {
		const { uplink, from, to, atMs, reason } = event;
		if (uplink === null || to === null) return [];
		if (GONE.has(to) && !down.has(uplink) && from !== null && WORKED.has(from)) {
			down.add(uplink);
			const flapping = flaps.failed(uplink, atMs);
			const text = `${uplink}: ${reason}`;
			const member = on("member_down", uplink, atMs, text, quietIf(flapping));
			if (!flapping) return [member];
			return [member, on("flapping", uplink, atMs, `${uplink} failed ${flaps.count(uplink)} times: ${reason}`)];
		}
		if (WORKS.has(to) && down.delete(uplink)) {
			return [off("member_down", uplink, atMs, `${uplink}: ${reason}`, quietIf(flaps.isFlapping(uplink)))];
		}
		return [];
	}

	/** True when `holds` has been true for so long. */
	function lasts(name: string, holds: boolean, atMs: number, forS: number): boolean {
		if (!holds) since.delete(name);
		else if (!since.has(name)) since.set(name, atMs);
		return holds && atMs - (since.get(name) ?? atMs) >= forS * 1000;
	}

	function whole(picture: Picture): Signal[] {
		const { atMs, offline, degraded, reason } = picture;
		const signals: Signal[] = [];
		const [problem, ...others] = picture.problems;
		const more = others.length === 0 ? "" : ` (and ${others.length} more; autonomyctl config validate)`;
		const state = (kind: AlertKindName, holds: boolean, text: string, ended: string, level: AlertLevel | null = null) =>
			signals.push(holds ? on(kind, null, atMs, text, { level }) : off(kind, null, atMs, ended));
		state("config", problem !== undefined, `${problem}${more}`, "The configuration is used as it is written");
		// Before the engine has begun nobody knows, neither that all is well.
		if (!picture.started) return signals;
		if (offline !== null) state("offline", offline, `No uplink works: ${reason}`, "An uplink works again");
		const degradedLong = lasts("degraded", degraded && !offline, atMs, limits().degradedAfterS);
		state("degraded", degradedLong, `The best uplink is not well: ${reason}`, "The uplink in use is well again");
		if (picture.onPreferred) signals.push(...backAgain(atMs, `Traffic uses ${picture.primary} again`, false));
		state(
			"critical",
			picture.steerError !== null,
			`Not carried out: ${picture.steerError}`,
			"What was decided is in force",
		);
		return signals;
	}

	/** What flapping was is one alert, its end or a plain failure. */
	function flapped(atMs: number): Signal[] {
		const minutes = Math.round(limits().flapWindowS / 60);
		return flaps.ended(atMs).flatMap((uplink) => {
			if (!down.has(uplink)) return [off("flapping", uplink, atMs, `${uplink} has not failed for ${minutes} min`)];
			const text = `${uplink} has stayed down for ${minutes} min`;
			return [
				off("flapping", uplink, atMs, "", { quiet: true }),
				on("member_down", uplink, atMs, text, { again: true }),
			];
		});
	}

	return {
		recall(alerts, atMs) {
			for (const { kind, uplink, raisedAtMs, count } of alerts) {
				if (kind === "member_down" && uplink !== null) down.add(uplink);
				if (kind === "flapping" && uplink !== null) flaps.recall(uplink, atMs, count);
				if (kind === "degraded") since.set("degraded", raisedAtMs);
			}
			conditions.recall(
				alerts.map(({ key, kind, uplink, text, endsAtMs }) =>
					on(kind, uplink, atMs, text, { key, ...(endsAtMs === null ? {} : { lastsMs: endsAtMs - atMs }) }),
				),
				atMs,
			);
		},
		decision: (decision) => conditions.keep(moved(decision)),
		event: (event) => conditions.keep(event.type === "member_state" ? memberState(event) : fromSensors(event)),
		picture(picture) {
			const signals = conditions.keep([...whole(picture), ...flapped(picture.atMs)]);
			const gone = conditions.gone(picture);
			for (const { uplink } of gone) if (uplink !== null) down.delete(uplink);
			return [...signals, ...conditions.picture(picture), ...gone];
		},
	};
}
