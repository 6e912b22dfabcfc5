/** A decision explained: the rule, the numbers against their thresholds, every candidate, what came of it. */
import type { Api } from "../../web/api.ts";
import { el, replace } from "../../web/dom.ts";
import { dateTime } from "../../web/format.ts";
import { candidateRows, figureRows, outcomes } from "../../web/model/journal.ts";
import { say } from "../../web/say.ts";
import { table } from "./autonomy/page.ts";

/** How often it looks again for what came of a decision that is just being carried out. */
const LOOKS = 6;
const PAUSE_MS = 1500;

export async function fillExplanation(api: Api, id: string, into: HTMLElement, looks = LOOKS): Promise<void> {
	const told = await api.call("explain", { id });
	const pending = told.actions.some((action) => !told.results.some((result) => result.action_id === action.id));
	if (pending && looks > 0) {
		setTimeout(() => {
			// What cannot be read now is not worth a word: the explanation itself is there.
			if (into.isConnected) fillExplanation(api, id, into, looks - 1).catch(() => undefined);
		}, PAUSE_MS);
	}
	const results = outcomes(told);
	replace(
		into,
		el(
			"p",
			{},
			say(_("Decision {id} of {time}, by the rule {rule}."), {
				id: told.id,
				time: dateTime(told.ts),
				rule: told.rule.replaceAll("_", " "),
			}),
		),
		el("h4", {}, _("Numbers that counted")),
		table([_("What"), _("Measured"), _("Held against")], figureRows(told), _("This rule compares no numbers.")),
		el("h4", {}, _("Every uplink at that moment")),
		table([_("Uplink"), _("State"), _("Score"), _("Why not")], candidateRows(told), _("None was known.")),
		el("h4", {}, _("What came of it")),
		...(results.length > 0 ? results : [pending ? _("It is being carried out.") : _("Nothing had to be done.")]).map(
			(line) => el("p", {}, line),
		),
	);
}
