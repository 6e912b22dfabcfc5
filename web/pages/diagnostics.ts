/** The log, and the report for somebody who helps: what is in it is shown before anything is collected. */
import { el, replace, setText, show } from "../dom.ts";
import { logText } from "../model/log.ts";
import type { Rpcd } from "../rpcd.ts";
import { say } from "../say.ts";
import { toldByPlugin } from "../sentences-plugin.ts";
import { button, choice, textInput } from "./controls.ts";
import { download } from "./download.ts";
import type { Page } from "./page.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

export function createLog(page: Page, rpcd: Rpcd): { readonly root: HTMLElement; refresh(): Promise<void> } {
	const place = el("div", { class: "au-pre", tabindex: 0, role: "log", "aria-label": _("Log") });
	const count = el("p", { class: "au-small" });
	let asked = 0;
	const again = (): void => {
		refresh().catch(page.failed);
	};
	const level = choice(
		_("Level"),
		LEVELS.map((one) => [one, one] as const),
		again,
	);
	const search = textInput(_("Search"), { type: "search", maxlength: "64" }, again);

	async function refresh(): Promise<void> {
		const mine = ++asked;
		const { lines, more } = await rpcd.call("log", { lines: 200, level: level.value() as Level, text: search.value() });
		// What was typed meanwhile has asked again.
		if (mine !== asked) return;
		const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 4;
		replace(
			place,
			...lines.map((line) => {
				const { text, details } = logText(line.text);
				const tone = line.level === "error" ? "bad" : line.level === "warn" ? "warn" : "off";
				return el(
					"div",
					{},
					`${line.time} `,
					el("strong", { class: `au-${tone} au-level` }, line.level),
					` ${line.tag}: ${text}`,
					details === "" ? null : el("span", { class: "au-dim" }, ` ${details}`),
				);
			}),
		);
		show(place, lines.length > 0);
		setText(
			count,
			lines.length === 0
				? _("No line of the log fits.")
				: say(more ? _("The last {count} lines; there are more.") : _("{count} lines."), { count: lines.length }),
		);
		if (atEnd) place.scrollTop = place.scrollHeight;
	}

	const root = el(
		"div",
		{},
		el(
			"div",
			{ class: "au-filter" },
			level.row,
			search.row,
			button(page, _("Read again"), refresh, { kind: "neutral", looks: true }),
		),
		count,
		place,
	);
	return { root, refresh };
}

export interface Report {
	readonly root: HTMLElement;
	/** Where it says what would be in it. */
	readonly contents: HTMLElement;
	refresh(): Promise<void>;
}

export function createReport(page: Page, rpcd: Rpcd): Report {
	const contents = el("div");
	const progress = el("p", { role: "status" });
	const result = el("div");
	let names: readonly { readonly name: string; readonly text: string }[] = [];

	async function refresh(): Promise<void> {
		const { sections, masked } = await rpcd.call("diagnostics_list");
		names = sections;
		replace(
			contents,
			el("p", {}, _("The report holds:")),
			el("ul", {}, ...sections.map((one) => el("li", {}, toldByPlugin(one.text)))),
			el("p", {}, say(_("Masked in it: {kinds}."), { kinds: masked.map(toldByPlugin).join("; ") })),
		);
	}

	async function make(): Promise<void> {
		const parts: string[] = [];
		for (const [index, { name, text }] of names.entries()) {
			setText(
				progress,
				say(_("Collecting {what} ({number} of {count}) ..."), {
					what: toldByPlugin(text),
					number: index + 1,
					count: names.length,
				}),
			);
			const part = await rpcd
				.call("diagnostics", { section: name as "log" })
				// One section that fails must not cost the others.
				.catch((error: Error) => ({ text: `(${error.message})`, cut: false }));
			parts.push(`== ${name}: ${text}${part.cut ? " (cut)" : ""} ==\n${part.text.trimEnd()}\n`);
		}
		setText(progress, _("Read it before you pass it on."));
		const report = parts.join("\n");
		replace(
			result,
			el("pre", { class: "au-pre", tabindex: 0, "aria-label": _("Report") }, report),
			el(
				"div",
				{ class: "au-buttons" },
				button(page, _("Save as a file"), () => download("autonomy-report.txt", report), { looks: true }),
			),
		);
	}

	const root = el(
		"div",
		{},
		contents,
		el("div", { class: "au-buttons" }, button(page, _("Make the report"), make, { looks: true })),
		progress,
		result,
	);
	return { root, contents, refresh };
}
