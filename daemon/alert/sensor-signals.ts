/** Events of the sensors -> signals: those that say something has begun, those that say it is over, and single ones. Pure. */
import type { RecordedEvent } from "../record/recorder.ts";
import type { AlertKindName, AlertLevel, Signal } from "./types.ts";

interface Rule {
	readonly kind: AlertKindName;
	/** What tells two conditions of this kind at one uplink apart. */
	readonly part?: string;
	/** The event ends the condition when its words begin so. */
	readonly over?: string;
	readonly level?: AlertLevel;
	readonly lastsMs?: number;
}

const HOUR_MS = 3_600_000;

/** By the type of the event, as the sensors name them (daemon/sense). */
const RULES: Readonly<Record<string, Rule>> = {
	dish_boot_loop: { kind: "dish", part: "boot_loop", level: "critical", lastsMs: HOUR_MS },
	dish_service: { kind: "dish", part: "service", level: "critical", lastsMs: 6 * HOUR_MS },
	dish_maintenance: { kind: "maintenance", lastsMs: HOUR_MS },
	dish_gone: { kind: "sensor", part: "starlink" },
	registration: { kind: "cellular", part: "registration", over: "registered again" },
	roaming: { kind: "cellular", part: "roaming", over: "back in the home network" },
	sim: { kind: "cellular", part: "sim", lastsMs: HOUR_MS },
	sim_switch: { kind: "cellular", part: "sim_switch", lastsMs: HOUR_MS },
};

export function fromSensors(event: RecordedEvent): readonly Signal[] {
	const { type, uplink, reason, atMs } = event;
	const base = { uplink, atMs, level: null, text: uplink === null ? reason : `${uplink}: ${reason}` } as const;
	if (type === "dish_alert" || type === "dish_alert_over") {
		// "thermalThrottle: ..." begins, "thermalThrottle is over" ends.
		const name = /^[A-Za-z0-9_]+/.exec(reason)?.[0] ?? "";
		return [{ ...base, key: `dish:${uplink ?? ""}:${name}`, kind: "dish", active: type === "dish_alert" }];
	}
	const rule = Object.hasOwn(RULES, type) ? RULES[type] : undefined;
	if (rule === undefined) return [];
	const active = rule.over === undefined || !reason.startsWith(rule.over);
	const key = `${rule.kind}:${uplink ?? ""}${rule.part === undefined ? "" : `:${rule.part}`}`;
	return [
		{
			...base,
			key,
			kind: rule.kind,
			active,
			level: rule.level ?? null,
			...(rule.lastsMs === undefined ? {} : { lastsMs: rule.lastsMs }),
		},
	];
}
