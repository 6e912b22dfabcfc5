/** A silence that has begun: the table, and what an uplink's own record does to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addSilence, lastsShare, NO_SILENCES, ownShift, SILENCE_TABLE } from "../../daemon/forecast/silence.ts";

test("the longer it goes on the likelier it lasts: rising, between 0 and 1, the table's own shares at its points", () => {
	let before = -1;
	for (let ms = 0; ms <= 20_000; ms += 10) {
		const share = lastsShare(ms, NO_SILENCES);
		assert.ok(share >= before && share >= 0 && share < 1, `${ms}: ${share}`);
		before = share;
	}
	for (const [ms, share] of SILENCE_TABLE) assert.ok(Math.abs(lastsShare(ms, NO_SILENCES) - share) < 1e-9);
	assert.equal(lastsShare(-5, NO_SILENCES), 0);
});

test("the own record moves the odds slowly, within a third and three times, and forgets", () => {
	assert.ok(Math.abs(ownShift(NO_SILENCES) - 1) < 1e-9);
	const record = (pattern: readonly boolean[], times: number) => {
		let own = NO_SILENCES;
		for (let i = 0; i < times; i++) for (const one of pattern) own = addSilence(own, one);
		return own;
	};
	const one = ownShift(record([false], 1));
	assert.ok(one < 1 && one > 0.8, `one silence that ended: ${one}`);
	assert.equal(ownShift(record([false], 1000)), 1 / 3);
	assert.equal(ownShift(record([true], 1000)), 3);
	const long = record([true, false], 1000);
	assert.ok(long.lasted + long.ended <= 24);
	let own = record([false], 1000);
	for (let i = 0; i < 40; i++) own = addSilence(own, true);
	assert.ok(ownShift(own) > 1, "what was long ago counts less and less");
	assert.ok(lastsShare(500, record([true], 30)) > lastsShare(500, NO_SILENCES));
	assert.ok(lastsShare(500, record([false], 30)) < lastsShare(500, NO_SILENCES));
});
