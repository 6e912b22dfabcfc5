/** Versions of the configuration: kept, looked at, downloaded, restored with a way back, removed. */
import type { RpcdReply } from "../../contract/api-rpcd.ts";
import { el, replace } from "../dom.ts";
import { bytes, dateTime } from "../format.ts";
import { type Rpcd, RpcdProblem } from "../rpcd.ts";
import { say } from "../say.ts";
import { button, table, textInput } from "./controls.ts";
import { dialog } from "./dialog.ts";
import { download } from "./download.ts";
import type { Page } from "./page.ts";

type Version = RpcdReply<"backup_list">["versions"][number];

export interface Backups {
	readonly root: HTMLElement;
	/** Where the versions are shown. */
	readonly list: HTMLElement;
	refresh(): Promise<void>;
}

export function createBackups(page: Page, rpcd: Rpcd): Backups {
	const list = el("div");
	const told = el("div", { role: "status" });
	const note = textInput(_("Note (optional)"), { maxlength: "80" });
	const file = el("input", { type: "file", id: "au-restore-file" });

	async function refresh(): Promise<void> {
		const { versions, max } = await rpcd.call("backup_list");
		replace(
			list,
			el(
				"p",
				{ class: "au-small" },
				say(_("{count} of at most {max} versions; the oldest goes first."), { count: versions.length, max }),
			),
			table(
				[_("Made"), _("What"), _("Size"), _("Actions")],
				versions.map((one) => [dateTime(one.at_unix_ms), what(one), bytes(one.bytes), actions(one)]),
				_("No version is kept yet."),
			),
		);
	}

	function what(one: Version): string {
		const kind = one.kind === "before_restore" ? _("before a restore") : _("by hand");
		const parts = [kind, one.note, one.same ? _("as it is now") : ""];
		return parts.filter((part) => part !== "").join(", ");
	}

	function actions(one: Version): HTMLElement {
		const about = dateTime(one.at_unix_ms);
		return el(
			"div",
			{ class: "au-buttons" },
			button(page, _("Look"), () => look(one), { kind: "neutral", looks: true, about }),
			button(
				page,
				_("Download"),
				async () => {
					const { text } = await rpcd.call("backup_download", { id: one.id });
					download(`autonomy-${one.id}.config`, text);
				},
				{ kind: "neutral", about },
			),
			button(page, _("Restore"), () => ask(_("Restore this version?"), { id: one.id }), { kind: "action", about }),
			button(page, _("Remove"), () => remove(one), { kind: "remove", about }),
		);
	}

	async function look(one: Version): Promise<void> {
		const { text, masked } = await rpcd.call("backup_get", { id: one.id });
		const hidden = masked > 0 ? el("p", {}, say(_("{count} secret values are not shown."), { count: masked })) : null;
		const nodes = [el("pre", { class: "au-pre", tabindex: 0 }, text), ...(hidden ? [hidden] : [])];
		dialog(page, say(_("Version of {time}"), { time: dateTime(one.at_unix_ms) }), nodes, null);
	}

	function remove(one: Version): void {
		dialog(page, _("Remove this version?"), [el("p", {}, dateTime(one.at_unix_ms))], {
			text: _("Remove"),
			kind: "negative",
			async work() {
				await rpcd.call("backup_delete", { id: one.id });
				await refresh();
			},
		});
	}

	type Given = { readonly id: string } | { readonly text: string };

	function ask(title: string, given: Given, reasons: readonly string[] = []): void {
		const corrections = reasons.length > 0;
		const lines = corrections
			? [
					el("p", {}, _("The daemon would not use all of it as it is written:")),
					el("ul", {}, ...reasons.map((one) => el("li", {}, one))),
				]
			: [
					el(
						"p",
						{},
						_("It is checked first. The present configuration is kept as a version, so that this can be undone."),
					),
				];
		dialog(page, title, lines, {
			text: corrections ? _("Restore it all the same") : _("Restore"),
			work: () => restore(title, given, corrections),
		});
	}

	async function restore(title: string, given: Given, accept: boolean): Promise<void> {
		try {
			const done = await rpcd.call("backup_restore", { ...given, accept_corrections: accept });
			const undo = done.undo;
			replace(
				told,
				el(
					"div",
					{ class: "alert-message success" },
					el("p", {}, done.text),
					...done.report.map((line) => el("p", {}, line)),
					undo ? button(page, _("Undo"), () => restore(title, { id: undo }, true), { kind: "neutral" }) : null,
				),
			);
			await refresh();
		} catch (error) {
			if (!(error instanceof RpcdProblem) || error.reasons.length === 0) throw error;
			if (error.reason === "corrections") {
				// After this dialog has closed.
				setTimeout(() => ask(title, given, error.reasons));
				return;
			}
			replace(
				told,
				el(
					"div",
					{ class: "alert-message danger" },
					el("p", {}, error.message),
					el("ul", {}, ...error.reasons.map((one) => el("li", {}, one))),
				),
			);
		}
	}

	const keep = button(page, _("Keep the present configuration"), async () => {
		const { text } = await rpcd.call("backup", { note: note.value() });
		replace(told, el("p", { class: "alert-message success" }, text));
		await refresh();
	});
	const upload = button(
		page,
		_("Restore from this file"),
		async () => {
			const chosen = file.files?.[0];
			if (chosen === undefined) {
				file.focus();
				return;
			}
			ask(say(_("Restore {name}?"), { name: chosen.name }), { text: await chosen.text() });
		},
		{ kind: "neutral" },
	);
	const root = el(
		"div",
		{},
		told,
		list,
		el("div", { class: "au-filter" }, note.row, keep),
		el(
			"div",
			{ class: "au-filter au-field" },
			el("label", { for: "au-restore-file" }, _("Configuration file")),
			file,
			upload,
		),
	);
	return { root, list, refresh };
}
