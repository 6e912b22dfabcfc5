/** Ten minutes of two routers' lives, as bench/soak.ts lives hours of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { soakRun } from "../../bench/soak/run.ts";

for (const uplinks of [3, 6]) {
	test(`soak: ten virtual minutes with ${uplinks} uplinks end right and replay byte for byte`, async () => {
		const figures = await soakRun({ seed: 42 + uplinks, uplinks, hours: 1 / 6, usedBytes: null });
		assert.deepEqual(figures.texts.slice(0, -1), []);
		assert.equal(figures.wrong, 0);
		assert.equal(figures.differences, 0);
		assert.ok(figures.decisions > 10 && figures.moves > 2, `${figures.decisions} decisions, ${figures.moves} moves`);
	});
}
