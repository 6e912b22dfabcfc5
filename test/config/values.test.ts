import assert from "node:assert/strict";
import { test } from "node:test";
import { SECTIONS } from "../../contract/options.ts";
import { fieldName, type OptionSpec } from "../../contract/schema.ts";
import { checkOption, expectation, isIpv4, isIpv6, uciText } from "../../contract/values.ts";
import { DEFAULTS, read } from "./support.ts";

const base = { name: "x", help: "" } as const;
const bool: OptionSpec = { ...base, type: "bool", default: true };
const int: OptionSpec = { ...base, type: "int", min: -5, max: 100, default: 0 };
const number: OptionSpec = { ...base, type: "number", min: 0.5, max: 2, default: 1 };
const word: OptionSpec = { ...base, type: "enum", values: ["one", "two"], default: "one" };
const file: OptionSpec = { ...base, type: "text", format: "path", default: null };
const host: OptionSpec = { ...base, type: "text", format: "hostname", default: null };
const v4: OptionSpec = { ...base, type: "list", format: "ipv4", maxItems: 2, default: [] };
const ports: OptionSpec = { ...base, type: "list", format: "port", maxItems: 4, default: [] };

const RIGHT: readonly [OptionSpec, string | string[], unknown][] = [
	[bool, "1", true],
	[bool, "Yes", true],
	[bool, " enabled ", true],
	[bool, "off", false],
	[bool, ["0"], false],
	[int, "42", 42],
	[int, "-5", -5],
	[int, "007", 7],
	[number, "1.25", 1.25],
	[number, "2", 2],
	[word, "TWO", "two"],
	[file, "/tmp/a b.log", "/tmp/a b.log"],
	[host, "dns.example.com", "dns.example.com"],
	[host, "_dns.a-b.example", "_dns.a-b.example"],
	[v4, ["1.1.1.1", "9.9.9.9"], ["1.1.1.1", "9.9.9.9"]],
	[v4, "1.1.1.1  9.9.9.9", ["1.1.1.1", "9.9.9.9"]],
	[v4, "1.1.1.1,9.9.9.9", ["1.1.1.1", "9.9.9.9"]],
	[ports, ["443", "53"], [443, 53]],
];

test("values that are right", () => {
	for (const [option, raw, value] of RIGHT) assert.deepEqual(checkOption(option, raw), { value, problems: [] });
});

const WRONG: readonly [OptionSpec, string | string[], string][] = [
	[bool, "maybe", "is not yes or no (1 or 0)"],
	[bool, ["1", "1"], "is a list, but takes one value"],
	[int, "101", "is not a whole number from -5 to 100"],
	[int, "-6", "is not a whole number from -5 to 100"],
	[int, "1.5", "is not a whole number from -5 to 100"],
	[int, "0x10", "is not a whole number from -5 to 100"],
	[int, "1e1", "is not a whole number from -5 to 100"],
	[int, "10ms", "is not a whole number from -5 to 100"],
	[int, "", "is not a whole number from -5 to 100"],
	[int, "9".repeat(400), "is not a whole number from -5 to 100"],
	[int, "NaN", "is not a whole number from -5 to 100"],
	[number, "0.49", "is not a number from 0.5 to 2"],
	[number, "Infinity", "is not a number from 0.5 to 2"],
	[number, "1,5", "is not a number from 0.5 to 2"],
	[word, "three", "is not one of one, two"],
	[word, "constructor", "is not one of one, two"],
	[file, "relative.log", "is not an absolute path"],
	[file, "/tmp/../etc/passwd", "is not an absolute path"],
	[file, "/tmp/a\nb", "is not an absolute path"],
	[file, `/${"a".repeat(300)}`, "is not an absolute path"],
	[host, "-x.example", "is not a DNS name"],
	[host, "a b", "is not a DNS name"],
	[host, `${"a".repeat(64)}.de`, "is not a DNS name"],
	[v4, [], "is empty"],
	[v4, " ", "is empty"],
];

test("values that are wrong, and the words for it", () => {
	for (const [option, raw, problem] of WRONG) {
		assert.deepEqual(checkOption(option, raw), { value: null, problems: [problem] }, JSON.stringify(raw));
	}
});

