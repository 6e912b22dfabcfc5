/**
 * What RutOS itself knows of data use: the object quota_limit.<interface> (method status: data_used, remaining_bytes,
 * event_sent 1 = limit reached, reset_time in seconds) with its limit in /etc/config/quota_limit, and `mdcollect get`, which
 * counts since before we were installed. Names from a device's binaries and its owner's captures; units of the limit are
 * taken from used + remaining where there is a rest. Asked rarely; elsewhere the objects do not exist.
 */
import type { Bus } from "../../bus/bus.ts";
import { isAutonomyError } from "../../platform/error.ts";
import type { Files } from "../../platform/platform.ts";
import { loadPackage } from "../../uci/load.ts";
import { optionText } from "../../uci/package.ts";
import { at, wholeIn } from "../values.ts";
import type { Period } from "./calendar.ts";

const MOST_BYTES = 1e18;
const MB = 1_048_576;
const CALL = { timeoutMs: 3_000 };

export interface Quota {
	readonly usedBytes: number;
	readonly limitBytes: number;
	readonly reached: boolean;
	/** When it begins anew; null when it does not say. */
	readonly resetUnixMs: number | null;
}

/** `limitMb`: of /etc/config/quota_limit. Null: not in force, or it makes no sense. */
export function parseQuota(status: unknown, limitMb: number | null): Quota | null {
	const running = at(status, "running");
	if (running === false || running === 0) return null;
	const used = wholeIn(at(status, "data_used"), 0, MOST_BYTES);
	if (used === null) return null;
	const rest = wholeIn(at(status, "remaining_bytes"), 0, MOST_BYTES) ?? wholeIn(at(status, "data_left"), 0, MOST_BYTES);
	const told = at(status, "event_sent");
	const reached = told === 1 || told === true || told === "1";
	const set = limitMb === null ? null : limitMb * MB;
	const limit = rest !== null && rest > 0 ? used + rest : reached ? Math.min(used, set ?? used) : set;
	if (limit === null || limit <= 0) return null;
	const resetS = wholeIn(at(status, "reset_time"), 1_704_067_200, 4_102_444_800);
	return { usedBytes: used, limitBytes: limit, reached, resetUnixMs: resetS === null ? null : resetS * 1000 };
}

/** `mdcollect get`: {tx, rx} in bytes. */
export function parseCollected(reply: unknown): number | null {
	const [rx, tx] = [at(reply, "rx"), at(reply, "tx")].map((value) => wholeIn(value, 0, MOST_BYTES));
	return rx == null || tx == null ? null : rx + tx;
}

function limitOf(files: Files, uplink: string): number | null {
	try {
		const section = loadPackage(files, "quota_limit", { strict: false })?.sections.find((one) => one.name === uplink);
		if (section === undefined || optionText(section, "enabled") === "0") return null;
		return wholeIn(optionText(section, "data_limit"), 1, 1e9);
	} catch {
		return null; // unreadable: the object's own figures have to do
	}
}

/** Null where there is no such object; throws what else goes wrong. */
export async function askQuota(bus: Bus, files: Files, uplink: string): Promise<Quota | null> {
	try {
		const status = await bus.call(`quota_limit.${uplink}`, "status", {}, CALL);
		return parseQuota(status, limitOf(files, uplink));
	} catch (error) {
		if (isAutonomyError(error, "bus_not_found")) return null;
		throw error;
	}
}

export async function askCollected(bus: Bus, uplink: string, period: Period): Promise<number | null> {
	try {
		return parseCollected(await bus.call("mdcollect", "get", { period, iface: uplink }, CALL));
	} catch (error) {
		if (isAutonomyError(error, "bus_not_found")) return null;
		throw error;
	}
}
