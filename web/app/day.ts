/** The last 24 hours: one lane per uplink, read again when a decision was made or five minutes went by. */
import type { Api } from "../api.ts";
import { el, replace, svg } from "../dom.ts";
import { minute, percent } from "../format.ts";
import { type History, type Lane, lanes, MOST_DECISIONS, type Span } from "../model/day.ts";
import { say } from "../say.ts";
import { nowMs } from "./kit.ts";

const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;
/** Spans of 15 minutes. */
const POINTS = 96;
const WIDTH = 1440;

export interface Day {
	readonly root: HTMLElement;
	update(names: readonly string[], decisionId: string): void;
}

export function createDay(api: Api): Day {
	const root = el("div", { class: "day" }, el("p", { class: "quiet" }, _("No data yet.")));
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
	const fromMs = toMs - DAY_MS;
	const x = (atMs: number): number => Math.round(((atMs - fromMs) / DAY_MS) * WIDTH);
	const bars = (kind: string, spans: readonly Span[], y: number, height: number): SVGRectElement[] =>
		spans.map((span) =>
			svg("rect", {
				class: kind,
				x: x(span.fromMs),
				y,
				width: Math.max(4, x(span.toMs) - x(span.fromMs)),
				height,
			}),
		);
	const rows = all.flatMap((lane) => {
		const text = say(_("{name} carried the traffic {pct} of the time and was bad {times} times"), {
			name: lane.name,
			pct: percent(lane.carriedPct),
			times: lane.bad.length,
		});
		return [
			el("span", { class: "lane-name" }, lane.name),
			svg(
				"svg",
				{ viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", role: "img", "aria-label": text },
				...bars("seen", lane.seen, 0, 20),
				...bars("carried", lane.carried, 3, 14),
				...bars("poor", lane.bad, 0, 6),
			),
			el("span", { class: "lane-share" }, percent(lane.carriedPct)),
		];
	});
	const ticks = [0, 0.5, 1].map((part) => el("span", {}, minute(fromMs + part * DAY_MS)));
	replace(root, el("div", { class: "lanes" }, ...rows, el("div", { class: "axis" }, ...ticks)));
}
