/** A decision explained: the rule, the numbers against their thresholds, every candidate, what came of it. */
import type { Api } from "../api.ts";
import { el, replace } from "../dom.ts";
import { dateTime } from "../format.ts";
import { candidateRows, type Explanation, figureRows, followExplanation, outcomes } from "../model/explanation.ts";
import { say } from "../say.ts";
import { ruleWord } from "../told.ts";
import { table } from "./controls.ts";

export function fillExplanation(api: Api, id: string, into: HTMLElement): Promise<void> {
	const show = (given: Explanation): void =>
		replace(
			into,
			el(
				"p",
				{},
				say(_("Decision {id} of {time}, by the rule {rule}."), {
					id: given.id,
					time: dateTime(given.ts),
					rule: ruleWord(given.rule),
				}),
			),
			el("h4", {}, _("Numbers that counted")),
			table([_("What"), _("Measured"), _("Held against")], figureRows(given), _("This rule compares no numbers.")),
			el("h4", {}, _("Every uplink at that moment")),
			table([_("Uplink"), _("State"), _("Score"), _("Why not")], candidateRows(given), _("None was known.")),
			el("h4", {}, _("What came of it")),
			...outcomes(given).map((line) => el("p", {}, line)),
		);
	return followExplanation(
		() => api.call("explain", { id }),
		show,
		() => into.isConnected,
	);
}
