/**
 * What waits for one channel. In order: a message leaves when the one before it has been taken, or refused for good. When
 * the channel does not work it is tried again after 5 s, then later and later, at most every 10 minutes, or as long as the
 * service asks; at once when an uplink comes back. Bounded: of more than MAX_MESSAGES the two oldest become one, which
 * holds the notices of both; beyond MAX_NOTICES of them the oldest are counted only. Owns its timer and its one attempt,
 * which has a time limit; `close()` ends both.
 */
import { errorText } from "../platform/error.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { Channel, Sent } from "./channels/channel.ts";
import { highest, type Message } from "./types.ts";
import { LATE_MS } from "./words.ts";

export type OutboxState = "ok" | "waiting" | "failing" | "settings";

export interface OutboxStatus {
	readonly state: OutboxState;
	/** In words; never holds a secret. */
	readonly text: string;
	readonly queued: number;
	readonly sent: number;
	readonly failed: number;
	readonly lastOkMs: number | null;
	readonly lastError: string | null;
	readonly lastErrorMs: number | null;
	readonly nextTryMs: number | null;
}

export interface Outbox extends Closable {
	push(message: Message): void;
	/** The way out has changed: try again now, unless the service itself asked to wait. */
	kick(): void;
	status(): OutboxStatus;
	/** Hands what waits to the outbox of a changed configuration. */
	drain(): readonly Message[];
}

export interface OutboxOptions {
	readonly platform: Pick<Platform, "clock" | "timers" | "random">;
	readonly channel: Channel;
	send(message: Message): Promise<Sent>;
	/** False while no uplink works; then it is tried rarely, since the engine may be wrong. */
	online(): boolean;
	onFailure(text: string, first: boolean): void;
	/** `how`: by which way, where a channel has several. */
	onSent(message: Message, late: boolean, how: string): void;
}

const MAX_MESSAGES = 50;
const MAX_NOTICES = 200;
const FIRST_MS = 5_000;
const LAST_MS = 600_000;
const OFFLINE_MS = 60_000;
/** Longer than all time limits of one attempt together. */
const ATTEMPT_MS = 120_000;

export function createOutbox(options: OutboxOptions): Outbox {
	const { clock, timers, random } = options.platform;
	const queue: Message[] = [];
	let timer: Closable | null = null;
	let guard: Closable | null = null;
	let attempt = 0;
	let running = false;
	let closed = false;
	let failures = 0;
	let sent = 0;
	let failed = 0;
	let state: OutboxState = "ok";
	let lastOkMs: number | null = null;
	let lastError: string | null = null;
	let lastErrorMs: number | null = null;
	let nextTryMs: number | null = null;
	let asked = false;
	let how = "";

	function arm(ms: number): void {
		timer?.close();
		nextTryMs = clock.monotonicMs() + ms;
		timer = timers.after(ms, () => {
			timer = null;
			nextTryMs = null;
			start();
		});
	}

	function pauseMs(): number {
		const doubled = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
		const spread = doubled * 0.2 * (random.uint32() / 2 ** 32);
		return Math.max(doubled + spread, options.online() || options.channel.offline ? 0 : OFFLINE_MS);
	}

	function start(): void {
		const [message] = queue;
		if (closed || running || message === undefined || timer !== null) return;
		running = true;
		const mine = ++attempt;
		const finish = (result: Sent): void => {
			if (closed || mine !== attempt || !running) return;
			running = false;
			guard?.close();
			guard = null;
			settle(message, result);
			start();
		};
		guard = timers.after(ATTEMPT_MS, () =>
			finish({ ok: false, why: "again", waitMs: null, text: `no end within ${ATTEMPT_MS / 1000} s` }),
		);
		options
			.send(message)
			.then(finish, (error) => finish({ ok: false, why: "again", waitMs: null, text: errorText(error) }));
	}

	function settle(message: Message, result: Sent): void {
		const now = clock.monotonicMs();
		if (result.ok) {
			remove(message);
			if (result.skipped) return;
			failures = 0;
			sent++;
			state = "ok";
			how = result.text ?? "";
			lastOkMs = now;
			options.onSent(message, now - message.atMs >= LATE_MS, how);
			return;
		}
		failures++;
		lastError = result.text;
		lastErrorMs = now;
		options.onFailure(result.text, failures === 1);
		if (result.why === "rejected") {
			// It would hold up all others for ever.
			remove(message);
			failed++;
			state = "failing";
			return;
		}
		state = result.why === "settings" ? "settings" : failures < 3 ? "waiting" : "failing";
		asked = result.waitMs !== null;
		arm(result.why === "settings" ? LAST_MS : Math.max(result.waitMs ?? pauseMs(), 1_000));
	}

	/** It may have been merged into another meanwhile: then the head of the queue is what is left of it. */
	function remove(message: Message): void {
		const index = queue.indexOf(message);
		if (index >= 0) queue.splice(index, 1);
	}

	function merge(): void {
		// The first may be on its way.
		const at = running ? 1 : 0;
		const [one, two] = queue.slice(at, at + 2);
		if (one === undefined || two === undefined) return;
		const all = [...one.notices, ...two.notices];
		const notices = all.slice(-MAX_NOTICES);
		const before = [one.lead, two.lead].filter((lead) => lead !== null).map(leftOutOf);
		const leftOut = before.reduce((sum, count) => sum + count, 0) + all.length - notices.length;
		queue.splice(at, 2, {
			id: two.id,
			kind: "digest",
			atMs: one.atMs,
			level: highest([one.level, two.level]),
			notices,
			lead: leftOut === 0 ? null : `${leftOut} older ones are not listed`,
		});
	}

	return {
		push(message) {
			if (closed) return;
			queue.push(message);
			if (queue.length > MAX_MESSAGES) merge();
			start();
		},
		kick() {
			if (timer === null || asked) return;
			timer.close();
			timer = null;
			nextTryMs = null;
			failures = Math.min(failures, 1);
			start();
		},
		status() {
			const next = nextTryMs === null ? "" : `; next try in ${Math.ceil((nextTryMs - clock.monotonicMs()) / 1000)} s`;
			const { missing } = options.channel;
			const text =
				missing !== null
					? `${missing} is missing`
					: state === "ok"
						? sent === 0
							? "nothing has been sent yet"
							: `${sent} sent${how === "" ? "" : `; the last ${how}`}`
						: `${lastError ?? "does not work"}${next}`;
			return {
				state: missing === null ? state : "settings",
				text,
				queued: queue.length,
				sent,
				failed,
				lastOkMs,
				lastError,
				lastErrorMs,
				nextTryMs,
			};
		},
		drain: () => queue.splice(0),
		close() {
			closed = true;
			timer?.close();
			guard?.close();
			timer = null;
			guard = null;
		},
	};
}

/** "9 older ones are not listed" -> 9. */
function leftOutOf(lead: string): number {
	return Number(/^\d+/.exec(lead)?.[0] ?? 0);
}
