/** A decision explained: the numbers against their thresholds, every candidate, what came of it. */
import type { Reply } from "../../contract/api.ts";
import { duration, number, percent, withUnit } from "../format.ts";
import { say } from "../say.ts";
import { figureWord, told } from "../told.ts";
import { stateWord } from "../words.ts";

export type Explanation = Reply<"explain">;

/** How often it is looked again for what came of a decision that is just being carried out. */
const LOOKS = 6;
const LOOK_AGAIN_MS = 1500;

/**
 * Shows an explanation, and again while the decision is just being carried out. Rejects if it cannot be read at first; a
 * later look that fails is not worth a word, the explanation itself is there.
 */
export async function followExplanation(
	read: () => Promise<Explanation>,
	show: (explanation: Explanation) => void,
	isShown: () => boolean,
	looks = LOOKS,
): Promise<void> {
	const explanation = await read();
	if (isPending(explanation) && looks > 0) {
		setTimeout(() => {
			if (isShown()) followExplanation(read, show, isShown, looks - 1).catch(() => undefined);
		}, LOOK_AGAIN_MS);
	}
	show(explanation);
}

/** Rows of: what, as measured, held against. */
export function figureRows(explanation: Explanation): readonly (readonly [string, string, string])[] {
	return explanation.figures.map(({ name, value, threshold, unit }) => [
		figureWord(name),
		figure(value, unit, name),
		figure(threshold, unit, name),
	]);
}

function figure(value: number | null | undefined, unit: string, name: string): string {
	// How long something lasted is told in seconds, round trips in milliseconds.
	if (unit === "ms" && name.endsWith("for")) return withUnit(typeof value === "number" ? value / 1000 : value, "s", 1);
	if (unit === "s") return duration(value);
	if (unit === "%") return percent(value);
	return withUnit(value, unit, typeof value === "number" && Math.abs(value) < 10 ? 1 : 0);
}

/** Rows of: uplink, state, score, why not. */
export function candidateRows(explanation: Explanation): readonly (readonly [string, string, string, string])[] {
	return explanation.candidates.map(({ name, state, score, why_not }) => [
		name,
		stateWord(state),
		number(score),
		why_not ? told(why_not) : name === explanation.to ? _("chosen") : "",
	]);
}

/** Something of it has not been heard of yet. */
function isPending({ actions, results }: Explanation): boolean {
	return actions.some((action) => !results.some((result) => result.action_id === action.id));
}

/** Lines of what the network was told and what came of it. */
export function outcomes(explanation: Explanation): readonly string[] {
	const lines = explanation.results.map(({ ok, text, method, duration_ms }) =>
		say(ok ? _("Done in {time} ({method}): {text}") : _("Did not take, {time} ({method}): {text}"), {
			time: withUnit(duration_ms, "ms"),
			method: method.replaceAll("_", " "),
			text,
		}),
	);
	const released = explanation.actions.flatMap((action) => action.released);
	if (released.length > 0)
		lines.push(say(_("Connections stuck on {names} were freed."), { names: [...new Set(released)].join(", ") }));
	if (lines.length > 0) return lines;
	return [isPending(explanation) ? _("It is being carried out.") : _("Nothing had to be done.")];
}
