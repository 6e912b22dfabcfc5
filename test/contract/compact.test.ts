import assert from "node:assert/strict";
import test from "node:test";
import { API, NOTIFICATIONS } from "../../contract/api.ts";
import { packFields, packMethod, unpacked, unpackFields, unpackMethod } from "../../contract/api-compact.ts";
import type { MethodSpec } from "../../contract/api-schema.ts";
import { SECTIONS, sectionSpec } from "../../contract/options.ts";

/** What people read is left out; everything else must come back. */
function lean(value: unknown, keepHelp: (record: object) => boolean): unknown {
	if (Array.isArray(value)) return value.map((one) => lean(one, keepHelp));
	if (typeof value !== "object" || value === null) return value;
	const kept = Object.entries(value).filter(
		([name, one]) => name !== "help" || typeof one !== "string" || keepHelp(value),
	);
	return Object.fromEntries(kept.map(([name, one]) => [name, lean(one, keepHelp)]));
}

/** Of fields: type, order, optional, length, what is inside. */
function fieldShape(fields: object): unknown {
	return JSON.parse(
		JSON.stringify(fields, (name, value) =>
			name === "help" || name === "unit" || name === "values" ? undefined : value,
		),
	);
}

test("a method comes back from its text", () => {
	for (const [name, spec] of Object.entries(API) as [string, MethodSpec][]) {
		const back = unpackMethod(packMethod(spec));
		assert.equal(back.rights, spec.rights, name);
		const args = Object.fromEntries(
			Object.entries(spec.args).map(([arg, { help, unit, ...rest }]) => [
				arg,
				rest.required ? { ...rest, help } : rest,
			]),
		);
		assert.deepEqual(back.args, args, name);
		assert.deepEqual(Object.keys(back.reply), Object.keys(spec.reply), name);
		assert.deepEqual(fieldShape(back.reply), fieldShape(spec.reply), name);
	}
	for (const { fields } of Object.values(NOTIFICATIONS))
		assert.deepEqual(fieldShape(unpackFields(packFields(fields))), fieldShape(fields));
});

test("a field with a name that the text cannot hold is refused", () => {
	assert.throws(() => packFields({ "a:b": { type: "bool", help: "" } }), /no name for a field: a:b/);
});

test("a record of texts gives what is made of them, by the same names", () => {
	const list = unpacked<readonly { a: number }[]>(['{"a":1}', '{"a":2}'], (text) => JSON.parse(text) as unknown);
	assert.deepEqual([...list], [{ a: 1 }, { a: 2 }]);
	assert.equal(list.length, 2);
	assert.deepEqual(
		list.find((one) => one.a === 2),
		{ a: 2 },
	);
	const record = unpacked<Record<string, string[]>>({ x: "1 2" }, (text) => text.split(" "));
	assert.deepEqual([Object.keys(record), record.x, record.y], [["x"], ["1", "2"], undefined]);
});

/** What the daemon's bundle has in place of a file of contract/. */
async function asText(file: string): Promise<Record<string, unknown>> {
	const script = new URL("../../scripts/contract-as-text.mjs", import.meta.url).href;
	const { contractAsText } = (await import(script)) as { contractAsText: { setup(on: object): void } };
	let load: ((args: { path: string }) => Promise<{ contents: string }>) | undefined;
	contractAsText.setup({
		onLoad(_: unknown, callback: typeof load) {
			load = callback;
		},
	});
	const compact = new URL("../../contract/api-compact.ts", import.meta.url).href;
	const path = new URL(`../../contract/${file}`, import.meta.url).pathname;
	const { contents } = (await load?.({ path })) ?? { contents: "" };
	const here = contents.replace('"./api-compact.ts"', JSON.stringify(compact));
	return (await import(`data:text/javascript,${encodeURIComponent(here)}`)) as Record<string, unknown>;
}

test("the daemon's options are those of the contract", async () => {
	const short = (await asText("options.ts")) as { SECTIONS: typeof SECTIONS; sectionSpec: typeof sectionSpec };
	const without = lean(SECTIONS, () => false);
	assert.deepEqual([...short.SECTIONS], without);
	assert.deepEqual(
		SECTIONS.map(({ key }) => short.sectionSpec(key)),
		without,
	);
	assert.throws(() => sectionSpec("no" as "main"), /no section no/);
});
