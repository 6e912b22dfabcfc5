/**
 * A problem of the configuration, as daemon/config/report.ts writes it: the thing, what is wrong with it, what is used
 * instead. "/etc/config/autonomy, section main, option pin_s 'x' is not a whole number from 0 to 100; '9' is used". Values
 * stand in quotes and may hold anything. Pure.
 */
import { say } from "./say.ts";

const SUBJECT = /^(\/[^\s,:]+)(?:, line (\d+))?(?:, section ([^\s:]+?))?(?:, option (\w+))?(?=[ :])/;
/** A value may hold what looks like its end; looked at so often. */
const MOST_ENDS = 8;

type Translate = (text: string) => string | null;

/** Null: it is none, or what is wrong is not known. */
export function problem(text: string, translate: Translate): string | null {
	const found = SUBJECT.exec(text);
	if (found === null) return null;
	const [all, file = "", line, section, option] = found;
	const subject = [file];
	if (line !== undefined) subject.push(say(_("line {count}"), { count: line }));
	if (section !== undefined) subject.push(say(_("section {name}"), { name: section }));
	if (option !== undefined) subject.push(say(_("option {name}"), { name: option }));
	const thing = subject.join(", ");
	const rest = text.slice(all.length);
	if (option === undefined || !rest.startsWith(" '")) return follow(thing, rest, translate);
	let end = 1;
	for (let tries = 0; tries < MOST_ENDS; tries++) {
		end = rest.indexOf("' ", end + 1);
		if (end < 0) return null;
		const told = follow(`${thing}${rest.slice(0, end + 1)}`, rest.slice(end + 1), translate);
		if (told !== null) return told;
	}
	return null;
}

function follow(thing: string, rest: string, translate: Translate): string | null {
	const mark = rest.startsWith(": ") ? ": " : " ";
	if (!rest.startsWith(mark)) return null;
	const told = instead(rest.slice(mark.length), translate);
	return told === null ? null : `${thing}${mark}${told}`;
}

function instead(text: string, translate: Translate): string | null {
	const broken = /^(.*); (.*?) is used until the file is put right$/s.exec(text);
	if (broken !== null) {
		const [why, what] = [translate(broken[1] ?? ""), translate(broken[2] ?? "")];
		return why === null || what === null
			? null
			: say(_("{why}; {what} is used until the file is put right"), { why, what });
	}
	const used = /^(.*); ('.*') is used$/s.exec(text);
	if (used !== null) {
		const [, wrong = "", value = ""] = used;
		const told = instead(wrong, translate);
		return told === null ? null : say(_("{problem}; {value} is used"), { problem: told, value });
	}
	const unset = /^(.*); it counts as not set \((.*)\)$/s.exec(text);
	if (unset !== null) {
		const [, wrong = "", meaning = ""] = unset;
		const told = translate(wrong);
		// What that means is the contract's text, translated with the option's help.
		return told === null
			? null
			: say(_("{problem}; it counts as not set ({meaning})"), { problem: told, meaning: _(meaning) });
	}
	return translate(text);
}
