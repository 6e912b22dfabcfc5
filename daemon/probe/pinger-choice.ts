/**
 * Which program pings for a watch: fping; ping, slower and dearer, while fping is missing or has failed three times in a row;
 * none while there is neither. fping is looked for and tried again after 10 minutes, then 20, 40 ... 160; on trial, one failure
 * before its first reply is enough. Each change stands in the log, what is out of the ordinary in `problem()`. Owns the
 * program and one timer until close().
 */
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { createFping } from "./fping.ts";
import type { FpingPair } from "./fping-pair.ts";
import { createPing } from "./ping.ts";
import type { Pinger, PingerEvents, PingPath } from "./pinger.ts";

const GIVE_UP_FAILURES = 3;
const FIRST_PAUSE_MS = 600_000;
const MAX_PAUSE_MS = 9_600_000;
const INSTEAD = "ping or TCP stands in, slower and dearer";

export interface PingerChoice extends Closable {
	current(): Pinger | null;
	problem(): string | null;
}

export interface PingerChoiceOptions {
	readonly platform: Platform;
	readonly log: Logger;
	readonly uplink: string;
	readonly path: PingPath;
	/** Of the uplink. */
	readonly pair: FpingPair;
	readonly events: Omit<PingerEvents, "onProblem">;
	/** Another program pings from now on, or none: it has no orders yet. */
	readonly onChange: () => void;
}

export function createPingerChoice(options: PingerChoiceOptions): PingerChoice {
	const { platform, path, uplink } = options;
	/** Of the program in use. */
	let failing: string | null = null;
	/** Why it is not fping. */
	let instead: string | null = null;
	let onTrial = false;
	let pauseMs = FIRST_PAUSE_MS;
	let retry: Closable | null = null;

	const events: PingerEvents = {
		...options.events,
		onReply(series, target, seq, rttMs, heardMs) {
			if (onTrial && series === "steady") proven();
			options.events.onReply(series, target, seq, rttMs, heardMs);
		},
		onProblem(text, failures) {
			if (text !== null && failing === null && !onTrial) tell("warn", text);
			failing = text;
			if (text === null || pinger?.program !== "fping") return;
			if (failures >= GIVE_UP_FAILURES || onTrial) giveUp(text);
		},
	};

	function tell(level: "info" | "warn", reason: string): void {
		options.log[level]("probe program", { uplink, family: path.family, reason });
	}

	function openPing(): Pinger | null {
		const program = platform.processes.find("ping");
		return program === null ? null : createPing(platform, program, path, events);
	}

	function open(): Pinger | null {
		const program = platform.processes.find("fping");
		if (program !== null) return createFping(platform, program, path, options.pair, events);
		instead = `fping is not installed: ${INSTEAD}; install the package fping`;
		retry = platform.timers.after(FIRST_PAUSE_MS, tryAgain);
		return openPing();
	}

	function replace(next: Pinger | null): void {
		const old = pinger;
		pinger = next;
		failing = null;
		old?.close();
		options.onChange();
	}

	function giveUp(text: string): void {
		onTrial = false;
		const [why] = text.split("; started again", 1);
		instead = `${why}: ${INSTEAD}; fping is tried again in ${pauseMs / 60_000} min`;
		tell("warn", instead);
		retry = platform.timers.after(pauseMs, tryAgain);
		pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
		replace(openPing());
	}

	function tryAgain(): void {
		retry = null;
		const program = platform.processes.find("fping");
		if (program === null) {
			retry = platform.timers.after(FIRST_PAUSE_MS, tryAgain);
			return;
		}
		tell("info", "fping is tried again");
		onTrial = true;
		instead = null;
		replace(createFping(platform, program, path, options.pair, events));
	}

	function proven(): void {
		onTrial = false;
		pauseMs = FIRST_PAUSE_MS;
		tell("info", "fping works again and watches as before");
	}

	let pinger: Pinger | null = open();
	return {
		current: () => pinger,
		problem: () => failing ?? instead,
		close() {
			retry?.close();
			pinger?.close();
		},
	};
}
