/** Logging in with the router's own account. */
import { errorCode } from "../api.ts";
import { el, setText } from "../dom.ts";
import { say } from "../say.ts";
import { icon } from "./icons.ts";
import { failureText } from "./kit.ts";
import { login, logout, type Session } from "./session.ts";

function problem(error: unknown): string {
	const code = errorCode(error);
	if (code === "denied") return _("The router refuses this name or password.");
	if (code === "absent") {
		return _(
			"This web server offers no way to ask the router. On OpenWrt install uhttpd-mod-ubus, on RutOS vuci-app-autonomy-api.",
		);
	}
	return failureText(error);
}

/** `why`: what was before, said above the form. */
export function showLogin(why: string, done: (session: Session) => void): void {
	const user = el("input", {
		name: "username",
		autocomplete: "username",
		autocapitalize: "none",
		value: "root",
		required: true,
	});
	const password = el("input", { name: "password", type: "password", autocomplete: "current-password" });
	const lasting = el("input", { type: "checkbox" });
	const told = el("p", { class: "wrong", role: "alert" }, why);
	const submit = el("button", { class: "button main" }, el("span", {}, _("Log in")));
	const form = el(
		"form",
		{ class: "login" },
		el("img", { src: "icon.svg", alt: "", width: 72, height: 72 }),
		el("h1", {}, "autonomy"),
		el(
			"p",
			{ class: "quiet" },
			say(_("Log in to the router {name} with its own account."), { name: location.hostname }),
		),
		told,
		el("label", { class: "field" }, _("User"), user),
		el("label", { class: "field" }, _("Password"), password),
		el("label", { class: "check" }, lasting, _("Stay logged in on this phone for 14 days")),
		submit,
		isSecureContext
			? null
			: el("p", { class: "quiet insecure" }, icon("warn"), _("Over http others in this network may read along.")),
	);
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		submit.disabled = true;
		setText(told, "");
		login(user.value, password.value, lasting.checked)
			.then(async (session) => {
				if (session.read) return done(session);
				await logout(session);
				setText(
					told,
					say(
						_(
							"{user} may not see autonomy. Whoever manages the router can grant the right luci-app-autonomy: list read in the login's section of /etc/config/rpcd.",
						),
						{ user: session.user },
					),
				);
			})
			.catch((error: unknown) => setText(told, problem(error)))
			.finally(() => {
				submit.disabled = false;
			});
	});
	document.body.replaceChildren(el("main", { class: "front" }, form));
	(user.value === "" ? user : password).focus();
}
