/** The strip of the last 24 hours: one lane per uplink, read again when a decision was made or five minutes went by. */
import type { Api } from "../../web/api.ts";
import { el, replace } from "../../web/dom.ts";
import { percent } from "../../web/format.ts";
import { type History, type Lane, lanes, MOST_DECISIONS } from "../../web/model/day.ts";
import { say } from "../../web/say.ts";
import { nowMs } from "./autonomy/page.ts";
import { drawLanes, type LaneRow, legend } from "./lanes.ts";

const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;
/** Spans of 7.5 minutes. */
const POINTS = 192;

export interface Day {
	readonly root: HTMLElement;
	/** Reads again if something is new. */
	update(names: readonly string[], decisionId: string): void;
}

export function createDay(api: Api): Day {
	const root = el("div", {}, el("p", {}, el("em", {}, _("No data yet."))));
	let shownFor = "";
	let atMs = Number.NEGATIVE_INFINITY;
	let running = false;

	async function read(names: readonly string[]): Promise<void> {
		const histories = new Map<string, History>();
		const [{ decisions }] = await Promise.all([
			api.call("decisions", { limit: MOST_DECISIONS }),
			...names.map(async (name) => {
				// Of an uplink that is new nothing is known: its lane stays empty.
				const history = await api.call("history", { name, since_s: DAY_MS / 1000, points: POINTS }).catch(() => null);
				if (history) histories.set(name, history);
			}),
		]);
		const ends = [...histories.values()].map((one) => one.from_unix_ms + DAY_MS);
		const toMs = ends.length > 0 ? Math.max(...ends) : Date.now();
		draw(root, lanes(names, decisions, histories, toMs - DAY_MS, toMs), toMs);
	}

	return {
		root,
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

function draw(root: HTMLElement, all: readonly Lane[], toMs: number): void {
	const rows = all.map(
		(lane): LaneRow => ({
			name: lane.name,
			text: say(_("{name} carried the traffic {pct} of the time and was bad {times} times"), {
				name: lane.name,
				pct: percent(lane.carriedPct),
				times: lane.bad.length,
			}),
			figure: percent(lane.carriedPct),
			bars: [
				{ kind: "seen", spans: lane.seen, y: 0, height: 20 },
				{ kind: "carried", spans: lane.carried, y: 4, height: 12 },
				{ kind: "bad", spans: lane.bad, y: 0, height: 5 },
			],
		}),
	);
	replace(
		root,
		drawLanes(rows, toMs - DAY_MS, toMs),
		legend([
			["carried", _("carried the traffic")],
			["bad", _("loss or a low score")],
			["seen", _("watched")],
		]),
	);
}
