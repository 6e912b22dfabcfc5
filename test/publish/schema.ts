/** As much of JSON Schema as our own schema uses, written from its specification; forgives nothing it does not know. */
export function checkSchema(schema: unknown, value: unknown, path = "$"): string[] {
	const one = schema as Record<string, unknown> | undefined;
	if (one === undefined) return [`${path}: no schema`];
	const problems: string[] = [];
	const is = {
		object: typeof value === "object" && value !== null && !Array.isArray(value),
		array: Array.isArray(value),
		integer: Number.isInteger(value),
		number: typeof value === "number",
		string: typeof value === "string",
		boolean: typeof value === "boolean",
	};
	if (!is[one.type as keyof typeof is]) return [`${path}: ${JSON.stringify(value)} is no ${String(one.type)}`];
	if (Array.isArray(one.enum) && !one.enum.includes(value)) problems.push(`${path}: ${String(value)} is not listed`);
	if (is.array)
		for (const [index, item] of (value as unknown[]).entries())
			problems.push(...checkSchema(one.items, item, `${path}[${index}]`));
	if (!is.object) return problems;
	const properties = one.properties as Record<string, unknown>;
	for (const name of one.required as string[])
		if (!Object.hasOwn(value as object, name)) problems.push(`${path}.${name} is missing`);
	for (const [name, item] of Object.entries(value as object))
		problems.push(...checkSchema(properties[name], item, `${path}.${name}`));
	return problems;
}
