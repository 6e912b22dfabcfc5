/** Parts every view is made of: buttons that show that they work, sheets, choices, toasts, and what went wrong in words. */
import { errorCode, errorText } from "../api.ts";
import { type Child, el, replace, setText, whileWorking } from "../dom.ts";
import { troubleWords } from "../model/trouble.ts";
import { type IconName, icon } from "./icons.ts";

export const nowMs = (): number => performance.now();

/** Refusals in the router's own words, everything else in ours. */
export function failureText(error: unknown): string {
	const code = errorCode(error);
	if (code === "refused") return errorText(error);
	const { title, advice } = troubleWords(code, errorText(error), null);
	return `${title} ${advice}`;
}

const toasts = el("div", { class: "toasts", role: "status" });
const TOAST_MS = 5000;

export function toast(text: string, tone: "good" | "bad" = "good"): void {
	if (!toasts.isConnected) document.body.append(toasts);
	const one = el("p", { class: `toast ${tone}` }, text);
	replace(toasts, one);
	setTimeout(() => one.remove(), TOAST_MS);
}

interface ButtonOptions {
	readonly kind?: "main" | "danger" | "plain";
	readonly icon?: IconName;
	/** What it is about, when several buttons say the same: for screen readers. */
	readonly about?: string;
}

/** Disabled while its work is under way; tells what went wrong. */
export function button(text: string, work: () => unknown, options: ButtonOptions = {}): HTMLButtonElement {
	const { kind = "plain", about } = options;
	const node: HTMLButtonElement = el(
		"button",
		{
			type: "button",
			class: `button ${kind}`,
			"aria-label": about === undefined ? null : `${text}: ${about}`,
			onclick: () => {
				whileWorking(node, work).catch((error: unknown) => toast(failureText(error), "bad"));
			},
		},
		options.icon ? icon(options.icon) : null,
		el("span", {}, text),
	);
	return node;
}

export interface Sheet {
	readonly root: HTMLDialogElement;
	readonly body: HTMLElement;
	close(): void;
}

let sheets = 0;

/** Comes up from below on a phone, stands at the side on a wide screen. Esc, the cross or a tap beside it end it. */
export function openSheet(title: string, children: readonly Child[], onClose: () => void = () => {}): Sheet {
	const body = el("div", { class: "sheet-body" }, ...children);
	const id = `sheet-${++sheets}`;
	const heading = el("h2", { id, tabindex: "-1" }, title);
	const close = el("button", { type: "button", class: "round", "aria-label": _("Close") }, icon("close"));
	const root = el(
		"dialog",
		{ class: "sheet", "aria-labelledby": id },
		el("div", { class: "sheet-head" }, heading, close),
		body,
	);
	close.addEventListener("click", () => root.close());
	root.addEventListener("click", (event) => {
		if (event.target === root) root.close();
	});
	root.addEventListener("close", () => {
		root.remove();
		onClose();
	});
	document.body.append(root);
	root.showModal();
	heading.focus();
	return { root, body, close: () => root.close() };
}

export interface Choice {
	readonly root: HTMLElement;
	value(): string;
}

let choices = 0;

/** One of few: all are seen, each is large enough for a thumb. */
export function choice(
	label: string,
	options: readonly (readonly [string, string])[],
	chosen: string,
	onChange: (value: string) => void = () => {},
): Choice {
	const name = `choice-${++choices}`;
	const root = el("fieldset", { class: "choice" }, el("legend", {}, label));
	let value = chosen;
	for (const [key, text] of options) {
		const input = el("input", {
			type: "radio",
			name,
			value: key,
			checked: key === chosen,
			onchange: () => {
				value = key;
				onChange(key);
			},
		});
		root.append(el("label", {}, input, el("span", {}, text)));
	}
	return { root, value: () => value };
}

interface Confirm {
	readonly title: string;
	readonly text: string;
	readonly children?: readonly Child[];
	readonly button: string;
	readonly kind?: "main" | "danger";
	work(): Promise<unknown>;
}

/** Nothing is moved by one tap alone. */
export function confirm({ title, text, children = [], button: label, kind = "main", work }: Confirm): void {
	const wrong = el("p", { class: "wrong", role: "alert" });
	const accept = button(
		label,
		async () => {
			setText(wrong, "");
			try {
				await work();
				sheet.close();
			} catch (error) {
				setText(wrong, failureText(error));
			}
		},
		{ kind },
	);
	const sheet: Sheet = openSheet(title, [
		el("p", {}, text),
		...children,
		wrong,
		el(
			"div",
			{ class: "buttons" },
			accept,
			button(_("Cancel"), () => sheet.close()),
		),
	]);
	sheet.root.classList.add("small");
}

export function factList(all: readonly { readonly name: string; readonly value: string }[]): HTMLElement {
	return el(
		"dl",
		{ class: "facts" },
		...all.map((one) => el("div", {}, el("dt", {}, one.name), el("dd", {}, one.value))),
	);
}

/** How long an order holds. */
export function howLong(withDefault: boolean): Choice {
	const options: [string, string][] = [
		["600", _("10 minutes")],
		["3600", _("1 hour")],
		["86400", _("1 day")],
		["0", _("until I restore it")],
	];
	if (withDefault) options.unshift(["", _("as set")]);
	return choice(_("For how long"), options, withDefault ? "" : "3600");
}
