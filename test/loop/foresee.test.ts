/** The forecast beside the loop: what it hears, what it feeds, and that it can be told to be silent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { quiet } from "../../bench/bus/measure.ts";
import type { Input } from "../../daemon/decide/types.ts";
import { createForesee, type Foresee } from "../../daemon/loop/foresee.ts";

/** Probes four times a second; every third second nothing comes back for a second. */
function stutter(foresee: Foresee, untilMs: number, feed: (input: Input) => void, wanted = true): void {
	for (let atMs = 0; atMs <= untilMs; atMs += 250) {
		const rttMs = atMs % 3000 >= 2000 ? null : 40;
		const shared = { uplink: "wan", atMs, family: "ipv4", method: "icmp", target: "1.1.1.1", excused: false } as const;
		foresee.take({ kind: "probe", rttMs, ...shared });
		if (atMs % 1000 === 0) foresee.tick(atMs, wanted, feed);
	}
}

test("an uplink that stutters is told to the engine, with cause and evidence", () => {
	const foresee = createForesee(quiet);
	const fed: Input[] = [];
	stutter(foresee, 120_000, (input) => fed.push(input));
	const last = fed.at(-1);
	assert.ok(last?.kind === "forecast");
	assert.equal(last.uplink, "wan");
	assert.equal(last.cause, "pattern");
	assert.match(last.text, /silences within ten minutes/);
	assert.ok(last.later > 0.015 && last.later <= 1, String(last.later));
	assert.ok(fed.length < 120, "not at every tick: each input is recorded");
	assert.equal(foresee.latest()[0]?.uplink, "wan");
	assert.match(foresee.made()?.date ?? "", /^20\d\d-\d\d-\d\d$/);
});

test("switched off nothing is fed, and it still can be looked at", () => {
	const foresee = createForesee(quiet);
	stutter(foresee, 60_000, () => assert.fail("fed"), false);
	assert.notEqual(foresee.latest()[0]?.risks, null);
});

test("an uplink that left the configuration, or lost its link, is unknown", () => {
	const foresee = createForesee(quiet);
	stutter(foresee, 60_000, () => undefined);
	foresee.take({ kind: "link", atMs: 60_500, uplink: "wan", event: "carrier_lost" });
	foresee.tick(61_000, true, () => assert.fail("fed"));
	assert.equal(foresee.latest()[0]?.risks, null);
	foresee.take({ kind: "uplinks", atMs: 61_500, uplinks: [] });
	foresee.tick(62_000, true, () => assert.fail("fed"));
	assert.deepEqual(foresee.latest(), []);
});
