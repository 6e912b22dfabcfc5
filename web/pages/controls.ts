/** What pages are made of: buttons that show that they work, labelled fields, sections and tables in LuCI's manner. */
import { type Child, el, whileWorking } from "../dom.ts";
import { type Page, readOnly } from "./page.ts";

interface ButtonOptions {
	readonly kind?: "action" | "positive" | "negative" | "neutral" | "apply" | "remove";
	/** What it is about, when several buttons say the same: for screen readers. */
	readonly about?: string;
	/** Only changes need the right to write. */
	readonly looks?: boolean;
}

/** A button that is disabled while its work is under way. */
export function button(
	page: Pick<Page, "failed">,
	text: string,
	work: () => unknown,
	{ kind = "action", about, looks = false }: ButtonOptions = {},
): HTMLButtonElement {
	const denied = !looks && readOnly();
	const node: HTMLButtonElement = el(
		"button",
		{
			type: "button",
			class: `btn cbi-button cbi-button-${kind}`,
			"aria-label": about === undefined ? null : `${text}: ${about}`,
			disabled: denied,
			title: denied ? _("Your account has no right to write.") : null,
			onclick: () => {
				whileWorking(node, work).catch(page.failed);
			},
		},
		text,
	);
	return node;
}

export interface Field {
	readonly row: HTMLElement;
	value(): string;
}

let fields = 0;

/** A labelled choice for dialogs and filters. */
export function choice(label: string, options: readonly (readonly [string, string])[], onchange?: () => void): Field {
	const id = `au-field-${++fields}`;
	const select = el("select", { id, class: "cbi-input-select", onchange: onchange ?? null });
	for (const [value, text] of options) select.append(el("option", { value }, text));
	return { row: el("p", { class: "au-field" }, el("label", { for: id }, label), select), value: () => select.value };
}

export function textInput(label: string, attributes: Readonly<Record<string, string>>, oninput?: () => void): Field {
	const id = `au-field-${++fields}`;
	const input = el("input", { id, type: "text", class: "cbi-input-text", ...attributes, oninput: oninput ?? null });
	return { row: el("p", { class: "au-field" }, el("label", { for: id }, label), input), value: () => input.value };
}

export function factList(all: readonly { readonly name: string; readonly value: string }[]): HTMLElement {
	return el("dl", { class: "au-facts" }, ...all.flatMap((one) => [el("dt", {}, one.name), el("dd", {}, one.value)]));
}

/** A section as LuCI draws them. */
export function section(title: string, ...children: readonly Child[]): HTMLElement {
	return el("div", { class: "cbi-section" }, el("h3", {}, title), ...children);
}

/** Table in LuCI's manner: on phones each cell shows its caption. Rows are cells; cells are nodes or text. */
export function table(captions: readonly string[], rows: readonly (readonly Child[])[], empty: string): HTMLElement {
	const head = el(
		"tr",
		{ class: "tr table-titles" },
		...captions.map((caption) => el("th", { class: "th", scope: "col" }, caption)),
	);
	const body = rows.map((cells) =>
		el(
			"tr",
			{ class: "tr" },
			...cells.map((cell, index) => el("td", { class: "td left", "data-title": captions[index] ?? "" }, cell)),
		),
	);
	if (rows.length === 0) {
		body.push(
			el("tr", { class: "tr placeholder" }, el("td", { class: "td", colspan: captions.length }, el("em", {}, empty))),
		);
	}
	return el("table", { class: "table" }, el("thead", {}, head), el("tbody", {}, ...body));
}
