/**
 * Text -> typed value by the description of an option, with words for what is wrong. The same checks serve the daemon's
 * reading of UCI, config.set on ubus and forms.
 */
import type { ItemFormat, ListOption, NumberOption, OptionSpec, OptionValue, TextFormat } from "./schema.ts";

export interface Checked {
	/** Null: nothing usable. For a list: the items that are right. */
	readonly value: Exclude<OptionValue, null> | null;
	/** What is wrong, e.g. "is not a whole number from 0 to 100". Empty when all is right. */
	readonly problems: readonly string[];
}

const TRUE_WORDS: ReadonlySet<string> = new Set(["1", "on", "true", "yes", "enabled"]);
const FALSE_WORDS: ReadonlySet<string> = new Set(["0", "off", "false", "no", "disabled"]);
const MAX_TEXT = 256;
/** Problems told per list, and characters of a wrong item. */
const MAX_PROBLEMS = 8;
const MAX_SAID = 48;

/** `raw` as UCI has it: a string, or a list of strings. */
export function checkOption(option: OptionSpec, raw: string | readonly string[]): Checked {
	const text = typeof raw === "string" ? raw : raw.length === 1 ? raw[0] : undefined;
	if (option.type !== "list" && text === undefined) return wrong("is a list, but takes one value");
	const word = text?.trim() ?? "";
	switch (option.type) {
		case "list":
			return checkList(option, raw);
		case "bool": {
			const lower = word.toLowerCase();
			if (TRUE_WORDS.has(lower)) return right(true);
			return FALSE_WORDS.has(lower) ? right(false) : wrong(`is not ${expectation(option)}`);
		}
		case "int":
		case "number":
			return checkNumber(option, word);
		case "enum": {
			const lower = word.toLowerCase();
			return option.values.includes(lower) ? right(lower) : wrong(`is not ${expectation(option)}`);
		}
		case "text":
			return word.length <= (LONG_TEXT[option.format] ?? MAX_TEXT) && TEXT_CHECKS[option.format](word)
				? right(word)
				: wrong(`is not ${expectation(option)}`);
	}
}

/** What an option takes, for messages and reference pages: "a whole number from 0 to 100". */
export function expectation(option: OptionSpec): string {
	switch (option.type) {
		case "bool":
			return "yes or no (1 or 0)";
		case "int":
			return `a whole number from ${option.min} to ${option.max}`;
		case "number":
			return `a number from ${option.min} to ${option.max}`;
		case "enum":
			return `one of ${option.values.join(", ")}`;
		case "text":
			return {
				path: "an absolute path",
				hostname: "a DNS name",
				ipv4: "an IPv4 address",
				word: "a single word",
				word_dash: "a single word, dashes and dots allowed",
				token: "a key",
				line: "a line of text",
				url: "an address that begins with http:// or https://",
				clock: "a time of day such as 22:00",
				mail: "a mail address",
				topic: "an MQTT topic without wildcards",
				template: "a line of text",
			}[option.format];
		case "list":
			return `up to ${option.maxItems} times ${ITEM_WORDS[option.format]}`;
	}
}

/** The form in which a value is written to UCI. */
export function uciText(value: Exclude<OptionValue, null>): string | readonly string[] {
	if (typeof value === "boolean") return value ? "1" : "0";
	if (typeof value === "object") return value.map(String);
	return String(value);
}

const ITEM_WORDS: Readonly<Record<ItemFormat, string>> = {
	ipv4: "an IPv4 address",
	ipv6: "an IPv6 address",
	port: "a port from 1 to 65535",
	mail: "a mail address",
	phone: "a telephone number with its country code",
};

