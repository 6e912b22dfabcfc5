import assert from "node:assert/strict";
import test from "node:test";
import { DETECTORS, measure } from "../../bench/detectors.ts";

/** Seconds to the verdict as measured on the real programs (one to eight runs each): the models must come out alike. */
const MEASURED = [
	{ detector: "mwan3_default", seconds: 128.1, within: 5 },
	{ detector: "mwan3_tuned", seconds: 3.7, within: 0.4 },
	{ detector: "dpinger_pfsense", seconds: 15.0, within: 1 },
] as const;

test("models of mwan3track and dpinger find a blackhole when the real ones do", () => {
	for (const { detector, seconds, within } of MEASURED) {
		const model = DETECTORS.find((one) => one.name === detector);
		assert.ok(model);
		const { verdict_s } = measure(model, 24, 1);
		assert.equal(verdict_s.missed, 0);
		assert.ok(
			Math.abs(verdict_s.median - seconds) <= within,
			`${detector}: ${verdict_s.median} s, measured ${seconds} s`,
		);
	}
});

test("ours calls no link dead under random loss, and finds every blackhole", () => {
	const ours = DETECTORS.find((one) => one.name === "autonomy");
	assert.ok(ours);
	const row = measure(ours, 24, 2);
	assert.equal(row.verdict_s.missed, 0);
	assert.deepEqual(row.false_per_h, { 0: 0, 1: 0, 5: 0, 15: 0 });
});
