/**
 * Ping stays silent: is it the link, or only ping that is filtered? TCP and DNS are asked at the same targets: in doubt, before
 * the verdict, so that a filter costs no switch; once more soon after a link was called dead, then from time to time. Owns one
 * timer. Whether an answer is believed is the detector's matter (a witness), or the watch's, which changes its method.
 */
import type { Closable } from "../platform/platform.ts";
import type { Alternate, SocketMethod } from "./alternate.ts";
import { probeBytes } from "./budget.ts";
import type { Detector, DetectorInput } from "./detector-types.ts";
import type { WatchOptions } from "./watch-types.ts";

const LOOK_FIRST_MS = 300;
const LOOK_EVERY_MS = { unmetered: 15_000, metered: 120_000 };
/** A look in doubt that was not needed holds the next one back: 10 s, doubling to 10 minutes while doubts go on. */
const DOUBT_PAUSE_MS = 10_000;
const DOUBT_PAUSE_MAX_MS = 600_000;
/** So long programs that ask may take to start before the verdict is made without them. */
const ASKING_MAX_MS = 1500;

export interface PingDoubtOptions {
	readonly watch: WatchOptions;
	readonly detector: Detector;
	readonly alternate: Alternate;
	/** The link is up and ping is the method in force. */
	isByPing(): boolean;
	hasPinger(): boolean;
	step(input: DetectorInput): void;
	switchTo(method: SocketMethod): void;
}

export interface PingDoubt extends Closable {
	/** The detector has changed its mind, or the link its state. */
	onVerdict(): void;
	/** There is nothing that could ping: the others are asked at once, unless they are going to be. */
	soon(): void;
}

export function createPingDoubt(options: PingDoubtOptions): PingDoubt {
	const { watch, detector, alternate, isByPing, hasPinger, step, switchTo } = options;
	const { platform, family } = watch;
	const { clock, timers } = platform;
	let look: Closable | null = null;
	let pauseMs = 0;
	let nextMs = Number.NEGATIVE_INFINITY;

	function close(): void {
		look?.close();
		look = null;
	}

	/** When the bursts of both families are on their way: programs of ours would delay them. */
	function inDoubt(): void {
		look = null;
		const nowMs = clock.monotonicMs();
		if (nowMs < nextMs || !hasPinger() || !watch.pathProven()) return;
		pauseMs = nowMs < nextMs + pauseMs ? Math.min(DOUBT_PAUSE_MAX_MS, pauseMs * 2) : DOUBT_PAUSE_MS;
		nextMs = nowMs + pauseMs;
		const asking = (on: boolean): void => step({ kind: "asking", atMs: clock.monotonicMs(), on });
		const asked = (waitMs: number): void => {
			if (detector.verdict() !== "suspect") return;
			close();
			look = timers.after(waitMs, () => asking(false));
		};
		const witness = (found: SocketMethod): void => step({ kind: "witness", atMs: clock.monotonicMs(), method: found });
		const started = ask(witness, () => platform.streams.beginsLater && asked(detector.rtoMs()));
		if (!started || platform.streams.beginsLater !== true) return;
		asked(ASKING_MAX_MS);
		asking(true);
	}

	function ask(onFound: (found: SocketMethod) => void, onAsked?: () => void): boolean {
		watch.spend(watch.targets.length * (probeBytes("tcp", family) + probeBytes("dns", family)), 0);
		return alternate.look((found) => {
			if (found === null || !isByPing()) return;
			if (!hasPinger()) switchTo(found);
			else if (detector.verdict() === "dead") confirm(found);
			else onFound(found);
		}, onAsked);
	}

	/** The link may have come back for pings too: they get one more burst before they are given up. */
	function confirm(found: SocketMethod): void {
		close();
		look = timers.after(Math.max(LOOK_FIRST_MS, 2 * detector.rtoMs()), () => {
			look = null;
			if (isByPing() && detector.verdict() === "dead") switchTo(found);
		});
		step({ kind: "recheck", atMs: clock.monotonicMs() });
	}

	/** If two targets answer otherwise, it is ping that is filtered. */
	function whileDead(): void {
		look = null;
		if (!isByPing() || (detector.verdict() !== "dead" && hasPinger())) return;
		look = timers.after(watch.metered ? LOOK_EVERY_MS.metered : LOOK_EVERY_MS.unmetered, whileDead);
		if (watch.pathProven()) ask(() => undefined);
	}

	return {
		onVerdict() {
			close();
			if (!isByPing()) return;
			if (detector.verdict() === "dead") look = timers.after(LOOK_FIRST_MS, whileDead);
			else if (detector.verdict() === "suspect") look = timers.after(0, inDoubt);
		},
		soon() {
			look ??= timers.after(0, whileDead);
		},
		close,
	};
}