const TEXT_CHECKS: Readonly<Record<TextFormat, (text: string) => boolean>> = {
	path: (text) => /^\/[!-~][ -~]*$/.test(text) && !text.split("/").includes(".."),
	hostname: (text) =>
		text.length <= 253 && text.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)),
	ipv4: isIpv4,
	word: (text) => /^[A-Za-z0-9_]{1,64}$/.test(text),
	word_dash: (text) => /^[A-Za-z0-9_.-]{1,64}$/.test(text),
	token: (text) => /^[A-Za-z0-9._~-]{8,128}$/.test(text),
	line: isLine,
	url: (text) => /^https?:\/\/[A-Za-z0-9[][!-~]*$/i.test(text) && !/[\\"<>^`{|}]/.test(text),
	clock: (text) => /^([01]\d|2[0-3]):[0-5]\d$/.test(text),
	mail: isMail,
	topic: (text) => /^[^+#/]+(\/[^+#/]+)*$/.test(text) && isLine(text),
	template: isLine,
};

/** Longer than other texts, because those who make them do not count. */
const LONG_TEXT: Readonly<Partial<Record<TextFormat, number>>> = { url: 1024, template: 4096 };

function isLine(text: string): boolean {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
	return text !== "" && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

/** What SMTP takes without quoting (RFC 5321 4.1.2), in ASCII. */
function isMail(text: string): boolean {
	return (
		text.length <= 254 && /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)
	);
}

function right(value: Exclude<OptionValue, null>): Checked {
	return { value, problems: [] };
}

function wrong(problem: string): Checked {
	return { value: null, problems: [problem] };
}

function checkNumber(option: NumberOption, word: string): Checked {
	const shape = option.type === "int" ? /^[+-]?\d{1,15}$/ : /^[+-]?\d{1,15}(\.\d{1,6})?$/;
	const number = shape.test(word) ? Number(word) : Number.NaN;
	return number >= option.min && number <= option.max ? right(number) : wrong(`is not ${expectation(option)}`);
}

function checkList(option: ListOption, raw: string | readonly string[]): Checked {
	const items = typeof raw === "string" ? raw.split(/[\s,]+/) : raw.map((item) => item.trim());
	const problems: string[] = [];
	const good: string[] = [];
	for (const item of items) {
		if (item === "") continue;
		const lower = item.toLowerCase();
		const said = item.length > MAX_SAID ? `${item.slice(0, MAX_SAID)}...` : item;
		if (!isItem(option.format, lower)) problems.push(`holds '${said}', which is not ${ITEM_WORDS[option.format]}`);
		else if (good.includes(lower)) problems.push(`holds ${said} twice`);
		else if (good.length >= option.maxItems) problems.push(`has more than ${option.maxItems} entries`);
		else good.push(lower);
		if (problems.length >= MAX_PROBLEMS) break;
	}
	if (good.length === 0) return { value: null, problems: problems.length > 0 ? problems : ["is empty"] };
	return { value: option.format === "port" ? good.map(Number) : good, problems };
}

function isItem(format: ItemFormat, text: string): boolean {
	if (format === "port") return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
	if (format === "mail") return isMail(text);
	if (format === "phone") return /^\+?[0-9]{6,15}$/.test(text);
	return format === "ipv4" ? isIpv4(text) : isIpv6(text);
}

/** Four decimal numbers from 0 to 255 without leading zeros. */
export function isIpv4(text: string): boolean {
	const parts = text.split(".");
	return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** The text forms of RFC 4291 2.2, without a zone. */
export function isIpv6(text: string): boolean {
	if (text.length > 45 || !text.includes(":")) return false;
	const halves = text.split("::");
	if (halves.length > 2) return false;
	let groups = 0;
	for (const [index, half] of halves.entries()) {
		if (half === "") continue;
		const parts = half.split(":");
		for (const [position, part] of parts.entries()) {
			const last = index === halves.length - 1 && position === parts.length - 1;
			if (last && part.includes(".")) {
				if (!isIpv4(part)) return false;
				groups += 2;
			} else if (/^[0-9a-f]{1,4}$/i.test(part)) {
				groups += 1;
			} else {
				return false;
			}
		}
	}
	return halves.length === 2 ? groups <= 7 : groups === 8;
}
