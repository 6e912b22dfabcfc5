import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { BlobWriter } from "../../daemon/bus/blob.ts";
import { writeTable } from "../../daemon/bus/blobmsg.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { formatDouble, fromJson, toJson } from "../../lab/ubusd/json.ts";
import { hex } from "./support.ts";

function wire(text: string): Uint8Array {
	const out = new BlobWriter();
	writeTable(out, fromJson(text));
	return out.finish();
}

/** JSON in, over the wire format, JSON out. */
function there(text: string, indented = false): string {
	return toJson(wire(text), { indented });
}

test("what a real ubus printed comes back byte for byte", () => {
	const folder = new URL("../samples/openwrt/", import.meta.url);
	const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
	for (const needed of ["network.interface.dump.json", "system.info.json", "network.device.eth1.json"]) {
		assert.ok(names.includes(needed), needed);
	}
	for (const name of names) {
		const text = readFileSync(new URL(name, folder), "utf8");
		assert.equal(`${there(text, true)}\n`, text, name);
	}
});

test("numbers: whole ones by size, all others as double with six decimals", () => {
	const table: [string, string, string][] = [
		["1", "85", "1"],
		["-2147483648", "85", "-2147483648"],
		["2147483647", "85", "2147483647"],
		["2147483648", "84", "2147483648"],
		["-2147483649", "84", "-2147483649"],
		["9223372036854775807", "84", "9223372036854775807"],
		["9223372036854775808", "84", "9223372036854775807"],
		["-99999999999999999999", "84", "-9223372036854775808"],
		["1.0", "88", "1.000000"],
		["1e3", "88", "1000.000000"],
		["0.1", "88", "0.100000"],
		["1e-9", "88", "0.000000"],
		["1.23456789", "88", "1.234568"],
		["-0.0", "88", "-0.000000"],
		["1e22", "88", "10000000000000000000000.000000"],
		["NaN", "88", "nan"],
		["Infinity", "88", "inf"],
		["-Infinity", "88", "-inf"],
		["true", "87", "true"],
		["null", "80", "null"],
	];
	for (const [text, type, printed] of table) {
		assert.equal(hex(wire(`{"v":${text}}`).subarray(0, 1)), type, text);
		assert.equal(there(`{"v":${text}}`), `{"v":${printed}}`, text);
	}
});

test("doubles that lie exactly in the middle go to the even digit, as printf does", () => {
	// 2^-7 = 0.0078125, 3 * 2^-7 = 0.0234375: seven decimals, exactly.
	assert.equal(formatDouble(0.0078125), "0.007812");
	assert.equal(formatDouble(0.0234375), "0.023438");
	assert.equal(formatDouble(-0.0078125), "-0.007812");
});

test("strings: escapes as libubox writes them, cut at NUL", () => {
	const table: [string, string][] = [
		['"hä€😀"', '"hä€😀"'],
		['"\\b\\n\\t\\r\\f\\u0001\\"\\\\\\/"', '"\\b\\n\\t\\r\\u000c\\u0001\\"\\\\/"'],
		['"ab\\u0000cd"', '"ab"'],
		['"\\ud83d\\ude00"', '"😀"'],
		['"raw\ttab"', '"raw\\ttab"'],
	];
	for (const [text, printed] of table) assert.equal(there(`{"v":${text}}`), `{"v":${printed}}`, text);
});

test("structure: nested, empty, indented, nameless", () => {
	assert.equal(there('{ "a" : [ 1 , {"b":[]} ] , "c":{} }'), '{"a":[1,{"b":[]}],"c":{}}');
	assert.equal(
		there('{"a":[1,{"b":[]}]}', true),
		'{\n\t"a": [\n\t\t1,\n\t\t{\n\t\t\t"b": [\n\t\t\t\t\n\t\t\t]\n\t\t}\n\t]\n}',
	);
	assert.equal(there("{}", true), "{\n\t\n}");
	assert.equal(there("{}"), "{}");
	assert.equal(there('{"":1}'), "{1}", "no JSON, but what the real one prints");
});

test("text behind the object is ignored, everything else that is no object is refused", () => {
	assert.equal(there('{"a":1} and more'), '{"a":1}');
	const table: [string, string][] = [
		["", "JSON: value expected at character 0"],
		["[1]", "JSON: an object is wanted, the text ends at character 3"],
		["1", "JSON: an object is wanted, the text ends at character 1"],
		['"a"', "JSON: an object is wanted, the text ends at character 3"],
		["{", "JSON: string expected at character 1"],
		['{"a"', "JSON: : expected at character 4"],
		['{"a":', "JSON: value expected at character 5"],
		['{"a":1', "JSON: } expected at character 6"],
		['{"a":1,}', "JSON: string expected at character 7"],
		['{"a":[1', "JSON: ] expected at character 7"],
		['{"a":"b', "JSON: string expected at character 5"],
		['{"a":"\\x"}', "JSON: string expected at character 5"],
		["{'a':1}", "JSON: string expected at character 1"],
		[`{"a":${"[".repeat(40)}`, "JSON: nested too deeply at character 36"],
	];
	for (const [text, message] of table) {
		assert.throws(
			() => fromJson(text),
			(error: unknown) => {
				assert.ok(error instanceof AutonomyError);
				assert.deepEqual([error.code, error.context.status], ["bus_bad_argument", 12]);
				assert.equal(error.message, message);
				return true;
			},
		);
	}
});
