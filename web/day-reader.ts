/** Reads the last 24 hours for whoever draws them: again when a decision was made or five minutes went by. */
import type { Api } from "./api.ts";
import { type History, type Lane, lanes, MOST_DECISIONS } from "./model/day.ts";

export const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;

export interface DayReader {
	/** Reads again if something is new. */
	update(names: readonly string[], decisionId: string): void;
}

/** `points`: spans the day is cut into. `nowMs`: a clock that does not jump. `draw` gets the end of the 24 hours. */
export function createDayReader(
	api: Api,
	points: number,
	nowMs: () => number,
	draw: (all: readonly Lane[], toMs: number) => void,
): DayReader {
	let shownFor = "";
	let atMs = Number.NEGATIVE_INFINITY;
	let running = false;

	async function read(names: readonly string[]): Promise<void> {
		const histories = new Map<string, History>();
		const [{ decisions }] = await Promise.all([
			api.call("decisions", { limit: MOST_DECISIONS }),
			...names.map(async (name) => {
				// Of an uplink that is new nothing is known: its lane stays empty.
				const history = await api.call("history", { name, since_s: DAY_MS / 1000, points }).catch(() => null);
				if (history) histories.set(name, history);
			}),
		]);
		const ends = [...histories.values()].map((one) => one.from_unix_ms + DAY_MS);
		const toMs = ends.length > 0 ? Math.max(...ends) : Date.now();
		draw(lanes(names, decisions, histories, toMs - DAY_MS, toMs), toMs);
	}

	return {
		update(names, decisionId) {
			const key = `${names.join("\n")}\n\n${decisionId}`;
			if (running || names.length === 0 || (key === shownFor && nowMs() - atMs < AGAIN_MS)) return;
			running = true;
			read(names)
				.then(() => {
					shownFor = key;
					atMs = nowMs();
				})
				// Asked again with the next refresh; the page tells what is wrong.
				.catch(() => undefined)
				.finally(() => {
					running = false;
				});
		},
	};
}
