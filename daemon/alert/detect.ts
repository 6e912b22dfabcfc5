/**
 * What happened -> conditions. Pure: decisions and events come as they are recorded, a picture of the whole every few
 * seconds; out come signals. Decisions and events make the signals that must be quick; the picture those that need time
 * (degraded long, a dead sensor) and ends whatever an event has missed.
 */
import type { Config } from "../config/types.ts";
import type { Decision } from "../decide/types.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import { createFlaps } from "./flaps.ts";
import type { Picture } from "./picture.ts";
import { fromSensors } from "./sensor-signals.ts";
import type { AlertKindName, AlertLevel, Signal } from "./types.ts";

export interface Detector {
	decision(decision: Decision): readonly Signal[];
	event(event: RecordedEvent): readonly Signal[];
	picture(picture: Picture): readonly Signal[];
}

const GONE: ReadonlySet<string> = new Set(["down", "offline", "absent"]);
/** States in which it was of use before. */
const WORKED: ReadonlySet<string> = new Set(["eligible", "failing", "draining", "hold_down", "suspect"]);
const WORKS: ReadonlySet<string> = new Set(["eligible", "draining", "disabled"]);

export function createDetector(limits: () => Config["notify"]): Detector {
	const flaps = createFlaps(limits);
	const since = new Map<string, number>();
	const down = new Set<string>();

	const on = (
		kind: AlertKindName,
		uplink: string | null,
		atMs: number,
		text: string,
		more: Partial<Signal> = {},
	): Signal => ({
		key: `${kind}:${uplink ?? ""}`,
		kind,
		uplink,
		atMs,
		active: true,
		level: null,
		text,
		...more,
	});
	const off = (
		kind: AlertKindName,
		uplink: string | null,
		atMs: number,
		text: string,
		more: Partial<Signal> = {},
	): Signal => ({
		...on(kind, uplink, atMs, text, more),
		active: false,
	});
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
		const state = (kind: AlertKindName, holds: boolean, text: string, ended: string, level: AlertLevel | null = null) =>
			signals.push(holds ? on(kind, null, atMs, text, { level }) : off(kind, null, atMs, ended));
		state("offline", offline, `No uplink works: ${reason}`, "An uplink works again");
		const degradedLong = lasts("degraded", degraded && !offline, atMs, limits().degradedAfterS);
		state("degraded", degradedLong, `The best uplink is not well: ${reason}`, "The uplink in use is well again");
		if (picture.onPreferred) signals.push(...backAgain(atMs, `Traffic uses ${picture.primary} again`, false));
		state(
			"critical",
			picture.steerError !== null,
			`Not carried out: ${picture.steerError}`,
			"What was decided is in force",
		);
		const [problem, ...others] = picture.problems;
		const more = others.length === 0 ? "" : ` (and ${others.length} more; autonomyctl config validate)`;
		state("config", problem !== undefined, `${problem}${more}`, "The configuration is used as it is written");
		return signals;
	}

	function router(picture: Picture): Signal[] {
		const { atMs } = picture;
		const signals: Signal[] = [];
		for (const { path, usedPct } of picture.disks) {
			const key = `system:${path}`;
			// A little below before it counts as over, or the alert would come and go.
			if (usedPct >= limits().diskFull) {
				signals.push({ ...on("system", null, atMs, `${path} is ${Math.round(usedPct)} % full`), key });
			} else if (usedPct < limits().diskFull - 2) {
				signals.push({ ...off("system", null, atMs, `${path} has room again`), key });
			}
		}
		const free = picture.freeMib;
		if (free !== null && free < limits().memoryLow) {
			signals.push({
				...on("system", null, atMs, `only ${Math.round(free)} MiB of memory are free`),
				key: "system:memory",
			});
		} else if (free !== null && free > limits().memoryLow * 1.25) {
			signals.push({ ...off("system", null, atMs, "there is memory again"), key: "system:memory" });
		}
		for (const { name, daysLeft } of picture.certificates) {
			const key = `certificate:${name}`;
			const words = daysLeft <= 0 ? "has ended" : `ends in ${Math.floor(daysLeft)} days`;
			const soon = daysLeft <= limits().certificateDays;
			const text = soon ? `the certificate ${name} ${words}` : `the certificate ${name} is good for longer`;
			const level = daysLeft <= 2 ? "critical" : null;
			signals.push({ ...(soon ? on : off)("certificate", null, atMs, text, { level }), key });
		}
		return signals;
	}

	return {
		decision: moved,
		event: (event) => (event.type === "member_state" ? memberState(event) : fromSensors(event)),
		picture(picture) {
			const { atMs } = picture;
			const signals = [...whole(picture), ...router(picture)];
			for (const uplink of flaps.ended(atMs)) {
				const minutes = Math.round(limits().flapWindowS / 60);
				if (down.has(uplink)) {
					signals.push(off("flapping", uplink, atMs, "", { quiet: true }));
					signals.push(
						on("member_down", uplink, atMs, `${uplink} has stayed down for ${minutes} min`, { again: true }),
					);
				} else signals.push(off("flapping", uplink, atMs, `${uplink} has not failed for ${minutes} min`));
			}
			for (const one of picture.sensors) {
				const key = `sensor:${one.uplink}:${one.sensor}`;
				const dead = (one.state === "failing" || one.state === "denied") && one.forMs >= limits().sensorAfterS * 1000;
				const text = `${one.uplink}, ${one.sensor}: ${one.text}`;
				if (dead) signals.push({ ...on("sensor", one.uplink, atMs, text), key });
				else if (one.state === "ok") signals.push({ ...off("sensor", one.uplink, atMs, text), key });
			}
			for (const { uplink, usedPct, warnPct, text } of picture.plans) {
				const level = usedPct >= limits().dataCritical ? "critical" : null;
				const holds = usedPct >= warnPct;
				const over = `${uplink}: there is data allowance again`;
				signals.push(holds ? on("data_limit", uplink, atMs, text, { level }) : off("data_limit", uplink, atMs, over));
			}
			for (const { uplink, text } of picture.spikes) {
				signals.push(on("data_usage_spike", uplink, atMs, text, { lastsMs: 3_600_000 }));
			}
			for (const { uplink, nowPct, usualPct } of picture.obstructions) {
				const worse = nowPct >= 2 && nowPct >= 2 * usualPct;
				const figures = `${nowPct.toFixed(1)} % of the last hour, before that ${usualPct.toFixed(1)} %`;
				if (worse)
					signals.push(on("obstruction", uplink, atMs, `${uplink}: the view of the dish is blocked more: ${figures}`));
				else if (nowPct < Math.max(1, 1.5 * usualPct)) {
					signals.push(off("obstruction", uplink, atMs, `${uplink}: the view of the dish is as usual: ${figures}`));
				}
			}
			return signals;
		},
	};
}
