/** The stand-in for jshn says the same as the real one, so that what passes over it passes on a router. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";

const ROOT = process.env.OPENWRT_ROOT;
const REAL = `${ROOT}/usr/bin/jshn`;
const skip = ROOT !== undefined && existsSync(REAL) ? false : "no jshn of libubox here (set OPENWRT_ROOT)";
const STAND_IN = join(import.meta.dirname, "../support/jshn/jshn");

function read(program: string, json: string): { out: string; ok: boolean } {
	const env = {
		PATH: process.env.PATH,
		...(program === REAL ? { LD_LIBRARY_PATH: `${ROOT}/lib:${ROOT}/usr/lib:${ROOT}/lib64` } : {}),
	};
	const ran = spawnSync(program, ["-r", json], { encoding: "utf8", env });
	return { out: ran.stdout, ok: ran.status === 0 };
}

/** Whole numbers past 2^53 cannot be told apart in JavaScript; texts are free of NUL, which no process argument holds. */
const json = fc.dictionary(
	fc.string({ maxLength: 6 }),
	fc.jsonValue({ maxDepth: 3 }).filter((value) => !/e\+|e-|\d{16}|-0\b/.test(JSON.stringify(value))),
	{ maxKeys: 5 },
);

test("reads any object alike", { skip }, () => {
	fc.assert(
		fc.property(json, (value) => {
			const text = JSON.stringify(value);
			assert.deepEqual(read(STAND_IN, text), read(REAL, text), text);
		}),
		{ numRuns: 200 },
	);
});

const REFUSED = ["", "[]", '"x"', "1", "null", "{", '{"a"', '{"a":}', '{"a":"x', "{a:1}", '{"a":1 2}', "nonsense"];

for (const text of REFUSED) {
	test(`refuses ${JSON.stringify(text)}`, () => {
		assert.deepEqual(read(STAND_IN, text), { out: "", ok: false });
		if (skip === false) assert.equal(read(REAL, text).ok, false);
	});
}
