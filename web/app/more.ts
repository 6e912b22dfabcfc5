/** Everything else: notifications, installing, language, who is logged in, what runs on the router, the way to LuCI. */
import { el, replace, setText } from "../dom.ts";
import { duration } from "../format.ts";
import { say } from "../say.ts";
import type { App, View } from "./app.ts";
import { canInstall, installApp, installText } from "./device.ts";
import { button, choice, failureText, toast } from "./kit.ts";
import { chooseLanguage, chosenLanguage, LANGUAGES } from "./language.ts";
import { pushOff, pushOn, pushState } from "./push.ts";
import type { AppState } from "./state.ts";

export function createMore(app: App): View & { installable(): void } {
	const push = el("div");
	const install = el("div");
	const about = el("p", { class: "quiet" });
	const names = Object.entries(LANGUAGES).map(([key, name]): [string, string] => [key, name]);
	const language = choice(_("Language"), [["", _("as the phone")], ...names], chosenLanguage() ?? "", (value) => {
		chooseLanguage(value);
		location.reload();
	});
	const { user, write, kind } = app.session;
	const pages = kind === "rutos" ? "/" : "/cgi-bin/luci/admin/network/autonomy/overview";
	const root = el(
		"div",
		{ class: "view" },
		el("h1", { tabindex: "-1" }, _("More")),
		el("section", { class: "panel" }, el("h2", {}, _("Alerts on this phone")), push),
		el("section", { class: "panel" }, el("h2", {}, _("Install")), install),
		el("section", { class: "panel" }, language.root),
		el(
			"section",
			{ class: "panel" },
			el("h2", {}, _("Account")),
			el(
				"p",
				{},
				say(write ? _("Logged in as {user}.") : _("Logged in as {user}, who may look but not change anything."), {
					user,
				}),
			),
			button(_("Log out"), () => app.logout()),
		),
		el(
			"section",
			{ class: "panel" },
			el("h2", {}, _("This router")),
			about,
			el("p", {}, el("a", { class: "button", href: pages }, _("Settings and all other pages"))),
		),
	);

	async function drawPush(): Promise<void> {
		const { text, offer, status } = await pushState(app);
		const after = (work: Promise<unknown>): Promise<void> => work.then(drawPush);
		const test = async (): Promise<void> => {
			const { ok, text: said } = await app.api.call("send_test_notification", { channel: "push" });
			toast(said, ok ? "good" : "bad");
		};
		replace(
			push,
			el("p", {}, text),
			status !== null && status.subscriptions.length > 0
				? el(
						"p",
						{ class: "quiet" },
						say(_("Told are: {list}."), { list: status.subscriptions.map((one) => one.label).join("; ") }),
					)
				: null,
			el(
				"div",
				{ class: "buttons" },
				offer === "on" ? button(_("Tell this phone"), () => after(pushOn(app)), { kind: "main", icon: "bell" }) : null,
				offer === "off" ? button(_("Send a test"), test, { icon: "bell" }) : null,
				offer === "off" ? button(_("Stop"), () => after(pushOff(app))) : null,
			),
		);
	}

	function drawInstall(): void {
		replace(
			install,
			el("p", {}, installText()),
			canInstall() ? button(_("Install"), () => installApp().then(drawInstall), { kind: "main" }) : null,
		);
	}

	return {
		root,
		draw(state: AppState) {
			const uptime = state.status?.uptime_s;
			if (state.trouble === null && about.textContent === "" && uptime !== undefined) {
				app.api.call("info").then(
					({ version, runtime, platform }) =>
						setText(
							about,
							say(_("autonomy {version} on {runtime}, running for {time}. {platform}"), {
								version,
								runtime,
								time: duration(uptime),
								platform: platform ?? "",
							}),
						),
					() => undefined,
				);
			}
		},
		shown() {
			drawInstall();
			drawPush().catch((error: unknown) => replace(push, el("p", {}, failureText(error))));
		},
		installable: drawInstall,
	};
}
