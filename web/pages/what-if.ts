/** What if: settings on sliders, the recorded hours decided again by the router, the difference drawn. */

import { sectionSpec } from "../../contract/options.ts";
import type { OptionSpec, SectionSpec } from "../../contract/schema.ts";
import type { Api } from "../api.ts";
import { el, replace, setText } from "../dom.ts";
import { duration, withUnit } from "../format.ts";
import { compared, type WhatIf } from "../model/journal.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { button, choice, table } from "./controls.ts";
import { drawLanes, type LaneRow, legend } from "./lanes.ts";
import type { Page } from "./page.ts";

interface SliderSpec {
	readonly section: SectionSpec["key"];
	readonly option: string;
	readonly label: string;
	/** Where the option's own range is too wide for a slider. */
	readonly max?: number;
	readonly step?: number;
}

function sliderSpecs(): readonly SliderSpec[] {
	return [
		{ section: "main", option: "switch_margin", label: _("Better by") },
		{ section: "failover", option: "loss", label: _("Bad: loss") },
		{ section: "failover", option: "latency", label: _("Bad: round trip"), step: 10 },
		{ section: "failover", option: "min_duration_s", label: _("Bad for"), max: 60 },
		{ section: "main", option: "severe_loss", label: _("Severe: loss") },
		{ section: "main", option: "severe_duration_s", label: _("Severe for"), max: 30, step: 0.5 },
		{ section: "restore", option: "min_duration_s", label: _("Good again for"), max: 300 },
		{ section: "main", option: "hold_down_s", label: _("Probation"), max: 600 },
		{ section: "main", option: "cooldown_s", label: _("Pause between switches"), max: 300 },
		{ section: "main", option: "min_uptime_s", label: _("Up for at least"), max: 300 },
	];
}

interface Slider {
	readonly key: string;
	readonly row: HTMLElement;
	set(value: number): void;
	/** Null: as it is set now. */
	changed(): number | null;
	reset(): void;
}

function createSlider({ section, option, label, max, step }: SliderSpec): Slider | null {
	const spec: OptionSpec | undefined = sectionSpec(section).options.find((one) => one.name === option);
	if (spec === undefined || (spec.type !== "int" && spec.type !== "number")) return null;
	let now = spec.default ?? spec.min;
	const key = section === "main" ? option : `${section}.${option}`;
	const id = `au-slider-${key.replace(".", "-")}`;
	const shown = el("output", { for: id });
	const input = el("input", { id, type: "range", min: spec.min, max: max ?? spec.max, step: step ?? 1, value: now });
	const tell = (): void => {
		const value = Number(input.value);
		const text = withUnit(value, spec.unit ?? "", 1);
		setText(
			shown,
			value === now
				? text
				: say(_("{value} instead of {now}"), { value: text, now: withUnit(now, spec.unit ?? "", 1) }),
		);
		input.setAttribute("aria-valuetext", text);
	};
	input.addEventListener("input", tell);
	return {
		key,
		row: el("div", {}, el("label", { for: id, title: _(spec.help) }, el("span", {}, label), shown), input),
		set(value) {
			// What somebody has moved meanwhile stays where it is.
			const moved = Number(input.value) !== now;
			now = value;
			if (value > Number(input.max)) input.max = String(value);
			if (!moved) input.value = String(value);
			tell();
		},
		changed: () => (Number(input.value) === now ? null : Number(input.value)),
		reset() {
			input.value = String(now);
			tell();
		},
	};
}

export function createWhatIf(page: Page, api: Api): { readonly root: HTMLElement; load(): Promise<void> } {
	const sliders = sliderSpecs()
		.map(createSlider)
		.filter((one) => one !== null);
	const span = choice(_("Replay"), [
		["3600", _("the last hour")],
		["21600", _("the last 6 hours")],
		["86400", _("the last day")],
	]);
	const resetAll = (): void => {
		for (const one of sliders) one.reset();
	};
	const result = el("div", { role: "status" });
	const ask = button(
		page,
		_("What if?"),
		async () => {
			const changed = sliders.map((one) => [one.key, one.changed()] as const).filter(([, value]) => value !== null);
			if (changed.length === 0) {
				replace(result, el("p", {}, _("Move a slider first: with the settings as they are nothing would differ.")));
				return;
			}
			replace(result, el("p", { class: "spinning" }, _("The router decides the recorded time again ...")));
			try {
				const answer = await api.call("what_if", {
					overrides: Object.fromEntries(changed),
					since_s: Number(span.value()),
				});
				draw(result, answer);
			} catch (error) {
				replace(result);
				throw error;
			}
		},
		{ looks: true },
	);
	const reset = button(page, _("As set now"), resetAll, {
		kind: "neutral",
		looks: true,
	});
	const root = el(
		"div",
		{},
		el("p", {}, _("Decides the recorded time again with other settings. Nothing is changed on the router.")),
		el("div", { class: "au-sliders" }, ...sliders.map((one) => one.row)),
		span.row,
		el("div", { class: "au-buttons" }, reset, ask),
		result,
	);
	return {
		root,
		async load() {
			const { sections } = await api.call("config.get");
			for (const one of sliders) {
				const [section, option] = one.key.includes(".") ? one.key.split(".") : ["main", one.key];
				const value = Number(sections[section ?? ""]?.[option ?? ""]);
				if (Number.isFinite(value)) one.set(value);
			}
		},
	};
}

function draw(into: HTMLElement, answer: WhatIf): void {
	// By the router's own reckoning: its clock may be another than ours.
	const toMs = answer.from_unix_ms + 1000 * answer.share.reduce((sum, one) => sum + one.actual_s, 0);
	const all = compared(answer, toMs);
	const rows = all.map((one): LaneRow => {
		const figure = `${duration(one.actualS)} / ${duration(one.whatIfS)}`;
		return {
			name: one.name,
			text: say(_("{name}: {was} as it was, {instead} instead"), {
				name: one.name,
				was: duration(one.actualS),
				instead: duration(one.whatIfS),
			}),
			figure,
			bars: [
				{ kind: "carried", spans: one.actual, y: 1, height: 8 },
				{ kind: "instead", spans: one.whatIf, y: 11, height: 8 },
			],
		};
	});
	replace(
		into,
		el(
			"p",
			{},
			el("strong", {}, answer.differs ? _("It would have been different.") : _("It would have been the same.")),
			" ",
			told(answer.text),
		),
		answer.from_unix_ms < toMs ? drawLanes(rows, answer.from_unix_ms, toMs) : null,
		legend([
			["carried", _("as it was")],
			["instead", _("as it would have been")],
		]),
		el(
			"details",
			{},
			el("summary", {}, _("As a table")),
			table(
				[_("Uplink"), _("As it was"), _("As it would have been")],
				all.map((one) => [one.name, duration(one.actualS), duration(one.whatIfS)]),
				_("Nothing is recorded yet."),
			),
		),
	);
}
