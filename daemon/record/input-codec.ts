/**
 * One engine input <-> bytes. Frequent kinds have a binary form of a few bytes; every other kind, and every record that
 * carries a field not known here, is kept as JSON text, so that a new field is never lost from a recording. Times are
 * stored as the distance to the input before.
 */
import type { Input } from "../decide/types.ts";
import type { Observation, ProbeObservation, ReachObservation, SenseObservation } from "../health/types.ts";
import type { LogReader, LogWriter } from "./codec.ts";

/** Strings of a chunk: names repeat all the time, so each is kept once. */
export interface StringTable {
	put(text: string): number;
	get(index: number): string;
}

const MOST = 2 ** 50;
const TICK = 1;
const PROBE = 2;
const TRAFFIC = 3;
const DNS = 4;
const REACH = 5;
const SENSE = 6;
const JSON_TEXT = 7;

const FAMILY = ["ipv4", "ipv6"] as const;
const METHOD = ["icmp", "tcp", "dns"] as const;
const VERDICT = ["unknown", "up", "suspect", "dead"] as const;
const EVIDENCE_METHOD = ["icmp", "tcp", "dns", "carrier", "none"] as const;
const GATEWAY = ["answers", "silent", "unknown"] as const;
const TRAFFIC_STATE = ["arriving", "one_way", "idle", "unknown"] as const;
const EVIDENCE_FIELDS = 10;

export function encodeInput(writer: LogWriter, strings: StringTable, input: Input, previousMs: number): void {
	if (!encodeKnown(writer, strings, input, previousMs)) {
		writer.byte(JSON_TEXT);
		writer.count(strings.put(JSON.stringify(input)));
	}
}

function encodeKnown(writer: LogWriter, strings: StringTable, input: Input, previousMs: number): boolean {
	switch (input.kind) {
		case "tick":
			if (fields(input) !== 2) {
				return false;
			}
			writer.byte(TICK);
			time(writer, input.atMs, previousMs);
			return true;
		case "probe":
			return encodeProbe(writer, strings, input, previousMs);
		case "traffic":
			if (fields(input) !== 5) {
				return false;
			}
			writer.byte(TRAFFIC);
			head(writer, strings, input, previousMs);
			writer.number(input.rxBytesPerS);
			writer.number(input.txBytesPerS);
			return true;
		case "dns":
			if (fields(input) !== 6) {
				return false;
			}
			writer.byte(DNS);
			head(writer, strings, input, previousMs);
			writer.byte(FAMILY.indexOf(input.family));
			writer.count(strings.put(input.server));
			writer.number(input.rttMs);
			return true;
		case "reach":
			return encodeReach(writer, strings, input, previousMs);
		case "sense":
			return encodeSense(writer, strings, input, previousMs);
		default:
			return false;
	}
}

function fields(record: object): number {
	return Object.keys(record).length;
}

/** Times in whole microseconds become the distance to the one before, a short number; others are written in full. */
function time(writer: LogWriter, atMs: number, previousMs: number): void {
	const at = Math.round(atMs * 1_000);
	if (at / 1_000 === atMs && at < MOST && at > -MOST) {
		writer.number((at - Math.round(previousMs * 1_000)) / 1_000);
	} else {
		writer.number(null);
		writer.number(atMs);
	}
}

function readTime(reader: LogReader, previousMs: number): number {
	const step = reader.number();
	if (step === null) {
		return reader.number() ?? 0;
	}
	return (Math.round(previousMs * 1_000) + Math.round(step * 1_000)) / 1_000;
}

function head(writer: LogWriter, strings: StringTable, input: Observation, previousMs: number): void {
	time(writer, input.atMs, previousMs);
	writer.count(strings.put(input.uplink));
}

function encodeProbe(writer: LogWriter, strings: StringTable, input: ProbeObservation, previousMs: number): boolean {
	if (fields(input) !== 8) {
		return false;
	}
	writer.byte(PROBE);
	head(writer, strings, input, previousMs);
	writer.byte(FAMILY.indexOf(input.family) | (METHOD.indexOf(input.method) << 1) | (input.excused ? 8 : 0));
	writer.count(strings.put(input.target));
	writer.number(input.rttMs);
	return true;
}

