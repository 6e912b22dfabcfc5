/**
 * A healthy dish on a ship, recorded for 32 hours, through sensor, detector and engine (bench/sensors/ship.ts). The excerpt
 * in test/samples/traces is always played; SHIP_DATA names a folder with the recording as published, to play that instead.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { readShip, sail, shipFiles } from "../../../bench/sensors/ship.ts";

describe("a healthy dish", () => {
	let hours = 0;
	let left = 0;
	for (const path of shipFiles()) {
		test(`${path.split("/").at(-1)}: nothing it says is a danger, and nothing impossible leaves the sensor`, (t) => {
			const voyage = sail(readShip(path), 1);
			hours += voyage.hours;
			left += voyage.left.length;
			t.diagnostic(`${voyage.hours.toFixed(1)} h, ${voyage.doubts} doubts, ${voyage.left.join("; ") || "never left"}`);
			assert.deepEqual([voyage.impossible, voyage.risks], [[], []]);
			assert.ok(voyage.suspects <= 1, `${voyage.suspects} suspicions`);
			const foretold = voyage.left.filter((text) => text.includes(": predictive: "));
			assert.deepEqual(foretold, []);
			assert.equal(voyage.returns, voyage.left.length, "left for good");
		});
	}
	after(() => {
		assert.ok(hours > 30, `${hours} h were played`);
		assert.ok(left <= 1, `left ${left} times in ${hours.toFixed(1)} h`);
	});
});

test("the excerpt says what was recorded: outages by their cause, alerts, gaps of the recorder", () => {
	const [, second] = shipFiles().map(readShip);
	if (process.env.SHIP_DATA || second === undefined) return;
	const outages = second.filter((one) => one.state !== "CONNECTED").map((one) => one.state);
	assert.deepEqual(outages, ["OBSTRUCTED", "NO_DOWNLINK", "NO_DOWNLINK"]);
	assert.equal(second.filter((one) => one.alerts !== 0).length, 13_240);
	const gaps = second.filter((one, at) => one.atMs - (second[at - 1]?.atMs ?? one.atMs) > 3000).length;
	assert.ok(gaps >= 40, `${gaps} gaps`);
});
