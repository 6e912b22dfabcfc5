import type { Field, Fields } from "../../contract/api-schema.ts";

/** What in a reply is missing, too much, or of another type than contract/ says. Empty: it fits. */
export function unfit(fields: Fields, value: unknown, where = "reply"): string[] {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${where} is no table`];
	const given = value as Record<string, unknown>;
	const unknown = Object.keys(given)
		.filter((name) => !Object.hasOwn(fields, name))
		.map((name) => `${where}.${name} is not in the contract`);
	const wrong = Object.entries(fields).flatMap(([name, field]) => {
		if (given[name] === undefined) return field.optional === true ? [] : [`${where}.${name} is missing`];
		return wrongField(field, given[name], `${where}.${name}`);
	});
	return [...unknown, ...wrong];
}

function wrongField(field: Field, value: unknown, where: string): string[] {
	switch (field.type) {
		case "table":
			return unfit(field.fields, value, where);
		case "list":
			if (!Array.isArray(value)) return [`${where} is no list`];
			return value.flatMap((item, i) => wrongField(field.of, item, `${where}[${i}]`));
		case "bool":
			return typeof value === "boolean" ? [] : [`${where} is ${typeof value}`];
		case "int32":
		case "int64":
			return Number.isSafeInteger(value) ? [] : [`${where} is ${JSON.stringify(value)}, no whole number`];
		case "string":
			if (typeof value !== "string") return [`${where} is ${typeof value}`];
			return field.values === undefined || field.values.includes(value) ? [] : [`${where} is '${value}'`];
		default:
			return [`${where}: the plugin has no ${field.type}`];
	}
}
