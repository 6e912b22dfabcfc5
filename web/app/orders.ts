/** The orders of the operator, each behind a confirmation. */
import { el } from "../dom.ts";
import { say } from "../say.ts";
import type { App } from "./app.ts";
import { confirm, howLong } from "./kit.ts";

type Command = "restore" | "recheck" | "hold" | "release";

async function order(
	app: App,
	cmd: Command,
	more: { readonly name?: string; readonly for_s?: number } = {},
): Promise<void> {
	await app.api.order("action", { cmd, ...more });
	await app.refresh();
}

export function askFailover(app: App, name: string): void {
	const forS = howLong(true);
	const reason = el("input", { type: "text", maxlength: 200, autocomplete: "off" });
	confirm({
		title: say(_("Move the traffic to {name}"), { name }),
		text: _("New connections use it at once; open ones stay where they are while their uplink works."),
		children: [forS.root, el("label", { class: "field" }, _("Why (optional)"), reason)],
		button: _("Move the traffic"),
		async work() {
			const given = { member: name, reason: reason.value };
			await app.api.order("failover", forS.value() === "" ? given : { ...given, for_s: Number(forS.value()) });
			await app.refresh();
		},
	});
}

export function askHold(app: App, name?: string): void {
	const forS = howLong(false);
	confirm({
		title: name === undefined ? _("No automatic switches") : say(_("Set {name} aside"), { name }),
		text:
			name === undefined
				? _("The traffic stays where it is, unless its uplink dies.")
				: _("It gets no traffic while another uplink can carry it."),
		children: [forS.root],
		button: name === undefined ? _("Hold") : _("Set aside"),
		work: () => order(app, "hold", { ...(name === undefined ? {} : { name }), for_s: Number(forS.value()) }),
	});
}

export function askRestore(app: App): void {
	confirm({
		title: _("Back to the automatic choice"),
		text: _("What was ordered by hand ends; the best uplink carries the traffic."),
		button: _("Restore"),
		work: () => order(app, "restore"),
	});
}

export const release = (app: App, name?: string): Promise<void> =>
	order(app, "release", name === undefined ? {} : { name });

export const recheck = (app: App): Promise<void> => order(app, "recheck");
