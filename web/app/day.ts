/** The last 24 hours: one lane per uplink (day-reader.ts). */
import type { Api } from "../api.ts";
import { createDayReader, DAY_MS, type DayReader } from "../day-reader.ts";
import { el, replace, svg } from "../dom.ts";
import { minute, percent } from "../format.ts";
import type { Lane, Span } from "../model/day.ts";
import { say } from "../say.ts";
import { nowMs } from "./kit.ts";

/** Spans of 15 minutes. */
const POINTS = 96;
const WIDTH = 1440;

export interface Day extends DayReader {
	readonly root: HTMLElement;
}

export function createDay(api: Api): Day {
	const root = el("div", { class: "day" }, el("p", { class: "quiet" }, _("No data yet.")));
	const reader = createDayReader(api, POINTS, nowMs, (all, toMs) => draw(root, all, toMs));
	return { root, update: reader.update };
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
