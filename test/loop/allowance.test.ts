import assert from "node:assert/strict";
import { test } from "node:test";
import { createAllowances } from "../../daemon/loop/allowance.ts";
import { factsOf } from "../../daemon/loop/facts.ts";
import type { Discovered } from "../../daemon/uplink/types.ts";
import { uplink } from "../sense/cellular/support.ts";

const usage = (id: string, usage_pct: number | null, cap_pressure_pct: number | null) =>
	({ kind: "sense", uplink: id, atMs: 0, values: { usage_pct, cap_pressure_pct } }) as const;

test("what the usage sensor says becomes a fact of the uplink, told when it changes only", () => {
	const found: Discovered = { uplinks: [uplink({ id: "mob" }), uplink({ id: "wan" })], mwan3: null, problems: [] };
	const allowances = createAllowances();
	const now = () =>
		allowances.apply(found).uplinks.map((one) => [one.allowance ?? null, factsOf(one).capReached ?? false]);
	assert.equal(allowances.apply(found), found);
	assert.equal(allowances.take(usage("mob", 40, 0)), false);
	assert.equal(allowances.take({ kind: "sense", uplink: "mob", atMs: 0, values: { rsrp_dbm: -90 } }), false);
	assert.equal(allowances.take(usage("mob", 85, 25)), true);
	assert.equal(allowances.take(usage("mob", 86, 30)), false);
	assert.deepEqual(now(), [
		["near", false],
		[null, false],
	]);
	assert.equal(allowances.take(usage("mob", 100, 100)), true);
	assert.deepEqual(now(), [
		["used_up", true],
		[null, false],
	]);
	assert.equal(allowances.take(usage("mob", null, null)), true);
	assert.equal(allowances.apply(found), found);
});
