/** Replies as the contract allows them, with the same outside text wherever a text comes from outside. */
import type { Field, Fields } from "../../contract/api-schema.ts";

/** Numbers are 7, lists have one entry, maps one key: the text itself. */
export function invent(fields: Fields, text: string): Record<string, unknown> {
	return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, value(field, text)]));
}

function value(field: Field, text: string): unknown {
	switch (field.type) {
		case "bool":
			return true;
		case "string":
			return field.values?.[0] ?? text;
		case "table":
			return invent(field.fields, text);
		case "list":
			return [value(field.of, text)];
		case "map":
			return { [text]: value(field.of, text) };
		case "uci":
			return text;
		default:
			return field.unit === "ms since 1970" ? Date.now() : 7;
	}
}
