/** One option as a row of a form: label, control, help, and what is wrong with what was typed. From the contract. */
import type { OptionSpec } from "../../contract/schema.ts";
import { el, setText, show } from "../../web/dom.ts";
import { optionHelp, optionLabel, unitWord, unsetText, validate } from "../../web/model/settings.ts";
import { say } from "../../web/say.ts";

/** As UCI has it. */
export type Text = string | readonly string[];

export interface Field {
	readonly option: OptionSpec;
	readonly row: HTMLElement;
	/** Null: as it was. An empty text takes the option out of the file. */
	changed(): Text | null;
	/** Says what is wrong, in the row too; null: nothing. */
	problem(): string | null;
	/** What the reader sees it as. */
	value(): string;
}

export interface Given {
	/** In force, defaults included; undefined for secrets. */
	readonly inForce: Text | undefined;
	/** It is written in the file. */
	readonly isSet: boolean;
	readonly secret: boolean;
}

interface Control {
	readonly node: HTMLElement;
	readonly focus: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
	read(): Text;
}

let count = 0;

const lines = (text: string): readonly string[] =>
	text
		.split(/[\s,]+/)
		.map((one) => one.trim())
		.filter((one) => one !== "");

const asText = (value: Text | undefined): string =>
	value === undefined ? "" : typeof value === "string" ? value : value.join("\n");

function selectControl(id: string, option: OptionSpec, written: string): Control {
	const unset = unsetText(option);
	const choices =
		option.type === "enum"
			? option.values.map((one) => [one, one] as const)
			: ([
					["1", _("yes")],
					["0", _("no")],
				] as const);
	const select = el("select", { id });
	select.append(
		el("option", { value: "" }, unset === "" ? _("default") : say(_("default: {unset}"), { unset })),
		...choices.map(([value, text]) => el("option", { value }, text)),
	);
	select.value = written;
	return { node: select, focus: select, read: () => select.value };
}

function controlOf(id: string, option: OptionSpec, { inForce, isSet, secret }: Given): Control {
	const written = isSet ? asText(inForce) : "";
	if (option.type === "bool" && option.default !== null) {
		const input = el("input", { id, type: "checkbox", role: "switch" });
		input.checked = isSet ? written === "1" : option.default;
		return {
			node: el("span", { class: "au-switch" }, input, el("span", { "aria-hidden": "true" })),
			focus: input,
			read: () => (input.checked ? "1" : "0"),
		};
	}
	if (option.type === "enum" || option.type === "bool") return selectControl(id, option, written);
	if (option.type === "list") {
		const area = el("textarea", { id, rows: 3, placeholder: unsetText(option).replaceAll(", ", "\n") });
		area.value = written;
		return { node: area, focus: area, read: () => lines(area.value) };
	}
	const numeric = option.type === "int" || option.type === "number";
	const input = el("input", {
		id,
		type: option.secret === true ? "password" : "text",
		inputmode: numeric ? "decimal" : null,
		autocomplete: "off",
		placeholder: secret ? "\u2022\u2022\u2022\u2022\u2022\u2022" : unsetText(option),
	});
	input.value = written;
	return { node: input, focus: input, read: () => input.value.trim() };
}

const same = (a: Text, b: Text): boolean => asText(a) === asText(b);

export function createField(option: OptionSpec, given: Given, readOnly: boolean, oninput: () => void): Field {
	const id = `au-option-${++count}`;
	const control = controlOf(id, option, given);
	const before = control.read();
	const wrong = el("p", { class: "au-wrong", id: `${id}-wrong`, role: "alert" });
	const unit = option.type === "int" || option.type === "number" ? unitWord(option.unit) : "";
	const { focus } = control;
	let removed = false;
	show(wrong, false);
	focus.disabled = readOnly;
	focus.setAttribute("aria-describedby", `${id}-help ${id}-wrong`);
	focus.addEventListener("input", () => {
		removed = false;
		field.problem();
		oninput();
	});
	// What is written nowhere to be seen can only be replaced, or taken away.
	const remove =
		given.secret && !readOnly
			? el(
					"button",
					{
						type: "button",
						class: "btn cbi-button-neutral",
						"aria-label": `${_("Remove")}: ${optionLabel(option)}`,
						onclick: () => {
							removed = true;
							if (focus instanceof HTMLInputElement) {
								focus.value = "";
								focus.placeholder = "";
							}
							oninput();
						},
					},
					_("Remove"),
				)
			: null;
	const field: Field = {
		option,
		row: el(
			"div",
			{ class: "cbi-value" },
			el("label", { class: "cbi-value-title", for: id }, optionLabel(option)),
			el(
				"div",
				{ class: "cbi-value-field" },
				el("div", { class: "au-control" }, control.node, unit === "" ? null : el("span", {}, unit), remove),
				wrong,
				el("p", { class: "au-small", id: `${id}-help` }, optionHelp(option)),
			),
		),
		value: () => asText(control.read()),
		changed() {
			const now = control.read();
			if (removed) return "";
			return same(now, before) ? null : now;
		},
		problem() {
			const now = control.read();
			const items = typeof now === "string" ? [now] : now;
			const found = field.changed() === null ? true : validate(option, typeof now === "string" ? now : items, items);
			setText(wrong, found === true ? "" : found);
			show(wrong, found !== true);
			focus.setAttribute("aria-invalid", String(found !== true));
			return found === true ? null : found;
		},
	};
	return field;
}
