/**
 * Lines over time on uPlot, in the colours of the theme. Drag to zoom, double click to see all again; all charts of a
 * page share the cursor. What the eye sees is also there as a table.
 */
import uPlot from "uplot";
import uplotStyles from "uplot/dist/uPlot.min.css";
import { el, replace, setText } from "./dom.ts";
import { clock, dateTime, minute } from "./format.ts";
import { adopt } from "./styles.ts";

export interface Line {
	readonly name: string;
	/** CSS colour, e.g. var(--au-accent). */
	readonly colour: string;
	/** Drawn thinner, without a dot. */
	readonly faint?: boolean;
}

export interface Mark {
	readonly atMs: number;
	readonly text: string;
}

export interface ChartData {
	readonly atMs: readonly number[];
	/** One list per line; null where nothing is known. */
	readonly values: readonly (readonly (number | null)[])[];
	readonly marks: readonly Mark[];
	/** Rows of the table: from, then one cell per line. */
	readonly table: readonly (readonly string[])[];
	/** In one sentence, for screen readers. */
	readonly summary: string;
}

export interface Chart {
	readonly root: HTMLElement;
	update(data: ChartData): void;
	close(): void;
}

export interface ChartOptions {
	readonly title: string;
	readonly lines: readonly Line[];
	readonly format: (value: number | null | undefined) => string;
	/** The axis reaches at least from and to here. */
	readonly range?: readonly [number | null, number | null];
	/** The axis is never shorter than this, so that the noise of a quiet line looks like noise. */
	readonly least?: number;
	readonly captions: readonly string[];
}

const HEIGHT = 170;

/** Canvas takes no var(): the browser works colours out on an element. */
function resolveColour(within: Element, colour: string): string {
	const probe = el("span");
	probe.style.color = colour;
	within.append(probe);
	const found = getComputedStyle(probe).color;
	probe.remove();
	return found;
}

export function createChart({ title, lines, format, range = [0, null], least = 1, captions }: ChartOptions): Chart {
	adopt(uplotStyles);
	const readout = el("p", { class: "au-small" });
	// Which line is which; one alone needs no key.
	const key =
		lines.length < 2
			? null
			: el(
					"ul",
					{ class: "au-legend" },
					...lines.map((line) => {
						const swatch = el("span", { class: "au-swatch", "aria-hidden": "true" });
						swatch.style.borderTop = `${line.faint ? "2px dashed" : "3px solid"} ${line.colour}`;
						return el("li", {}, swatch, line.name);
					}),
				);
	const place = el("div", { role: "img" });
	const rows = el("tbody");
	const root = el(
		"div",
		{ class: "au-chart" },
		el("h4", {}, title),
		place,
		key,
		readout,
		el(
			"details",
			{},
			el("summary", {}, _("As a table")),
			el(
				"table",
				{ class: "table" },
				el(
					"thead",
					{},
					el(
						"tr",
						{ class: "tr table-titles" },
						...captions.map((one) => el("th", { class: "th", scope: "col" }, one)),
					),
				),
				rows,
			),
		),
	);
	let marks: readonly Mark[] = [];
	let plot: uPlot | null = null;
	let zoomed = false;
	let last: uPlot.AlignedData = [[], ...lines.map(() => [])];

	const colourOf = (colour: string) => (): string => resolveColour(root, colour);

	function tell(): void {
		const index = plot?.cursor.idx;
		const at = typeof index === "number" ? last[0][index] : undefined;
		if (typeof index !== "number" || at === undefined) {
			setText(readout, "");
			return;
		}
		const values = lines.map((line, which) => `${line.name} ${format(last[which + 1]?.[index] ?? null)}`);
		const near = marks.find((mark) => Math.abs(mark.atMs / 1000 - at) < span() / 100);
		setText(readout, `${dateTime(at * 1000)}: ${values.join(", ")}${near ? ` \u2014 ${near.text}` : ""}`);
	}

	function span(): number {
		const scale = plot?.scales.x;
		return (scale?.max ?? 0) - (scale?.min ?? 0);
	}

	function drawMarks(u: uPlot): void {
		const { ctx, bbox } = u;
		ctx.save();
		ctx.strokeStyle = resolveColour(root, "var(--au-warn)");
		ctx.lineWidth = devicePixelRatio;
		ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
		for (const mark of marks) {
			const x = Math.round(u.valToPos(mark.atMs / 1000, "x", true));
			if (x < bbox.left || x > bbox.left + bbox.width) continue;
			ctx.beginPath();
			ctx.moveTo(x, bbox.top);
			ctx.lineTo(x, bbox.top + bbox.height);
			ctx.stroke();
		}
		ctx.restore();
	}

	function make(width: number): uPlot {
		const text = colourOf("currentColor");
		const grid = { stroke: colourOf("var(--au-line)"), width: 0.5 };
		const font = `12px ${getComputedStyle(root).fontFamily}`;
		const axis = { stroke: text, grid, ticks: grid, font };
		return new uPlot(
			{
				width,
				height: HEIGHT,
				legend: { show: false },
				cursor: { sync: { key: "autonomy" }, drag: { x: true, y: false } },
				scales: {
					y: {
						range: (_u, low, high) => {
							const from = Math.min(range[0] ?? low ?? 0, low ?? range[0] ?? 0);
							const to = Math.max(range[1] ?? high ?? 0, high ?? range[1] ?? 0, from + least);
							return [from, range[1] === null ? to + (to - from) * 0.08 : to];
						},
					},
				},
				axes: [
					{
						...axis,
						values: (_u, at) => at.map((one) => (span() < 300 ? clock(one * 1000) : minute(one * 1000))),
						space: 80,
					},
					{ ...axis, values: (_u, at) => at.map((one) => format(one)), size: 78 },
				],
				series: [
					{},
					...lines.map((line) => ({
						stroke: colourOf(line.colour),
						width: line.faint ? 1 : 1.5,
						points: { show: false },
						spanGaps: false,
						...(line.faint ? { dash: [3, 3] } : {}),
					})),
				],
				hooks: {
					draw: [drawMarks],
					setCursor: [tell],
					setSelect: [
						(u) => {
							zoomed ||= u.select.width > 0;
						},
					],
					ready: [
						(u) =>
							u.over.addEventListener("dblclick", () => {
								zoomed = false;
							}),
					],
				},
			},
			last,
			place,
		);
	}

	const resized = new ResizeObserver(() => {
		const width = place.clientWidth;
		if (width === 0) return;
		if (plot === null) {
			plot = make(width);
			tell();
		} else if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
	});
	resized.observe(place);
	const themed = new MutationObserver(() => plot?.redraw(false));
	themed.observe(document.documentElement, { attributes: true });

	return {
		root,
		update(data) {
			marks = data.marks;
			last = [data.atMs.map((one) => one / 1000), ...data.values.map((one) => [...one])];
			// While somebody has zoomed in, new figures do not throw them out.
			plot?.setData(last, !zoomed);
			if (zoomed) plot?.redraw();
			place.setAttribute("aria-label", `${title}. ${data.summary}`);
			replace(
				rows,
				...data.table.map((cells) =>
					el(
						"tr",
						{ class: "tr" },
						...cells.map((cell, index) => el("td", { class: "td", "data-title": captions[index] ?? "" }, cell)),
					),
				),
			);
			tell();
		},
		close() {
			resized.disconnect();
			themed.disconnect();
			plot?.destroy();
		},
	};
}
