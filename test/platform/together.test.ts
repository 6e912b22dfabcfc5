import assert from "node:assert/strict";
import { test } from "node:test";
import { about } from "../../daemon/platform/together.ts";

test("pauses of a second and more end at the nearest whole second, a hair before it", () => {
	for (const [nowMs, ms, expected] of [
		[5000, 1000, 1000],
		[5008.4, 1000, 991],
		[5499, 1000, 501],
		[5501, 1000, 1499],
		[4992, 5000, 5008],
		[5700, 60_000, 60_300],
		[5700, 999, 999],
		[5700.5, 250, 250],
		[5700, 0, 0],
	] as const) {
		const waitMs = about({ monotonicMs: () => nowMs, wallMs: () => 0 }, ms);
		assert.equal(waitMs, expected, `${ms} ms at ${nowMs}`);
		assert.ok(Math.abs(waitMs - ms) <= 501, "by half a second at most");
	}
});
