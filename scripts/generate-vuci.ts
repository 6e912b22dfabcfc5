/**
 * From contract/, for RutOS: the Lua service of /api/autonomy with its table of methods, the rights of the user uhttpd on
 * ubus, and what web/rutos.ts must know of methods and replies.
 */
import { readFileSync } from "node:fs";
import { API, API_OBJECT } from "../contract/api.ts";
import { RPCD_API, RPCD_OBJECT } from "../contract/api-rpcd.ts";
import type { Field, Fields, MethodSpec } from "../contract/api-schema.ts";
import { json } from "./generate-rpcd.ts";
import type { GeneratedFile } from "./generated-file.ts";

const OBJECTS: Readonly<Record<string, Readonly<Record<string, MethodSpec>>>> = {
	[API_OBJECT]: API,
	[RPCD_OBJECT]: RPCD_API,
};
const TEMPLATE = new URL("../vuci-app-autonomy/src/autonomy.lua", import.meta.url);
const MARK = "--@methods@\n";

export function generateVuci(): readonly GeneratedFile[] {
	return [
		{ path: "vuci-app-autonomy/api/usr/lib/lua/api/services/autonomy.lua", text: service() },
		{ path: "vuci-app-autonomy/api/usr/share/acl.d/autonomy-uhttpd.json", text: busRights() },
		{ path: "web/rutos-methods.ts", text: knowledge() },
	];
}

function methodsWith(rights: MethodSpec["rights"]): readonly (readonly [string, readonly string[]])[] {
	return Object.entries(OBJECTS).map(([object, methods]) => [
		object,
		Object.entries(methods)
			.filter(([, spec]) => spec.rights === rights)
			.map(([name]) => name),
	]);
}

// --- the service

function service(): string {
	const text = readFileSync(TEMPLATE, "utf8");
	if (text.split(MARK).length !== 2) throw new Error(`${TEMPLATE.pathname}: one line ${MARK.trim()} is expected`);
	const head = "-- Made from contract/ and src/autonomy.lua by `npm run generate`; changes here are lost.\n";
	return head + text.replace(MARK, () => `${luaTable("READ", "read")}\n${luaTable("WRITE", "write")}`);
}

function luaTable(name: string, rights: MethodSpec["rights"]): string {
	const objects = methodsWith(rights).map(([object, methods]) => {
		const lines = methods.map((method) => `\t\t["${method}"] = true,\n`).join("");
		return `\t["${object}"] = {\n${lines}\t},\n`;
	});
	return `local ${name} = {\n${objects.join("")}}\n`;
}

/** ubusd lets nobody but root call anything that is not listed. */
function busRights(): string {
	const access = Object.fromEntries(
		Object.entries(OBJECTS).map(([object, methods]) => [object, { methods: Object.keys(methods) }]),
	);
	return `${json({ user: "uhttpd", access })}\n`;
}

// --- what the pages know

type Shape = { readonly [member: string]: Shape } | readonly Shape[];

/** Where lists are in a value: [] a list, [{...}] one whose entries hold lists, "*" any member. Null: nowhere. */
function shapeOf(field: Field): Shape | null {
	if (field.type === "list") {
		const inside = shapeOf(field.of);
		return inside === null ? [] : [inside];
	}
	if (field.type === "map") {
		const inside = shapeOf(field.of);
		return inside === null ? null : { "*": inside };
	}
	return field.type === "table" ? shapeOfAll(field.fields) : null;
}

function shapeOfAll(fields: Fields): Shape | null {
	const found = Object.entries(fields)
		.map(([name, field]) => [name, shapeOf(field)] as const)
		.filter((entry): entry is readonly [string, Shape] => entry[1] !== null);
	return found.length === 0 ? null : Object.fromEntries(found);
}

function knowledge(): string {
	const shapes = Object.entries(OBJECTS).flatMap(([object, methods]) =>
		Object.entries(methods).flatMap(([name, { reply }]) => {
			const shape = shapeOfAll(reply);
			return shape === null ? [] : [[`${object} ${name}`, shape] as const];
		}),
	);
	const writes = methodsWith("write").flatMap(([object, methods]) => methods.map((name) => `${object} ${name}`));
	return `/** Made from contract/ by \`npm run generate\`; changes here are lost. */

/** [] a list, [shape] a list whose entries hold lists, "*" any member of a map. */
export type Shape = { readonly [member: string]: Shape } | readonly Shape[];

/** Methods that change something. */
export const WRITES: ReadonlySet<string> = new Set([
${writes.map((name) => `\t${JSON.stringify(name)},\n`).join("")}]);

/** Where replies hold lists. */
export const LISTS: Readonly<Record<string, Shape>> = {
${shapes.map(([name, shape]) => line(JSON.stringify(name), shape)).join("")}};
`;
}

/** As the formatter has it: on one line where it fits; a tab counts as two columns. */
function line(name: string, shape: Shape): string {
	const text = `\t${name}: ${tsText(shape)},\n`;
	if (text.length <= 120 || Array.isArray(shape)) return text;
	const members = Object.entries(shape).map(([inner, inside]) => `\t\t${inner}: ${tsText(inside)},\n`);
	return `\t${name}: {\n${members.join("")}\t},\n`;
}

function tsText(shape: Shape): string {
	if (Array.isArray(shape)) return `[${shape.map(tsText).join(", ")}]`;
	const members = Object.entries(shape).map(
		([name, inside]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: ${tsText(inside)}`,
	);
	return `{ ${members.join(", ")} }`;
}
