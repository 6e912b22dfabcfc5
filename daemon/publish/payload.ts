/** Payloads of MQTT by contract/mqtt.ts: only declared fields, unknown ones left out, whole numbers where they are due. */

import type { Reply } from "../../contract/api.ts";
import type { Field, Fields, ReplyOf } from "../../contract/api-schema.ts";
import { TOPICS, type TopicName } from "../../contract/mqtt.ts";
import type { Source } from "./source.ts";

export type Payload<T extends TopicName> = ReplyOf<(typeof TOPICS)[T]["payload"]>;

export function encode<T extends TopicName>(topic: T, value: Payload<T>): string {
	const fields: Fields = TOPICS[topic].payload;
	return JSON.stringify(pick(fields, value));
}

const MAX_TEXT = 1000;

function pick(fields: Fields, value: object): Record<string, unknown> {
	const result: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(fields)) {
		const one = (value as Readonly<Record<string, unknown>>)[name];
		if (one !== undefined && one !== null) result[name] = plainValue(field, one);
	}
	return result;
}

function plainValue(field: Field, value: unknown): unknown {
	switch (field.type) {
		case "int32":
		case "int64":
			return typeof value === "number" ? Math.round(value) : value;
		case "double":
			// Three places are more than anything here is known to.
			return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
		case "string":
			return typeof value === "string" ? value.slice(0, MAX_TEXT).replace(/\p{Cs}/gu, "\ufffd") : value;
		case "list":
			return Array.isArray(value) ? value.map((item: unknown) => plainValue(field.of, item)) : value;
		default:
			return value;
	}
}

export function statePayload(source: Source, nowUnixMs: number): Payload<"state"> {
	const { state, current, text, pin, hold } = source.status();
	const { summary } = source.alerts();
	const online = state !== "offline" && state !== "starting";
	return {
		ts: nowUnixMs,
		state,
		online,
		current,
		pinned: pin?.name ?? "auto",
		held: hold != null,
		text,
		alerts: summary.active,
	};
}

export function uplinkPayload(
	member: Reply<"members">["members"][number],
	nowUnixMs: number,
): Payload<"uplinks/<name>"> {
	const { metrics } = member;
	return {
		ts: nowUnixMs,
		name: member.name,
		class: member.class,
		state: member.state,
		reason: member.reason,
		eligible: member.eligible,
		primary: member.primary,
		score: member.score?.final,
		rtt_ms: metrics.lat_ms,
		loss_pct: metrics.loss_pct,
		jitter_ms: metrics.jitter_ms,
		signal_dbm: metrics.rsrp ?? metrics.signal_dbm,
		obstruction_pct: metrics.obstruction_pct,
		risk_pct: riskOf(member),
		usage_pct: metrics.usage_pct,
		rx_bytes_per_s: metrics.rx_bytes_per_s,
		tx_bytes_per_s: metrics.tx_bytes_per_s,
	};
}

/** Only where a forecast exists. */
function riskOf(member: object): number | null {
	const risk = "risk" in member ? member.risk : null;
	const value = typeof risk === "object" && risk !== null && "risk" in risk ? risk.risk : risk;
	return typeof value === "number" ? value * 100 : null;
}

export function healthPayload(source: Source, nowUnixMs: number): Payload<"health"> {
	const { status, uptime_s, components } = source.health();
	const { memory } = source.info();
	const problems = components.filter((one) => !one.ok).map((one) => `${one.name}: ${one.text}`);
	return {
		ts: nowUnixMs,
		status,
		version: source.version,
		uptime_s,
		rss_bytes: memory.rss_bytes,
		problems: problems.slice(0, 10),
	};
}

/** One level of a topic: what MQTT reads as structure is taken out. */
export function level(name: string): string {
	// Cut first: the cut may leave half a character.
	const clean = name.slice(0, 64).replace(/[\p{Cc}\p{Cs}+#/$\s]/gu, "_");
	return clean === "" ? "_" : clean;
}
