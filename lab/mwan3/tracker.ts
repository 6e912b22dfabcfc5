/**
 * mwan3's tracker for the lab: real pings out of one interface, counted the way mwan3track counts (score from 0 to
 * down+up; below `up` it is offline). Marked as mwan3 marks them, so that its own chains leave them alone. Off unless a
 * lab asks for trackers: then interfaces stay as their events left them.
 */
import { run } from "../router/run.ts";
import type { Mwan3Interface } from "./layout.ts";

export interface TrackState {
	score: number;
	lost: number;
	turn: number;
	status: "online" | "offline" | "connecting" | "disconnecting" | "disabled";
	readonly targets: Map<string, "up" | "down" | "skipped">;
	/** Since when online / offline, ms of performance.now(). */
	changedMs: number;
	lastRoundMs: number;
	readonly startedMs: number;
}

export interface Tracker {
	readonly state: TrackState;
	stop(): void;
}

export function startTracker(
	link: Mwan3Interface,
	device: string,
	mask: number,
	verdict: (action: "connected" | "disconnected") => void,
): Tracker {
	const best = link.down + link.up;
	const state: TrackState = {
		score: best,
		lost: 0,
		turn: 0,
		status: "online",
		targets: new Map(link.trackIps.map((ip) => [ip, "skipped"])),
		changedMs: performance.now(),
		lastRoundMs: performance.now(),
		startedMs: performance.now(),
	};
	let stopped = false;
	let timer: NodeJS.Timeout | null = null;

	async function answers(ip: string): Promise<boolean> {
		const argv = ["ping", "-n", "-c", "1", "-W", String(link.timeoutS), "-I", device, "-m", String(mask), ip];
		return (await run(argv, "", { timeoutMs: link.timeoutS * 1000 + 1000 })).code === 0;
	}

	function enter(status: TrackState["status"]): void {
		if (state.status === status) return;
		const was = state.status;
		state.status = status;
		state.changedMs = performance.now();
		if (status === "online" && was !== "disconnecting") verdict("connected");
		if (status === "offline") verdict("disconnected");
	}

	async function round(): Promise<void> {
		let up = 0;
		for (const ip of link.trackIps) {
			if (up >= link.reliability) state.targets.set(ip, "skipped");
			else if (await answers(ip)) {
				up++;
				state.targets.set(ip, "up");
			} else state.targets.set(ip, "down");
			if (stopped) return;
		}
		state.turn++;
		state.lastRoundMs = performance.now();
		if (up >= link.reliability) {
			state.lost = 0;
			if (state.score < best) state.score++;
			if (state.score > link.up) state.score = best;
			if (state.score >= link.up) enter("online");
			else enter("connecting");
		} else {
			state.lost++;
			state.score = Math.max(0, state.score - 1);
			if (state.score <= link.up) {
				state.score = 0;
				enter("offline");
			} else enter("disconnecting");
		}
	}

	function loop(): void {
		round()
			.catch(() => {})
			.then(() => {
				if (!stopped) timer = setTimeout(loop, link.intervalS * 1000);
			})
			.catch(() => {});
	}
	if (link.trackIps.length > 0) loop();
	return {
		state,
		stop() {
			stopped = true;
			if (timer) clearTimeout(timer);
		},
	};
}
