/** A decision explained: the rule, the numbers against their thresholds, every candidate, what came of it. */
import type { Api } from "../../web/api.ts";
import { el, replace } from "../../web/dom.ts";
import { dateTime } from "../../web/format.ts";
import { candidateRows, figureRows, outcomes } from "../../web/model/journal.ts";
import { say } from "../../web/say.ts";
import { table } from "./autonomy/page.ts";

export async function fillExplanation(api: Api, id: string, into: HTMLElement): Promise<void> {
	const told = await api.call("explain", { id });
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
		...(results.length > 0 ? results : [_("Nothing had to be done.")]).map((line) => el("p", {}, line)),
	);
}
