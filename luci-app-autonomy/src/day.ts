/** The strip of the last 24 hours: one lane per uplink, read again when a decision was made or five minutes went by. */
import type { Api } from "../../web/api.ts";
import { el, replace, svg } from "../../web/dom.ts";
import { minute, percent } from "../../web/format.ts";
import { type History, type Lane, lanes, MOST_DECISIONS } from "../../web/model/day.ts";
import { say } from "../../web/say.ts";
import { nowMs } from "./autonomy/page.ts";

const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;
/** Spans of 7.5 minutes. */
const POINTS = 192;
const WIDTH = 1440;

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
	const fromMs = toMs - DAY_MS;
	const x = (atMs: number): number => Math.round(((atMs - fromMs) / DAY_MS) * WIDTH * 10) / 10;
	const bars = (spans: Lane["bad"], kind: string, y: number, height: number): SVGElement[] =>
		spans.map((span) =>
			svg("rect", { class: kind, x: x(span.fromMs), y, width: Math.max(2, x(span.toMs) - x(span.fromMs)), height }),
		);
	const rows = all.flatMap((lane) => {
		const text = say(_("{name} carried the traffic {pct} of the time and was bad {times} times"), {
			name: lane.name,
			pct: percent(lane.carriedPct),
			times: lane.bad.length,
		});
		return [
			el("span", { class: "au-name" }, lane.name),
			svg(
				"svg",
				{ viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", role: "img", "aria-label": text },
				...bars(lane.seen, "au-lane-seen", 0, 20),
				...bars(lane.carried, "au-lane-carried", 4, 12),
				...bars(lane.bad, "au-lane-bad", 0, 5),
			),
			el("span", {}, percent(lane.carriedPct)),
		];
	});
	const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, minute(fromMs + part * DAY_MS)));
	const key = (kind: string, text: string): HTMLElement =>
		el(
			"li",
			{},
			svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: kind, width: 10, height: 10 })),
			text,
		);
	replace(
		root,
		el("div", { class: "au-lanes" }, ...rows, el("div", { class: "au-axis" }, ...ticks)),
		el(
			"ul",
			{ class: "au-legend" },
			key("au-lane-carried", _("carried the traffic")),
			key("au-lane-bad", _("loss or a low score")),
			key("au-lane-seen", _("watched")),
		),
	);
}
