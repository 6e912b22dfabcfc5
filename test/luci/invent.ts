/** Replies as the contract allows them, with the same outside text wherever a text comes from outside. */
import { API } from "../../contract/api.ts";
import { RPCD_API } from "../../contract/api-rpcd.ts";
import type { Field, Fields } from "../../contract/api-schema.ts";
import { SECTIONS } from "../../contract/options.ts";
import type { LuciServer } from "../../lab/luci/server.ts";

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

/** Every method of both objects and the configuration, without a router. */
export function answerAll(server: LuciServer, text: string): void {
	for (const [name, { reply }] of Object.entries(API)) {
		const told = { ...invent(reply, text), ok: true } as Record<string, unknown>;
		server.answer(`autonomy ${name}`, () => ({ result: [0, told] }));
	}
	for (const [name, { reply }] of Object.entries(RPCD_API)) {
		server.answer(`luci.autonomy ${name}`, () => ({ result: [0, invent(reply, text)] }));
	}
	const values = Object.fromEntries(
		SECTIONS.map(({ name, type, options }) => [
			name ?? "wan",
			{
				".name": name ?? "wan",
				".type": type,
				...Object.fromEntries(options.map((option) => [option.name, option.type === "list" ? [text] : text])),
			},
		]),
	);
	server.answer("uci changes", () => ({ result: [0, { changes: {} }] }));
	server.answer("session access", () => ({ result: [0, { access: true }] }));
	server.answer("uci get", () => ({ result: [0, { values }] }));
}
