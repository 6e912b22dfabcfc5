/**
 * Who carries the traffic is probed at the active rate. Probes follow when the traffic has moved: for that their programs
 * are started anew, which takes tens of milliseconds in which nothing else is done, so it must stand neither before a
 * switch nor between its steps. Owns one timer.
 */
import type { EngineState } from "../decide/state.ts";
import type { Action } from "../decide/types.ts";
import type { Closable, Timers } from "../platform/platform.ts";
import type { Discovered } from "../uplink/types.ts";
import { activeUplinks } from "./facts.ts";

/** A switch that takes longer is overtaken by its probes. */
const LATEST_MS = 1000;

export interface Follower extends Closable {
	/** Now, unless a switch is under way. */
	look(): void;
	/** After each step of the engine. */
	output(actions: readonly Action[]): void;
	/** The switch is done, or failed. */
	applied(): void;
}

export function createFollower(options: {
	readonly timers: Timers;
	state(): EngineState;
	discovered(): Discovered;
	setActive(uplinks: readonly string[]): void;
}): Follower {
	let timer: Closable | null = null;
	let known = "";
	/** Switches that have not answered. */
	let pending = 0;

	function follow(): void {
		timer?.close();
		timer = null;
		const { plan } = options.state();
		if (plan === null) return;
		const active = activeUplinks(options.discovered(), plan);
		const key = active.join(" ");
		if (key === known) return;
		known = key;
		options.setActive(active);
	}

	function look(): void {
		if (timer === null) follow();
	}

	return {
		look,
		output(actions) {
			const begun = actions.filter((one) => one.kind === "steer").length;
			pending += begun;
			if (begun > 0) timer ??= options.timers.after(LATEST_MS, follow);
			else look();
		},
		applied() {
			pending--;
			if (pending === 0) follow();
		},
		close() {
			timer?.close();
			timer = null;
		},
	};
}
