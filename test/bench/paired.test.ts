import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, type Pair, verdict } from "../../bench/paired.ts";

/** Gaps as the lab measures them: spread over a probe interval, the second `factor` as long. */
function pairs(count: number, factor: number, noise: number): Pair[] {
	const at = (index: number): number => 450 + noise * (((index * 7919) % 101) / 50 - 1);
	return Array.from({ length: count }, (_, index) => ({ first: at(index), second: at(index + 37) * factor }));
}

for (const [what, given, says] of [
	["equal, little noise", pairs(30, 1, 20), /^proven to be within 5 %$/],
	["a fifth slower", pairs(30, 1.2, 20), /^slower by more than 5 %$/],
	["a fifth quicker", pairs(30, 0.8, 20), /^quicker by more than 5 %$/],
	["equal, much noise, few pairs", pairs(10, 1.02, 300), /^not decided at 5 %/],
] as const) {
	test(`pairs: ${what}`, () => {
		const compared = compare(given);
		assert.match(verdict(compared, 0.05), says, JSON.stringify(compared));
		assert.ok(compared.ci95[0] <= compared.ratio && compared.ratio <= compared.ci95[1]);
		assert.deepEqual(compare(given), compared, "the same every time");
	});
}
