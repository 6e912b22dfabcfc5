/** Which open alerts are told again because nobody has acknowledged them: after escalate_after_s, so many times. Pure. */
import type { Config } from "../config/types.ts";
import type { Alert, Notice } from "./types.ts";

export interface Escalations {
	/** `open`: alerts that are urgent enough and nobody has acknowledged; heardMs: when people were told; null: not yet. */
	due(
		open: readonly { readonly alert: Alert; readonly heardMs: number | null }[],
		atMs: number,
		hush: boolean,
	): readonly Notice[];
	/** For the daemon's next start. */
	memory(): readonly Calls[];
	recall(calls: readonly Calls[]): void;
}

/** How often somebody was called for an alert, and when last. */
export interface Calls {
	readonly id: string;
	readonly count: number;
	readonly atMs: number;
}

export function createEscalations(settings: () => Config["notify"]): Escalations {
	const told = new Map<string, { count: number; atMs: number }>();
	return {
		memory: () => [...told].map(([id, state]) => ({ id, ...state })),
		recall(calls) {
			for (const { id, count, atMs } of calls) told.set(id, { count, atMs });
		},
		due(open, atMs, hush) {
			const { escalateAfterS, escalations: most } = settings();
			for (const id of told.keys()) if (!open.some(({ alert }) => alert.id === id)) told.delete(id);
			if (escalateAfterS === 0) return [];
			const due: Notice[] = [];
			for (const { alert, heardMs } of open) {
				// What was not told yet cannot have been overlooked.
				if (heardMs === null || (hush && alert.level !== "emergency")) continue;
				const state = told.get(alert.id) ?? { count: 0, atMs: heardMs };
				told.set(alert.id, state);
				if (state.count >= most || atMs - state.atMs < escalateAfterS * 1000) continue;
				state.count++;
				state.atMs = atMs;
				due.push({ change: "unacknowledged", alert, atMs: alert.raisedAtMs, silent: false });
			}
			return due;
		},
	};
}
