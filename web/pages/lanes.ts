/** Bars over time: one lane per uplink, with its name and a figure, an axis with times and a legend. */
import { type Child, el, svg } from "../dom.ts";
import { clock, minute } from "../format.ts";
import type { Span } from "../model/day.ts";

const WIDTH = 1440;
const HEIGHT = 20;

export interface Bars {
	readonly kind: "seen" | "carried" | "bad" | "instead";
	readonly spans: readonly Span[];
	/** In units of a lane that is 20 high. */
	readonly y: number;
	readonly height: number;
}

export interface LaneRow {
	readonly name: string;
	/** The same in words. */
	readonly text: string;
	readonly figure: string;
	readonly bars: readonly Bars[];
}

export function drawLanes(rows: readonly LaneRow[], fromMs: number, toMs: number): HTMLElement {
	const x = (atMs: number): number => Math.round(((atMs - fromMs) / (toMs - fromMs)) * WIDTH * 10) / 10;
	const cells = rows.flatMap(({ name, text, figure, bars }) => [
		el("span", { class: "au-name" }, name),
		svg(
			"svg",
			{ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
			...bars.flatMap(({ kind, spans, y, height }) =>
				spans.map((span) =>
					svg("rect", {
						class: `au-lane-${kind}`,
						x: x(span.fromMs),
						y,
						width: Math.max(2, x(span.toMs) - x(span.fromMs)),
						height,
					}),
				),
			),
		),
		el("span", {}, figure),
	]);
	const time = toMs - fromMs < 600_000 ? clock : minute;
	const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, time(fromMs + part * (toMs - fromMs))));
	return el("div", { class: "au-lanes" }, ...cells, el("div", { class: "au-axis" }, ...ticks));
}

export function legend(keys: readonly (readonly [Bars["kind"], string])[]): HTMLElement {
	const entries = keys.map(
		([kind, text]): Child =>
			el(
				"li",
				{},
				svg(
					"svg",
					{ viewBox: "0 0 10 10", "aria-hidden": "true" },
					svg("rect", { class: `au-lane-${kind}`, width: 10, height: 10 }),
				),
				text,
			),
	);
	return el("ul", { class: "au-legend" }, ...entries);
}
