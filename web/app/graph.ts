/**
 * One figure over time for a finger: an area with its lowest and highest, read by touching, dragging or the arrow keys.
 * Small on purpose: charts with axes and zoom are for wide screens (web/chart.ts).
 */
import { el, replace, setAttribute, setText, svg } from "../dom.ts";
import { clock, minute } from "../format.ts";
import type { Row, Spread } from "../model/rows.ts";
import { say } from "../say.ts";

export interface GraphKind {
	readonly title: string;
	readonly key: string;
	readonly of: keyof Spread;
	readonly format: (value: number | null | undefined) => string;
	/** The scale covers at least this. */
	readonly from: number;
	readonly to: number;
}

export interface Graph {
	readonly root: HTMLElement;
	update(rows: readonly Row[], marks: readonly number[]): void;
}

const WIDTH = 320;
const HEIGHT = 88;
const PAD = 4;

interface Point {
	readonly ts: number;
	readonly value: number;
}

export function createGraph({ title, key, of, format, from, to }: GraphKind): Graph {
	const now = el("output", { class: "graph-now" });
	const line = svg("path", { class: "graph-line" });
	const area = svg("path", { class: "graph-area" });
	const ticks = svg("g", { class: "graph-marks" });
	const cursor = svg("path", { class: "graph-cursor" });
	const picture = svg(
		"svg",
		{ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
		ticks,
		area,
		line,
		cursor,
	);
	const slider = el("input", { type: "range", class: "graph-slider", min: 0, max: 0, value: 0 });
	const left = el("span");
	const right = el("span");
	const range = el("span");
	const root = el(
		"div",
		{ class: "graph" },
		el("div", { class: "graph-head" }, el("h3", {}, title), now),
		el("div", { class: "graph-picture" }, picture, slider),
		el("p", { class: "graph-foot" }, left, range, right),
	);
	let points: readonly Point[] = [];
	let touched = false;
	let x: (ts: number) => number = () => 0;

	function tell(): void {
		const index = touched ? Number(slider.value) : points.length - 1;
		const point = points[index];
		setText(
			now,
			point === undefined ? "" : touched ? `${clock(point.ts)}  ${format(point.value)}` : format(point.value),
		);
		setAttribute(slider, "aria-valuetext", point ? `${format(point.value)}, ${clock(point.ts)}` : "");
		setAttribute(cursor, "d", touched && point ? `M${x(point.ts)} 0V${HEIGHT}` : "");
	}
	slider.setAttribute("aria-label", title);
	slider.addEventListener("input", () => {
		touched = true;
		tell();
	});
	// Safari moves a slider by its thumb alone, which cannot be seen here: a finger anywhere reads that moment.
	const follow = (event: PointerEvent): void => {
		if (event.buttons === 0 && event.type === "pointermove") return;
		const { left: start, width } = slider.getBoundingClientRect();
		const share = Math.min(1, Math.max(0, (event.clientX - start) / Math.max(1, width)));
		const at = (points[0]?.ts ?? 0) + share * ((points.at(-1)?.ts ?? 0) - (points[0]?.ts ?? 0));
		slider.value = String(nearest(points, at));
		touched = true;
		tell();
	};
	slider.addEventListener("pointerdown", follow);
	slider.addEventListener("pointermove", follow);
	for (const over of ["change", "blur", "pointerup", "pointercancel"]) {
		slider.addEventListener(over, (event) => {
			// The arrow keys read on; a finger that is lifted ends it.
			if (event.type === "change" && slider.matches(":focus-visible")) return;
			touched = false;
			tell();
		});
	}

	return {
		root,
		update(rows, marks) {
			points = rows.flatMap(({ ts, values }) => (values[key] ? [{ ts, value: values[key][of] }] : []));
			root.hidden = points.length === 0;
			const first = points[0];
			const last = points.at(-1);
			if (first === undefined || last === undefined) return;
			const low = Math.min(from, ...points.map((one) => one.value));
			const high = Math.max(to, ...points.map((one) => one.value));
			const spanMs = Math.max(1, last.ts - first.ts);
			const tenth = (value: number): number => Math.round(value * 10) / 10;
			x = (ts) => tenth(((ts - first.ts) / spanMs) * WIDTH);
			const y = (value: number): number => tenth(HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD));
			const runs = unbroken(points);
			const stroke = (run: readonly Point[]): string =>
				run.map(({ ts, value }, index) => `${index === 0 ? "M" : "L"}${x(ts)} ${y(value)}`).join("");
			setAttribute(line, "d", runs.map(stroke).join(""));
			const floor = y(Math.max(low, Math.min(high, 0)));
			setAttribute(
				area,
				"d",
				runs.map((run) => `${stroke(run)}L${x(run.at(-1)?.ts ?? 0)} ${floor}L${x(run[0]?.ts ?? 0)} ${floor}Z`).join(""),
			);
			const inside = marks.filter((ts) => ts >= first.ts && ts <= last.ts);
			replace(ticks, ...inside.map((ts) => svg("path", { d: `M${x(ts)} 0V${HEIGHT}` })));
			slider.max = String(points.length - 1);
			if (!touched) slider.value = slider.max;
			const values = points.map((one) => one.value);
			setText(left, minute(first.ts));
			setText(right, minute(last.ts));
			setText(
				range,
				say(_("{low} to {high}"), { low: format(Math.min(...values)), high: format(Math.max(...values)) }),
			);
			tell();
		},
	};
}

function nearest(points: readonly Point[], ts: number): number {
	let best = 0;
	for (const [index, point] of points.entries()) {
		if (Math.abs(point.ts - ts) < Math.abs((points[best]?.ts ?? 0) - ts)) best = index;
	}
	return best;
}

/** A pause in the record is a pause in the line. */
function unbroken(points: readonly Point[]): readonly (readonly Point[])[] {
	const steps = points.slice(1).map((point, index) => point.ts - (points[index]?.ts ?? point.ts));
	const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
	const runs: Point[][] = [];
	let before = Number.NEGATIVE_INFINITY;
	for (const point of points) {
		if (point.ts - before > usual * 4 + 1) runs.push([]);
		runs.at(-1)?.push(point);
		before = point.ts;
	}
	return runs;
}
