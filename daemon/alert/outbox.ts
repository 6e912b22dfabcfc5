/**
 * What waits for one channel. In order: a message leaves when the one before it has been taken, or refused for good. When
 * the channel does not work it is tried again after 5 s, then later and later, at most every 10 minutes, or as long as the
 * service asks; at once when an uplink comes back. Bounded: of more than MAX_MESSAGES the two oldest become one, which
 * holds the notices of both; beyond MAX_NOTICES of them the oldest are counted only. One that was tried stays as it is:
 * it may have arrived. A test is tried at once, beside the queue and its pauses, and once. Owns its timer and its one
 * attempt, which has a time limit; `close()` ends both.
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
	/** Tried as soon as no attempt is under way, and not kept when it fails. */
	test(message: Message): void;
	/** The channel as its section describes it now; what waits is tried with it at once. */
	use(channel: Channel): void;
	status(): OutboxStatus;
	/** What waits, for the daemon's next start. */
	waiting(): readonly Message[];
}

export interface OutboxOptions {
	readonly platform: Pick<Platform, "clock" | "timers" | "random">;
	readonly channel: Channel;
	send(channel: Channel, message: Message): Promise<Sent>;
	/** False while no uplink works; then it is tried rarely, since the engine may be wrong. */
	online(): boolean;
	onFailure(text: string, first: boolean): void;
	/** `how`: by which way, where a channel has several. */
	onSent(message: Message, late: boolean, how: string): void;
}

const MAX_MESSAGES = 50;
/** Tests that wait for an attempt to end. */
const MAX_TESTS = 5;
const MAX_NOTICES = 200;
const FIRST_MS = 5_000;
const LAST_MS = 600_000;
const OFFLINE_MS = 60_000;
/** Longer than all time limits of one attempt together. */
const ATTEMPT_MS = 120_000;

export function createOutbox(options: OutboxOptions): Outbox {
	const { clock, timers, random } = options.platform;
	let { channel } = options;
	const queue: Message[] = [];
	const tests: Message[] = [];
	/** The head of the queue as it was tried last. */
	let tried: Message | null = null;
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
		return Math.max(doubled + spread, options.online() || channel.offline ? 0 : OFFLINE_MS);
	}

	function next(): Message | undefined {
		return tests[0] ?? (timer === null ? queue[0] : undefined);
	}

	function start(): void {
		const message = next();
		if (closed || running || message === undefined) return;
		running = true;
		const mine = ++attempt;
		const used = channel;
		if (message === queue[0]) tried = message;
		const finish = (result: Sent): void => {
			if (closed || mine !== attempt || !running) return;
			running = false;
			guard?.close();
			guard = null;
			if (message === tests[0]) settleTest(message, result);
			else settle(message, result, used === channel);
			start();
		};
		guard = timers.after(ATTEMPT_MS, () =>
			finish({ ok: false, why: "again", waitMs: null, text: `no end within ${ATTEMPT_MS / 1000} s` }),
		);
		options
			.send(channel, message)
			.then(finish, (error) => finish({ ok: false, why: "again", waitMs: null, text: errorText(error) }));
	}

	function works(message: Message, text: string): void {
		const now = clock.monotonicMs();
		failures = 0;
		sent++;
		state = "ok";
		how = text;
		lastOkMs = now;
		options.onSent(message, now - message.atMs >= LATE_MS, how);
	}

	function fails(text: string): void {
		lastError = text;
		lastErrorMs = clock.monotonicMs();
	}

	function settleTest(message: Message, result: Sent): void {
		tests.shift();
		if (result.ok) {
			works(message, result.text ?? "");
			// What waited for the end of a pause need not wait any longer.
			resume();
			return;
		}
		fails(result.text);
		// A service that had enough of tests is no broken channel.
		if (result.why !== "rejected") state = result.why === "settings" ? "settings" : "failing";
	}

	/** `current`: the channel is still the one that was used. */
	function settle(message: Message, result: Sent, current: boolean): void {
		if (result.ok) {
			remove(message);
			if (!result.skipped) works(message, result.text ?? "");
			return;
		}
		// What an older configuration could not do says nothing about this one.
		if (!current) return;
		failures++;
		fails(result.text);
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

	function remove(message: Message): void {
		const index = queue.indexOf(message);
		if (index >= 0) queue.splice(index, 1);
	}

	function resume(): void {
		timer?.close();
		timer = null;
		nextTryMs = null;
		start();
	}

	function merge(): void {
		// The first may be on its way, or there.
		const at = tried !== null && tried === queue[0] ? 1 : 0;
		// Of reports the latest is enough; a report cannot be a part of another message.
		const reports = queue.filter((one, index) => index >= at && one.kind === "report");
		const [old] = reports.length > 1 ? reports : [];
		if (old !== undefined) {
			remove(old);
			return;
		}
		const [one, two] = queue.filter((message, index) => index >= at && message.kind !== "report");
		if (one === undefined || two === undefined) return;
		const all = [...one.notices, ...two.notices];
		const notices = all.slice(-MAX_NOTICES);
		const leftOut = (one.leftOut ?? 0) + (two.leftOut ?? 0) + all.length - notices.length;
		queue[queue.indexOf(two)] = {
			id: two.id,
			kind: "digest",
			atMs: one.atMs,
			level: highest([one.level, two.level]),
			notices,
			lead: null,
			...(leftOut === 0 ? {} : { leftOut }),
		};
		remove(one);
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
			failures = Math.min(failures, 1);
			resume();
		},
		test(message) {
			if (closed) return;
			tests.push(message);
			if (tests.length > MAX_TESTS) tests.splice(1, 1);
			start();
		},
		use(next) {
			channel = next;
			asked = false;
			failures = 0;
			// Until it is tried nobody knows.
			if (state !== "ok") state = queue.length > 0 ? "waiting" : "ok";
			resume();
		},
		status() {
			const next = nextTryMs === null ? "" : `; next try in ${Math.ceil((nextTryMs - clock.monotonicMs()) / 1000)} s`;
			const { missing } = channel;
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
				queued: queue.length + tests.length,
				sent,
				failed,
				lastOkMs,
				lastError,
				lastErrorMs,
				nextTryMs,
			};
		},
		waiting: () => [...queue],
		close() {
			closed = true;
			timer?.close();
			guard?.close();
			timer = null;
			guard = null;
		},
	};
}
