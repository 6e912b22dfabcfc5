/**
 * What publishers publish: the same replies that ubus gives, so that MQTT and Prometheus never know more, or other, than
 * the API. Counters are this room's own: they count what passes by.
 */
import type { Reply } from "../../contract/api.ts";
import type { Decision } from "../decide/types.ts";
import type { RecordedEvent } from "../record/recorder.ts";

export interface Source {
	readonly version: string;
	/** Name of this router. */
	device(): string;
	/** Wall time of a monotonic time. */
	toUnixMs(atMs: number): number;
	status(): Reply<"status">;
	members(): Reply<"members">;
	health(): Reply<"health">;
	info(): Reply<"info">;
	usage(): Reply<"data_usage">;
	alerts(): Reply<"alerts">;
	channels(): Reply<"notification_status">;
	/** A command, checked as one from ubus. */
	command(
		name: "failover" | "restore" | "hold" | "release" | "recheck",
		uplink: string | null,
		forS: number | null,
	): Promise<{ ok: boolean; text: string }>;
}

export interface Counters {
	/** By kind of decision and by rule. */
	readonly switches: ReadonlyMap<string, number>;
	/** By uplink: how often it was left for a failure, and how often it went down. */
	readonly left: ReadonlyMap<string, number>;
	readonly downs: ReadonlyMap<string, number>;
	readonly events: number;
	readonly predictive: ReadonlyMap<string, number>;
	take(decisions: readonly Decision[], events: readonly RecordedEvent[]): void;
}

/** Names come from a configuration, but a bound costs nothing. */
const MAX_NAMES = 64;

export function createCounters(): Counters {
	const switches = new Map<string, number>();
	const left = new Map<string, number>();
	const downs = new Map<string, number>();
	const predictive = new Map<string, number>();
	let events = 0;
	const add = (map: Map<string, number>, name: string): void => {
		if (map.has(name) || map.size < MAX_NAMES) map.set(name, (map.get(name) ?? 0) + 1);
	};
	return {
		switches,
		left,
		downs,
		predictive,
		get events() {
			return events;
		},
		take(decisions, happened) {
			for (const { kind, from, to, rule } of decisions) {
				if (from === to || kind === "none" || kind === "avoid" || kind === "start") continue;
				add(switches, kind);
				if (kind === "predictive") add(predictive, rule);
				if (from !== null) add(left, from);
			}
			events += happened.length;
			for (const { type, uplink, to } of happened) {
				if (type === "member_state" && to === "down" && uplink !== null) add(downs, uplink);
			}
		},
	};
}
