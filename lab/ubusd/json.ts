/**
 * JSON to and from blobmsg, digit for digit as the `ubus` command and uhttpd do it, odd corners included: whole numbers
 * become INT32 or INT64 (clamped), everything with a point or exponent DOUBLE; doubles print with six decimals, NaN and
 * infinity as words no JSON reader takes, members without a name as a bare value. Text behind the object is ignored.
 */

import { readU16, readU32 } from "../../daemon/bus/blob.ts";
import { type BlobInput, type BlobInputTable, MAX_DEPTH, TypedNumber, WIRE } from "../../daemon/bus/blobmsg.ts";
import { type Field, readDouble, readField, readInt64, readText } from "../../daemon/bus/blobmsg-read.ts";
import { STATUS } from "../../daemon/bus/status.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
	"\b": "\\b",
	"\n": "\\n",
	"\t": "\\t",
	"\r": "\\r",
	'"': '\\"',
	"\\": "\\\\",
};

function escaped(char: string): string {
	return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function quoted(text: string): string {
	let out = '"';
	for (const char of text) {
		const short = SHORT_ESCAPES[char];
		if (short !== undefined) out += short;
		else if (char < " ") out += escaped(char);
		else out += char;
	}
	return `${out}"`;
}

/** printf's %lf: six decimals, exact ties to the even digit, never an exponent. */
export function formatDouble(value: number): string {
	if (Number.isNaN(value)) return "nan";
	const sign = value < 0 || Object.is(value, -0) ? "-" : "";
	const size = Math.abs(value);
	if (size === Number.POSITIVE_INFINITY) return `${sign}inf`;
	if (size >= 1e21) return `${sign}${BigInt(size)}.000000`;
	const exact = size.toFixed(60);
	const cut = exact.length - 54;
	const kept = exact.slice(0, cut);
	const isEven = "02468".includes(kept.at(-1) ?? "");
	const isTie = /^50*$/.test(exact.slice(cut));
	return `${sign}${isTie && isEven ? kept : size.toFixed(6)}`;
}

/** How a value prints instead of its usual way; null: as usual. */
export type CustomFormat = (bytes: Uint8Array, field: Field) => string | null;

interface Printer {
	readonly bytes: Uint8Array;
	readonly indented: boolean;
	readonly custom: CustomFormat | null;
}

function formatValue(printer: Printer, field: Field, level: number): string {
	const { bytes } = printer;
	const special = printer.custom?.(bytes, field) ?? null;
	if (special !== null) return special;
	switch (field.type) {
		case WIRE.bool:
			return bytes[field.start] === 0 ? "false" : "true";
		case WIRE.int16:
			return String((readU16(bytes, field.start) << 16) >> 16);
		case WIRE.int32:
			return String(readU32(bytes, field.start) | 0);
		case WIRE.int64:
			return readInt64(bytes, field.start).toString();
		case WIRE.double:
			return formatDouble(readDouble(bytes, field.start));
		case WIRE.string:
			return quoted(readText(bytes, field));
		case WIRE.array:
		case WIRE.table:
			return formatList(printer, field.start, field.end, field.type === WIRE.array, level);
		default:
			return "null";
	}
}

function formatList(printer: Printer, start: number, end: number, isArray: boolean, level: number): string {
	const lineBreak = (depth: number): string => (printer.indented ? `\n${"\t".repeat(Math.min(depth, 16))}` : "");
	const parts: string[] = [];
	let at = start;
	while (at < end) {
		const field = readField(printer.bytes, at, end, isArray);
		const name = isArray || field.name === "" ? "" : `${quoted(field.name)}:${printer.indented ? " " : ""}`;
		parts.push(`${lineBreak(level + 1)}${name}${formatValue(printer, field, level + 1)}`);
		at = field.next;
	}
	// libubox breaks the line for the first member before it knows that there is none.
	const body = parts.length === 0 ? lineBreak(level + 1) : parts.join(",");
	return `${isArray ? "[" : "{"}${body}${lineBreak(level)}${isArray ? "]" : "}"}`;
}

/** Members standing one after the other (as callRaw and listeners give them) as one JSON object. */
export function toJson(raw: Uint8Array, options: { indented?: boolean; custom?: CustomFormat } = {}): string {
	const printer = { bytes: raw, indented: options.indented ?? false, custom: options.custom ?? null };
	return formatList(printer, 0, raw.length, false, 0);
}

const SPACE = /[\t\n\r ]*/y;
const NUMBER = /-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const STRING = /"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

function wholeNumber(text: string): TypedNumber {
	const value = BigInt(text);
	if (value >= -(2n ** 31n) && value < 2n ** 31n) return new TypedNumber("int32", Number(value));
	const clamped = value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value;
	return new TypedNumber("int64", clamped);
}

function isTable(value: BlobInput): value is BlobInputTable {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof TypedNumber);
}

/** An object as typed members, ready to be sent. Throws bus_bad_argument with status PARSE_ERROR. */
export function fromJson(text: string): BlobInputTable {
	let at = 0;

	function fail(what: string): never {
		const context = { offset: at, status: STATUS.parseError };
		throw new AutonomyError("bus_bad_argument", `JSON: ${what} at character ${at}`, context);
	}

	function take(pattern: RegExp): string | null {
		pattern.lastIndex = at;
		const found = pattern.exec(text)?.[0] ?? null;
		if (found !== null) at += found.length;
		return found;
	}

	function accept(char: string): boolean {
		take(SPACE);
		if (text[at] !== char) return false;
		at++;
		return true;
	}

	function expect(char: string): void {
		if (!accept(char)) fail(`${char} expected`);
	}

	function readString(): string {
		take(SPACE);
		const found = take(STRING);
		if (found === null) return fail("string expected");
		// JSON.parse is stricter about control characters than json-c, which takes them as they are.
		const clean = [...found].map((char) => (char < " " ? escaped(char) : char)).join("");
		return JSON.parse(clean) as string;
	}

	function readMembers(depth: number): BlobInputTable {
		const entries: [string, BlobInput][] = [];
		if (accept("}")) return {};
		do {
			const name = readString();
			expect(":");
			entries.push([name, readAny(depth)]);
		} while (accept(","));
		expect("}");
		return Object.fromEntries(entries);
	}

	function readItems(depth: number): BlobInput[] {
		const items: BlobInput[] = [];
		if (accept("]")) return items;
		do items.push(readAny(depth));
		while (accept(","));
		expect("]");
		return items;
	}

	function readAny(depth: number): BlobInput {
		if (depth > MAX_DEPTH) fail("nested too deeply");
		if (accept("{")) return readMembers(depth + 1);
		if (accept("[")) return readItems(depth + 1);
		if (text[at] === '"') return readString();
		const word = take(WORD);
		if (word === "null") return null;
		if (word === "true" || word === "false") return word === "true";
		if (word !== null) return new TypedNumber("double", Number(word));
		const number = take(NUMBER);
		if (number === null) return fail("value expected");
		return /^-?[0-9]+$/.test(number) ? wholeNumber(number) : new TypedNumber("double", Number(number));
	}

	const value = readAny(1);
	return isTable(value) ? value : fail("an object is wanted, the text ends");
}