test("a list keeps what is right and tells the rest, item by item", () => {
	assert.deepEqual(checkOption(v4, ["1.1.1.1", "1.1.1.256", "1.1.1.1", "8.8.8.8", "9.9.9.9"]), {
		value: ["1.1.1.1", "8.8.8.8"],
		problems: ["holds '1.1.1.256', which is not an IPv4 address", "holds 1.1.1.1 twice", "has more than 2 entries"],
	});
	assert.deepEqual(checkOption(ports, "0 443 65536 x"), {
		value: [443],
		problems: [
			"holds '0', which is not a port from 1 to 65535",
			"holds '65536', which is not a port from 1 to 65535",
			"holds 'x', which is not a port from 1 to 65535",
		],
	});
	const many = checkOption(
		v4,
		Array.from({ length: 50_000 }, (_, index) => `x${index}`),
	);
	assert.equal(many.problems.length, 8);
	assert.ok(checkOption(v4, ["y".repeat(100_000)]).problems[0]!.length < 120);
});

test("addresses", () => {
	for (const good of ["0.0.0.0", "255.255.255.255", "1.1.1.1"]) assert.ok(isIpv4(good), good);
	for (const bad of ["", "1.1.1", "1.1.1.1.1", "01.1.1.1", "1.1.1.256", "1.1.1.-1", " 1.1.1.1", "1.1.1.1/8"]) {
		assert.ok(!isIpv4(bad), bad);
	}
	for (const good of ["::", "::1", "2606:4700:4700::1111", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::8", "FE80::1"]) {
		assert.ok(isIpv6(good), good);
	}
	for (const bad of [
		"",
		":",
		":::",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"fe80::1%eth0",
		"g::",
	]) {
		assert.ok(!isIpv6(bad), bad);
	}
});

/** Text that breaks the option's own rule, by its type. */
function wrongTexts(option: OptionSpec): string[] {
	switch (option.type) {
		case "bool":
			return ["2", "maybe"];
		case "int":
		case "number":
			return [String(option.min - 1), String(option.max + 1), "much", "1h", `${option.min} ${option.max}`];
		case "enum":
			return [`${option.values[0]}x`];
		case "text":
			// A path is a line of text too.
			if (option.format === "line" || option.format === "template") return ["a b\tc", "\u0085"];
			if (option.format === "topic") return ["a/#", "a//b"];
			return ["a b\tc", "../x"];
		case "list":
			return ["nonsense", "300.1.1.1 99999"];
	}
}

test("every option: out of range or of the wrong type gives its default and one warning naming it", () => {
	for (const spec of SECTIONS) {
		for (const option of spec.options) {
			for (const text of wrongTexts(option)) {
				const name = spec.name ?? "wan";
				const { config, report } = read(`config ${spec.type} '${name}'\n\toption ${option.name} '${text}'\n`);
				const part = spec.key === "member" ? config.members.get("wan")! : config[spec.key];
				const label = `${name}.${option.name} = ${text}`;
				assert.deepEqual(part[fieldName(option) as keyof typeof part], option.default, label);
				assert.ok(report.length >= 1 && report.every((entry) => entry.level === "warning"), label);
				for (const entry of report) {
					for (const part of ["/etc/config/autonomy", `section ${name}`, `option ${option.name}`]) {
						assert.ok(entry.message.includes(part), `${label}: ${entry.message}`);
					}
					assert.ok(/; ('.*' is used|it counts as not set \(.*\))$/.test(entry.message), entry.message);
				}
			}
		}
	}
});

test("every option: its default written out and its limits are accepted without a word", () => {
	for (const spec of SECTIONS) {
		for (const option of spec.options) {
			const texts = option.default === null ? [] : [uciText(option.default)];
			if (option.type === "enum") texts.push(...option.values);
			if (option.type === "int" || option.type === "number") texts.push(String(option.min), String(option.max));
			for (const text of texts) {
				assert.deepEqual(checkOption(option, text).problems, [], `${option.name} ${String(text)}`);
			}
			assert.notEqual(expectation(option), "");
			assert.ok(option.help.length > 0 && !option.help.endsWith("."), option.name);
			assert.equal(option.default === null, option.unset !== undefined, `${option.name}: unset without a meaning`);
		}
	}
});

test("the typed configuration has a field for every option, and no other", () => {
	for (const spec of SECTIONS) {
		const part = spec.key === "member" ? read("config member 'x'\n").config.members.get("x")! : DEFAULTS[spec.key];
		assert.deepEqual(Object.keys(part).sort(), spec.options.map(fieldName).sort());
		for (const option of spec.options) {
			assert.deepEqual(part[fieldName(option) as keyof typeof part], option.default);
		}
	}
});
