/** The strip of the last 24 hours: one lane per uplink (day-reader.ts). */
import type { Api } from "../api.ts";
import { createDayReader, DAY_MS, type DayReader } from "../day-reader.ts";
import { el, replace } from "../dom.ts";
import { percent } from "../format.ts";
import type { Lane } from "../model/day.ts";
import { say } from "../say.ts";
import { drawLanes, type LaneRow, legend } from "./lanes.ts";
import { nowMs } from "./page.ts";

/** Spans of 7.5 minutes. */
const POINTS = 192;

export interface Day extends DayReader {
	readonly root: HTMLElement;
}

export function createDay(api: Api): Day {
	const root = el("div", {}, el("p", {}, el("em", {}, _("No data yet."))));
	const reader = createDayReader(api, POINTS, nowMs, (all, toMs) => draw(root, all, toMs));
	return { root, update: reader.update };
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
