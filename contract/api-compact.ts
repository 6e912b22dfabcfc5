/**
 * Methods and notifications as short texts. The daemon holds them that way and reads one when it is called: as objects they
 * take 330 kB of the memory of QuickJS (measured), as texts 14. What only people read (help, units, allowed words of
 * replies) is left out; what an argument that must be there is for stays, since a caller who leaves it out is told.
 *
 * Fields: `name:field,name:field`. A field is a letter, {fields}, [field] for a list or <field> for a map; then the greatest
 * length of a text, if it has one, and ? when it may be left out.
 */
import type { Args, Field, Fields, MethodSpec } from "./api-schema.ts";

const LETTERS = { string: "s", int32: "i", int64: "l", double: "d", bool: "b", uci: "u" } as const;
const TYPES: Readonly<Record<string, keyof typeof LETTERS>> = {
	s: "string",
	i: "int32",
	l: "int64",
	d: "double",
	b: "bool",
	u: "uci",
};

export function packFields(fields: Fields): string {
	return Object.entries(fields)
		.map(([name, field]) => {
			if (!/^\w+$/.test(name)) throw new Error(`no name for a field: ${name}`);
			return `${name}:${packField(field)}`;
		})
		.join(",");
}

function packField(field: Field): string {
	const end = field.optional ? "?" : "";
	if (field.type === "table") return `{${packFields(field.fields)}}${end}`;
	if (field.type === "list") return `[${packField(field.of)}]${end}`;
	if (field.type === "map") return `<${packField(field.of)}>${end}`;
	const most = field.type === "string" && "maxLength" in field ? field.maxLength : undefined;
	return `${LETTERS[field.type]}${most ?? ""}${end}`;
}

/** Only what packFields makes. */
export function unpackFields(text: string): Fields {
	return readFields({ text, at: 0 });
}

// Not functions within one another: those are garbage that only the collector finds.
interface Reader {
	readonly text: string;
	at: number;
}

function readFields(from: Reader): Fields {
	const { text } = from;
	const found: Record<string, Field> = {};
	while (from.at < text.length && text[from.at] !== "}") {
		const colon = text.indexOf(":", from.at);
		const name = text.slice(from.at, colon);
		from.at = colon + 1;
		found[name] = readField(from);
		if (text[from.at] === ",") from.at++;
	}
	return found;
}

function readField(from: Reader): Field {
	const made = readBody(from);
	if (from.text[from.at] !== "?") return made;
	from.at++;
	return { ...made, optional: true };
}

function readBody(from: Reader): Field {
	const { text } = from;
	const sign = text[from.at++] ?? "";
	if (sign === "{") {
		const fields = readFields(from);
		from.at++;
		return { type: "table", help: "", fields };
	}
	if (sign === "[" || sign === "<") {
		const of = readField(from);
		from.at++;
		return { type: sign === "[" ? "list" : "map", help: "", of };
	}
	const start = from.at;
	while ((text[from.at] ?? "") >= "0" && (text[from.at] ?? "") <= "9") from.at++;
	const most = start === from.at ? {} : { maxLength: Number(text.slice(start, from.at)) };
	return { type: TYPES[sign] ?? "string", help: "", ...most } as Field;
}

/** rights, arguments as JSON, fields of the reply; in lines. */
export function packMethod({ rights, args, reply }: MethodSpec): string {
	const short = Object.entries(args).map(([name, { help, unit, ...arg }]) => [
		name,
		arg.required ? { ...arg, help } : arg,
	]);
	return [rights, JSON.stringify(Object.fromEntries(short)), packFields(reply)].join("\n");
}

/** Only what packMethod makes. */
export function unpackMethod(text: string): MethodSpec {
	const [rights = "", args = "{}", reply = ""] = text.split("\n");
	return {
		help: "",
		rights: rights === "write" ? "write" : "read",
		args: JSON.parse(args) as Args,
		reply: unpackFields(reply),
		errors: [],
	};
}

/** A record or list that holds texts and gives what is made of one, anew each time it is asked. */
export function unpacked<T extends object>(texts: object, unpack: (text: string) => unknown): T {
	return new Proxy(texts, {
		get(target, name) {
			const value: unknown = Reflect.get(target, name);
			return typeof value === "string" ? unpack(value) : value;
		},
	}) as T;
}
