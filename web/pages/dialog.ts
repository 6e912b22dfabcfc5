/** Dialogs: the keyboard stays within, Escape leaves, and what went wrong is said inside. */
import { el, replace } from "../dom.ts";
import { button } from "./controls.ts";
import { failureText, type Page } from "./page.ts";

/** Tab goes round within a dialog: what lies behind it is not to be reached. */
function keepInside(modal: Element, event: KeyboardEvent): void {
	const all = [
		...modal.querySelectorAll<HTMLElement>("a[href], button:not([disabled]), input, select, textarea, [tabindex='0']"),
	];
	const [first, last] = [all[0], all.at(-1)];
	const from = event.shiftKey ? first : last;
	if (document.activeElement !== from) return;
	event.preventDefault();
	(event.shiftKey ? last : first)?.focus();
}

/** A dialog with a way out; `work` closes it when it went well. */
export function dialog(
	page: Page,
	title: string,
	children: readonly Node[],
	/** Null: only to be read. */
	accept: { readonly text: string; readonly kind?: "apply" | "negative"; work(): unknown } | null,
): void {
	const back = document.activeElement;
	const close = (): void => {
		ui.hideModal();
		document.removeEventListener("keydown", onKey);
		if (back instanceof HTMLElement) back.focus();
	};
	const onKey = (event: KeyboardEvent): void => {
		if (event.key === "Escape") close();
		if (event.key === "Tab") keepInside(modal, event);
	};
	const cancel = button(page, accept === null ? _("Close") : _("Cancel"), close, { kind: "neutral", looks: true });
	const buttons = el("div", { class: "right au-buttons" }, cancel);
	const wrong = el("div", { role: "alert" });
	if (accept !== null) {
		const work = async (): Promise<void> => {
			try {
				await accept.work();
				close();
			} catch (error) {
				// Said here: what is behind the dialog cannot be seen.
				replace(wrong, el("p", { class: "alert-message danger" }, failureText(error)));
			}
		};
		buttons.append(button(page, accept.text, work, { kind: accept.kind ?? "apply" }));
	}
	const modal = ui.showModal(title, [...children, wrong, buttons], "au-dialog");
	modal.setAttribute("role", "dialog");
	modal.setAttribute("aria-modal", "true");
	modal.setAttribute("aria-label", title);
	document.addEventListener("keydown", onKey);
	const first = modal.querySelector<HTMLElement>("select, input, textarea, button");
	first?.focus();
}
