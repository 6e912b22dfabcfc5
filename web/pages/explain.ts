/** A decision explained: the rule, the numbers against their thresholds, every candidate, what came of it. */
import type { Api } from "../api.ts";
import { el, replace } from "../dom.ts";
import { dateTime } from "../format.ts";
import { candidateRows, figureRows, isPending, LOOK_AGAIN_MS, LOOKS, outcomes } from "../model/journal.ts";
import { say } from "../say.ts";
import { ruleWord } from "../told.ts";
import { table } from "./controls.ts";

export async function fillExplanation(api: Api, id: string, into: HTMLElement, looks = LOOKS): Promise<void> {
	const given = await api.call("explain", { id });
	const pending = isPending(given);
	if (pending && looks > 0) {
		setTimeout(() => {
			// What cannot be read now is not worth a word: the explanation itself is there.
			if (into.isConnected) fillExplanation(api, id, into, looks - 1).catch(() => undefined);
		}, LOOK_AGAIN_MS);
	}
	const results = outcomes(given);
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
		...(results.length > 0 ? results : [pending ? _("It is being carried out.") : _("Nothing had to be done.")]).map(
			(line) => el("p", {}, line),
		),
	);
}