function encodeReach(writer: LogWriter, strings: StringTable, input: ReachObservation, previousMs: number): boolean {
	const evidence = input.evidence;
	if (fields(input) !== 6 || fields(evidence) !== EVIDENCE_FIELDS) {
		return false;
	}
	writer.byte(REACH);
	head(writer, strings, input, previousMs);
	writer.byte(FAMILY.indexOf(input.family) | (VERDICT.indexOf(input.verdict) << 1));
	writer.byte(GATEWAY.indexOf(evidence.gateway) | (TRAFFIC_STATE.indexOf(evidence.traffic) << 2));
	writer.byte(EVIDENCE_METHOD.indexOf(evidence.method));
	for (const value of [evidence.silentMs, evidence.expectedMs, evidence.sent, evidence.answered]) {
		writer.number(value);
	}
	writer.number(evidence.targets);
	writer.number(evidence.targetsAnswered);
	writer.count(strings.put(evidence.text));
	return true;
}

function encodeSense(writer: LogWriter, strings: StringTable, input: SenseObservation, previousMs: number): boolean {
	if (fields(input) !== 4) {
		return false;
	}
	const values = Object.entries(input.values).filter(([, value]) => value !== undefined);
	writer.byte(SENSE);
	head(writer, strings, input, previousMs);
	writer.count(values.length);
	for (const [name, value] of values) {
		writer.count(strings.put(name));
		writer.number(value ?? null);
	}
	return true;
}

export function decodeInput(reader: LogReader, strings: StringTable, previousMs: number): Input {
	const kind = reader.byte();
	if (kind === JSON_TEXT) {
		// Written by encodeInput above from a value of this very type.
		return JSON.parse(strings.get(reader.count())) as Input;
	}
	const atMs = readTime(reader, previousMs);
	if (kind === TICK) {
		return { kind: "tick", atMs };
	}
	const uplink = strings.get(reader.count());
	switch (kind) {
		case PROBE: {
			const flags = reader.byte();
			return {
				kind: "probe",
				uplink,
				atMs,
				family: FAMILY[flags & 1] ?? "ipv4",
				method: METHOD[(flags >> 1) & 3] ?? "icmp",
				target: strings.get(reader.count()),
				rttMs: reader.number(),
				excused: (flags & 8) !== 0,
			};
		}
		case TRAFFIC:
			return { kind: "traffic", uplink, atMs, rxBytesPerS: reader.number() ?? 0, txBytesPerS: reader.number() ?? 0 };
		case DNS: {
			const family = FAMILY[reader.byte()] ?? "ipv4";
			const server = strings.get(reader.count());
			return { kind: "dns", uplink, atMs, family, server, rttMs: reader.number() };
		}
		case REACH:
			return decodeReach(reader, strings, uplink, atMs);
		default:
			return decodeSense(reader, strings, uplink, atMs);
	}
}

function decodeReach(reader: LogReader, strings: StringTable, uplink: string, atMs: number): ReachObservation {
	const who = reader.byte();
	const where = reader.byte();
	const method = EVIDENCE_METHOD[reader.byte()] ?? "none";
	const silentMs = reader.number() ?? 0;
	const expectedMs = reader.number() ?? 0;
	const sent = reader.number() ?? 0;
	const answered = reader.number() ?? 0;
	const targets = reader.number() ?? 0;
	const targetsAnswered = reader.number() ?? 0;
	return {
		kind: "reach",
		uplink,
		atMs,
		family: FAMILY[who & 1] ?? "ipv4",
		verdict: VERDICT[who >> 1] ?? "unknown",
		evidence: {
			silentMs,
			expectedMs,
			sent,
			answered,
			targets,
			targetsAnswered,
			gateway: GATEWAY[where & 3] ?? "unknown",
			traffic: TRAFFIC_STATE[where >> 2] ?? "unknown",
			method,
			text: strings.get(reader.count()),
		},
	};
}

function decodeSense(reader: LogReader, strings: StringTable, uplink: string, atMs: number): SenseObservation {
	// Null is a word, too: not known any more.
	const values: Record<string, number | null> = {};
	const count = reader.count();
	for (let i = 0; i < count; i++) {
		const name = strings.get(reader.count());
		values[name] = reader.number();
	}
	return { kind: "sense", uplink, atMs, values };
}
