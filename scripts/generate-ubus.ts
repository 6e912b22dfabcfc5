/** docs/reference/ubus.md from the method table of contract/api.ts. */
import { API, API_OBJECT, NOTIFICATIONS } from "../contract/api.ts";
import type { ArgSpec, Field, Fields, MethodSpec } from "../contract/api-schema.ts";
import type { GeneratedFile } from "./generated-file.ts";

export function generateUbus(): readonly GeneratedFile[] {
	return [{ path: "docs/reference/ubus.md", text: page() }];
}

function page(): string {
	const methods = Object.entries<MethodSpec>(API);
	return `# The ubus object \`${API_OBJECT}\`

<!-- Made from contract/api.ts by \`npm run generate\`; changes here are lost. -->

\`ubus call ${API_OBJECT} status\` on the router, or POST \`/ubus\` over HTTP with a session that has the right. What is not known
is left out of a reply, never 0 or -1. The type of a number never depends on its value: \`double\` prints with six decimals, \`int32\` and
\`int64\` without. \`ts\` and everything that ends in \`_unix_ms\` is in ms since 1970 by the router's clock.

Unknown arguments are refused, except \`ubus_rpc_session\`, which uhttpd adds. A wrong type ends with status 2 (invalid argument).
Methods with right \`read\` end with 2 also for values out of range, 4 (not found), 7 (timeout) and 11 when something like it is running
already. Methods with right \`write\`, and \`render\`, answer refusals with \`ok\` false, a \`code\` and words in \`text\`; no more than ten
changes are taken within ten seconds.

| Method | Right | |
|---|---|---|
${overview(methods)}

${methods.map(([name, spec]) => method(name, spec)).join("\n")}
## Notifications

\`ubus subscribe ${API_OBJECT}\`. They may get lost when a listener is slow; \`status\` has the truth.

${Object.entries<{ help: string; fields: Fields }>(NOTIFICATIONS)
	.map(([name, { help, fields }]) => `### ${name}\n\n${help}\n\n${fieldList(fields)}`)
	.join("\n")}`;
}

export function overview(methods: readonly (readonly [string, MethodSpec])[]): string {
	return methods.map(([name, spec]) => `| \`${name}\` | ${spec.rights} | ${spec.help} |`).join("\n");
}

export function method(name: string, spec: MethodSpec): string {
	const args = Object.entries(spec.args);
	const table = `| Argument | Type | | Meaning |\n|---|---|---|---|\n${args.map((one) => argRow(one)).join("\n")}\n`;
	const errors = spec.errors.length === 0 ? "" : `\nErrors: ${spec.errors.join("; ")}.\n`;
	return `## ${name}

${spec.help}

${args.length === 0 ? "No arguments.\n" : table}${errors}
Reply:

${fieldList(spec.reply)}`;
}

function argRow([name, spec]: [string, ArgSpec]): string {
	const facts = [spec.required ? "required" : spec.default === undefined ? "optional" : `default \`${spec.default}\``];
	if (spec.values !== undefined) facts.push(spec.values.join(", "));
	else if (spec.type === "string") facts.push(`${spec.min ?? 0}-${spec.max ?? 256} characters`);
	else if (spec.min !== undefined)
		facts.push(`${spec.min}-${spec.max}${spec.unit === undefined ? "" : ` ${spec.unit}`}`);
	return `| \`${name}\` | ${spec.type} | ${facts.join("; ")} | ${spec.help} |`;
}

export function fieldList(fields: Fields, depth = 0): string {
	return Object.entries(fields)
		.map(([name, field]) => fieldLines(name, field, depth))
		.join("");
}

function fieldLines(name: string, field: Field, depth: number): string {
	const facts = [typeWord(field), ...(field.optional ? ["optional"] : [])];
	const values = "values" in field && field.values !== undefined ? ` (${field.values.join(", ")})` : "";
	const line = `${"  ".repeat(depth)}- \`${name}\` ${facts.join(", ")}: ${field.help}${values}\n`;
	return line + inner(field, depth + 1);
}

function typeWord(field: Field): string {
	switch (field.type) {
		case "list":
			return `list of ${typeWord(field.of)}`;
		case "map":
			return `table of ${typeWord(field.of)} by name`;
		case "uci":
			return "text or list of texts";
		case "table":
			return "table";
		default:
			return "unit" in field && field.unit !== undefined && field.unit !== ""
				? `${field.type} [${field.unit}]`
				: field.type;
	}
}

function inner(field: Field, depth: number): string {
	if (field.type === "table") return fieldList(field.fields, depth);
	return field.type === "list" || field.type === "map" ? inner(field.of, depth) : "";
}
