"require baseclass";
"require autonomy.kit as kit";

/** The card on LuCI's own status page: one line of state, one line per uplink. LuCI asks again by itself. */
import type { Reply } from "../../../../../contract/api.ts";
import { errorCode, errorText } from "../../../../../web/api.ts";
import { el } from "../../../../../web/dom.ts";
import { number } from "../../../../../web/format.ts";
import { headline } from "../../../../../web/model/overview.ts";
import { troubleWords } from "../../../../../web/model/trouble.ts";
import { table } from "../../../../../web/pages/controls.ts";
import { ensureStyles, pageApi } from "../../../../../web/pages/page.ts";
import { classWord, stateTone, stateWord } from "../../../../../web/words.ts";

type Loaded = { readonly status: Reply<"status"> } | { readonly error: unknown };

export default baseclass.extend({
	title: _("Internet uplinks"),

	load(): Promise<Loaded> {
		return pageApi()
			.call("status")
			.then(
				(status) => ({ status }),
				(error: unknown) => ({ error }),
			);
	},

	render(loaded: Loaded): HTMLElement | null {
		ensureStyles();
		if (!("status" in loaded)) {
			const code = errorCode(loaded.error);
			// Who may not see it needs no card that says so.
			if (code === "denied") return null;
			const told = troubleWords(code, errorText(loaded.error), null);
			return el("div", { class: "au-card-status" }, el("p", {}, el("strong", {}, told.title), " ", told.advice));
		}
		const { status } = loaded;
		const told = headline(status);
		return el(
			"div",
			{ class: "au-card-status" },
			el(
				"p",
				{ class: `au-${told.tone}` },
				el("a", { class: "au-badge", href: L.url("admin", "network", "autonomy", "overview") }, told.headline),
			),
			table(
				[_("Uplink"), _("Kind"), _("State"), _("Score")],
				status.rank.map((one) => [
					one.name,
					classWord(one.class),
					el("span", { class: `au-badge au-${stateTone(one.state)}` }, stateWord(one.state)),
					number(one.final),
				]),
				_("No uplink was found."),
			),
		);
	},
});
