/**
 * RutOS' own event log, which its Events Reporting reads and mails from: where the ubus object `log` has the method
 * write_ext, each switch of the primary uplink and each alert that is at least critical gets an entry. OpenWrt's logd has
 * no such method, and nothing is written there. RutOS keeps its log in flash: a few entries an hour, no more; how many were
 * left out the next one tells.
 */
import type { Notification } from "../../contract/api.ts";
import type { Bus } from "../bus/bus.ts";
import type { Decision } from "../decide/types.ts";
import { errorText, isAutonomyError } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Clock } from "../platform/platform.ts";

const OBJECT = "log";
const METHOD = "write_ext";
const LIMIT_MS = 3000;
/** An alert of the run before is told before the bus is there, and ubusd may be restarting. */
const BUS_LIMIT_MS = 60_000;
const MOST_AN_HOUR = 20;
const HOUR_MS = 3_600_000;
const MAX_TEXT = 250;
/** RutOS' tables: 1 system, 2 network, 3 connections (its shell scripts call it with these). */
const TABLE = 2;
const SENDER = "Autonomy";
/** Kinds of alerts that are about a switch, which has an entry of its own. */
const TOLD: readonly Notification<"alert">["kind"][] = ["failover", "failback", "predictive"];

export interface EventLog {
	decisions(decisions: readonly Decision[]): void;
	alert(alert: Pick<Notification<"alert">, "kind" | "change" | "level" | "title" | "text">): void;
}

export function createEventLog(options: {
	readonly bus: Pick<Bus, "whenConnected" | "lookup" | "call">;
	readonly log: Logger;
	readonly clock: Pick<Clock, "monotonicMs">;
}): EventLog {
	const { bus, log, clock } = options;
	const writtenAtMs: number[] = [];
	let left = 0;
	/** Whether there is such a log: before that is known nothing is said of one. */
	let here = false;
	let broken = false;

	async function write(text: string): Promise<void> {
		await bus.whenConnected(BUS_LIMIT_MS);
		const { methods } = await bus.lookup(OBJECT, { timeoutMs: LIMIT_MS });
		here = Object.hasOwn(methods, METHOD);
		if (!here) return;
		const nowMs = clock.monotonicMs();
		while (writtenAtMs.length > 0 && (writtenAtMs[0] ?? 0) <= nowMs - HOUR_MS) writtenAtMs.shift();
		if (writtenAtMs.length >= MOST_AN_HOUR) {
			left++;
			return;
		}
		writtenAtMs.push(nowMs);
		const event = left > 0 ? `${plain(text)} (${left} earlier entries left out)` : plain(text);
		left = 0;
		await bus.call(OBJECT, METHOD, { event, sender: SENDER, table: TABLE, write_db: 1 }, { timeoutMs: LIMIT_MS });
	}

	function tell(text: string): void {
		write(text).then(
			() => {
				broken = false;
			},
			(error: unknown) => {
				// No log at all: a system that keeps none.
				if (isAutonomyError(error, "bus_not_found")) return;
				if (!here) return;
				if (!broken) log.warn("event_log", { reason: `RutOS' event log takes no entry: ${errorText(error)}` });
				broken = true;
			},
		);
	}

	return {
		decisions(decisions) {
			for (const { kind, from, to, observed, text } of decisions) {
				if (!observed && from !== to && kind !== "none" && kind !== "avoid") tell(text);
			}
		},
		alert({ kind, change, level, title, text }) {
			if (TOLD.includes(kind)) return;
			if (level !== "critical" && level !== "emergency") return;
			if (change === "raised" || change === "escalated") tell(`${title}: ${text}`);
			else if (change === "cleared") tell(`${title}: over`);
		},
	};
}

/** Names and reasons come from outside: one line, not too long. */
function plain(text: string): string {
	const line = text.replace(/[\p{Cc}\p{Cs}]+/gu, " ");
	return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT - 3)}...` : line;
}
