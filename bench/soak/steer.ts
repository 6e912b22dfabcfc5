/**
 * A stand-in for steering: a kernel that follows plans after a while, or fails to, or says nothing for too long. Like the
 * real one it does one thing at a time and carries out only the latest of several that wait.
 */
import type { Applied, Plan, SteerAction } from "../../daemon/decide/types.ts";
import type { Timers } from "../../daemon/platform/platform.ts";

export type Mood = "well" | "fails" | "slow";

export interface SteerStandIn {
	apply(action: SteerAction): void;
	mood: Mood;
	/** What the kernel follows; null: nothing was ever applied. */
	plan(): Plan | null;
	/** Orders waiting or being worked on. */
	queue(): number;
	/** Gives the router back, as observe mode does. */
	letGo(): void;
}

export function createSteer(
	timers: Timers,
	random: () => number,
	report: (result: Omit<Applied, "kind" | "atMs">) => void,
): SteerStandIn {
	let plan: Plan | null = null;
	let waiting: SteerAction | null = null;
	let running = false;

	function next(): void {
		const action = waiting;
		waiting = null;
		if (action === null) return;
		running = true;
		const slow = self.mood === "slow" && random() < 0.5;
		const durationMs = slow ? 5_000 + random() * 10_000 : 8 + random() * 120;
		timers.after(durationMs, () => {
			running = false;
			const ok = self.mood === "fails" ? random() < 0.2 : random() < 0.98;
			// A failed order may have been carried out all the same, as far as the kernel goes.
			if (ok || random() < 0.3) plan = action.plan;
			report({ actionId: action.id, ok, method: "routes", durationMs, text: ok ? "" : "refused by the kernel" });
			next();
		});
	}

	const self: SteerStandIn = {
		mood: "well",
		apply(action) {
			if (waiting !== null) {
				const { id } = waiting;
				const text = `overtaken by ${action.id} before it was begun`;
				timers.after(0, () => report({ actionId: id, ok: false, method: "nothing_to_do", durationMs: 0, text }));
			}
			waiting = action;
			if (!running) next();
		},
		plan: () => plan,
		queue: () => (waiting === null ? 0 : 1) + (running ? 1 : 0),
		letGo() {
			plan = null;
		},
	};
	return self;
}
