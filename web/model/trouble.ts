/** What a person can do when the daemon does not answer. Pure. */
import type { ApiErrorCode } from "../api.ts";
import { duration } from "../format.ts";
import { say } from "../say.ts";

export interface TroubleWords {
	readonly tone: "warning" | "danger";
	readonly title: string;
	readonly advice: string;
}

/** `ageS`: how old the figures on the page are; null: there are none. */
export function troubleWords(code: ApiErrorCode, text: string, ageS: number | null): TroubleWords {
	const old = ageS === null ? "" : ` ${say(_("What is shown is {time} old."), { time: duration(ageS) })}`;
	switch (code) {
		case "absent":
			return {
				tone: "danger",
				title: _("The daemon does not run."),
				advice:
					_(
						"Nobody watches the uplinks. Start it in the router's own pages under Autonomy, System, or with /etc/init.d/autonomy start; the system log tells why it ended.",
					) + old,
			};
		case "denied":
			return {
				tone: "warning",
				title: _("The router refuses to tell."),
				advice: _(
					"Your session is over, or your account may not see this. Log in again; if that does not help, ask for the right luci-app-autonomy.",
				),
			};
		case "offline":
			return {
				tone: "warning",
				title: _("The router does not answer."),
				advice:
					_("It is asked again every few seconds. Check the cable or the Wi-Fi between you and the router.") + old,
			};
		case "timeout":
			return {
				tone: "warning",
				title: _("The answer takes too long."),
				advice: _("The router is busy; it is asked again.") + old,
			};
		default:
			return { tone: "danger", title: _("Something went wrong."), advice: `${text}${old}` };
	}
}
