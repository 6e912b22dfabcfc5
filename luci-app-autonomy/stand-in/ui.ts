/** The part of LuCI's ui that the pages use: dialogs, notifications, indicators, applying changes. */
import { dom } from "./dom.ts";

export function createUi(session: () => string) {
	let overlay: HTMLElement | null = null;

	const ui = {
		showModal(title: string | null, children: unknown, ...classes: readonly string[]): Element {
			overlay ??= document.body.appendChild(document.createElement("div"));
			overlay.id = "modal_overlay";
			const modal = document.createElement("div");
			modal.className = ["modal", ...classes].join(" ");
			modal.setAttribute("role", "dialog");
			modal.setAttribute("aria-modal", "true");
			if (title !== null) modal.append(dom.create("h4", {}, [title]));
			dom.append(modal, children);
			overlay.replaceChildren(modal);
			document.body.classList.add("modal-overlay-active");
			return modal;
		},
		hideModal(): void {
			overlay?.replaceChildren();
			document.body.classList.remove("modal-overlay-active");
		},
		addNotification(title: string | null, children: unknown, ...classes: readonly string[]): Element {
			const node = document.createElement("div");
			node.className = ["alert-message", ...classes].join(" ");
			if (title !== null) node.append(dom.create("h4", {}, [title]));
			dom.append(node, Array.isArray(children) ? children : [children]);
			const dismiss = dom.create("button", { class: "btn", click: () => node.remove() }, [_("Dismiss")]);
			node.append(dismiss);
			document.getElementById("maincontent")?.prepend(node);
			return node;
		},
		showIndicator(id: string, label: string, handler: (() => void) | null, style = "active"): void {
			const place = document.getElementById("indicators");
			const old = place?.querySelector(`[data-indicator="${id}"]`);
			const node = dom.create("button", { "data-indicator": id, "data-style": style, click: handler }, [label]);
			if (old) old.replaceWith(node);
			else place?.append(node);
		},
		changes: {
			/** The dispatcher applies with rollback, the page confirms and comes again; LuCI counts down meanwhile. */
			async apply(): Promise<void> {
				ui.showModal(null, [dom.create("p", { class: "spinning" }, [_("Applying configuration changes ...")])]);
				for (const step of ["apply_rollback", "confirm"]) {
					const response = await fetch(`/cgi-bin/luci/admin/uci/${step}?sid=${session()}`, { method: "POST" });
					if (!response.ok) throw new Error(`${step}: HTTP error ${response.status}`);
				}
				window.location.reload();
			},
		},
	};
	return ui;
}
