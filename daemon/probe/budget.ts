/**
 * What watching costs and how fast it may be. Bytes are counted as the ISP counts them: IP packets, both ways. The
 * pace follows from the budget: three quarters of it pay the steady probes, the rest bursts, DNS questions and TCP
 * probes. When a day's budget is used up all the same, the pace falls to a floor, never to nothing: a backup that is not
 * known to work is no backup. Arithmetic with figures: docs/probing.md. Pure.
 */
import type { Family, ProbeMethod } from "../health/types.ts";
import type { DataCapMode } from "./settings.ts";

export type Role = "active" | "standby";

/** Data bytes in an echo request: enough for one to tell its own reply, no more. */
export const PING_DATA_BYTES = 8;
const ICMP_HEADER = 8;
const IP_HEADER: Readonly<Record<Family, number>> = { ipv4: 20, ipv6: 40 };
/** Handshake and reset of one TCP probe: SYN, SYN-ACK with options, ACK, FIN, FIN-ACK, ACK. */
const TCP_HEADERS = 2 * 40 + 4 * 32;
const TCP_PACKETS = 6;
/** One question and one answer with one to four records: two UDP headers, 29 and about 90 bytes of DNS. */
const DNS_BYTES = 2 * 8 + 29 + 90;

/** Bytes one answered probe moves, both ways, IP headers included. */
export function probeBytes(method: ProbeMethod, family: Family, dataBytes = PING_DATA_BYTES): number {
	const ip = IP_HEADER[family];
	if (method === "icmp") return 2 * (ip + ICMP_HEADER + dataBytes);
	if (method === "tcp") return TCP_PACKETS * ip + TCP_HEADERS;
	return 2 * ip + DNS_BYTES;
}

const MB = 1_000_000;
const DAY_MS = 86_400_000;
const STEADY_SHARE = 0.75;

interface Allowance {
	readonly bytesPerDay: number;
	/** The quickest pace, whatever the budget would pay. */
	readonly minSpacingMs: number;
	readonly dnsEveryMs: number;
}

type Table = Readonly<Record<DataCapMode, Allowance>>;

const row = (mbPerDay: number, minSpacingMs: number, dnsEveryMs: number): Allowance => ({
	bytesPerDay: mbPerDay * MB,
	minSpacingMs,
	dnsEveryMs,
});

/** Per uplink, both families together. */
const ALLOWANCES: Readonly<Record<"unmetered" | "metered", Readonly<Record<Role, Table>>>> = {
	unmetered: {
		active: { conservative: row(40, 500, 30_000), balanced: row(100, 250, 15_000), aggressive: row(150, 200, 5_000) },
		standby: {
			conservative: row(10, 4000, 120_000),
			balanced: row(25, 2000, 60_000),
			aggressive: row(60, 1000, 20_000),
		},
	},
	metered: {
		active: { conservative: row(2, 5000, 300_000), balanced: row(5, 2000, 120_000), aggressive: row(15, 1000, 60_000) },
		standby: {
			conservative: row(0.3, 20_000, 900_000),
			balanced: row(0.9, 8000, 600_000),
			aggressive: row(3, 3000, 300_000),
		},
	},
};

/** The pace when the day's budget is used up: 1440 pings a day, 0.1 MB. */
export const FLOOR_SPACING_MS = 60_000;

/** A standby carries nothing: it is no hurry, and a wake-up less each second. As soon as any link is in doubt, all are looked at. */
const STANDBY_NOTICE_MS = 2000;

export interface PaceInput {
	readonly mode: DataCapMode;
	readonly metered: boolean;
	readonly role: Role;
	/** Families watched on this uplink, each with its method. */
	readonly families: readonly { readonly family: Family; readonly method: ProbeMethod }[];
	/** The last 24 hours cost more than the budget. */
	readonly overBudget: boolean;
	/** The owner's own figures; null: from the table. */
	readonly intervalMs: number | null;
	readonly bytesPerDay: number | null;
}

export interface Pace {
	/** Between two steady probes of one family, whatever the target, ms. */
	readonly spacingMs: number;
	readonly dnsEveryMs: number;
	/** While all is well, an overdue reply is noticed on whole multiples of this, with what else happens then; 0: at once. */
	readonly noticeEveryMs: number;
	readonly budgetBytesPerDay: number;
	/** What the steady probes of all families will cost at this pace. */
	readonly steadyBytesPerDay: number;
}

export function pace(input: PaceInput): Pace {
	const allowance = ALLOWANCES[input.metered ? "metered" : "unmetered"][input.role][input.mode];
	const roundBytes = input.families.reduce((sum, one) => sum + probeBytes(one.method, one.family), 0);
	const budget = input.bytesPerDay ?? allowance.bytesPerDay;
	const affordable = (roundBytes * DAY_MS) / (budget * STEADY_SHARE);
	const wanted = Math.ceil(Math.max(input.intervalMs ?? allowance.minSpacingMs, affordable));
	const spacingMs = input.overBudget ? Math.max(FLOOR_SPACING_MS, wanted) : wanted;
	return {
		spacingMs,
		dnsEveryMs: input.overBudget ? Math.max(allowance.dnsEveryMs, 30 * FLOOR_SPACING_MS) : allowance.dnsEveryMs,
		noticeEveryMs: input.role === "active" ? 0 : STANDBY_NOTICE_MS,
		budgetBytesPerDay: budget,
		steadyBytesPerDay: Math.round((roundBytes * DAY_MS) / spacingMs),
	};
}

export interface Ledger {
	add(bytes: number, nowMs: number): void;
	/** Bytes of the last 24 hours, in steps of an hour. */
	usedBytes(nowMs: number): number;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;

export function createLedger(): Ledger {
	const hours = new Float64Array(HOURS);
	let current = Number.NEGATIVE_INFINITY;
	const turn = (nowMs: number): number => {
		const hour = Math.floor(nowMs / HOUR_MS);
		if (hour - current >= HOURS) hours.fill(0);
		else for (let passed = current + 1; passed <= hour; passed++) hours[passed % HOURS] = 0;
		current = Math.max(current, hour);
		return current % HOURS;
	};
	return {
		add(bytes, nowMs) {
			const slot = turn(nowMs);
			hours[slot] = (hours[slot] ?? 0) + bytes;
		},
		usedBytes(nowMs) {
			turn(nowMs);
			return hours.reduce((sum, bytes) => sum + bytes, 0);
		},
	};
}
