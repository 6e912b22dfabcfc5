import assert from "node:assert/strict";
import { test } from "node:test";
import { SECTIONS } from "../../contract/options.ts";
import type { OptionSpec } from "../../contract/schema.ts";
import { readConfig } from "../../daemon/config/read.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { ENGINE_OPTIONS } from "../../daemon/serve/what-if.ts";

/** Any value that is right and not the default. */
function otherValue(option: OptionSpec): string | null {
	switch (option.type) {
		case "bool":
			return option.default === true ? "0" : "1";
		case "int":
		case "number":
			return String(option.min === option.default ? option.max : option.min);
		case "enum":
			return option.values.find((value) => value !== option.default) ?? null;
		default:
			return null;
	}
}

test("what_if takes exactly the options that reach the engine", () => {
	const base = JSON.stringify(toSettings(readConfig(null, "autonomy").config));
	for (const spec of SECTIONS) {
		if (spec.name === null) continue;
		for (const option of spec.options) {
			const value = otherValue(option);
			if (value === null) continue;
			const options = new Map([[option.name, value]]);
			const section = { name: spec.name, type: spec.type, anonymous: false, options };
			const { config } = readConfig({ name: "autonomy", sections: [section], warnings: [] }, "autonomy");
			const reaches = JSON.stringify(toSettings(config)) !== base;
			const taken: boolean = ENGINE_OPTIONS[spec.name]?.includes(option.name) ?? false;
			assert.equal(taken, reaches, `${spec.name}.${option.name} '${value}'`);
		}
	}
});
