/** What probes tell that makes the ways they leave by doubtful. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family, ReachEvidence, ReachObservation, ReachVerdict } from "../../daemon/health/types.ts";
import { createDoubts } from "../../daemon/loop/doubts.ts";

function reach(
	verdict: ReachVerdict,
	method: ReachEvidence["method"] = "icmp",
	family: Family = "ipv4",
): ReachObservation {
	const evidence: ReachEvidence = {
		silentMs: 0,
		expectedMs: 100,
		sent: 1,
		answered: 1,
		targets: 3,
		targetsAnswered: 3,
		gateway: "unknown",
		traffic: "unknown",
		method,
		text: "",
	};
	return { kind: "reach", uplink: "wan", atMs: 0, family, verdict, evidence };
}

test("a family that falls silent, or is watched in another way, once each; not what is told again", () => {
	const doubts = createDoubts();
	const told = (...seen: ReachObservation[]): (string | null)[] => seen.map(doubts);
	assert.deepEqual(told(reach("up"), reach("up"), reach("suspect")), [null, null, null]);
	assert.deepEqual(told(reach("dead"), reach("dead")), ["wan ipv4: silent", null]);
	assert.deepEqual(told(reach("up"), reach("up", "tcp"), reach("up", "tcp")), [null, "wan ipv4: watched by tcp", null]);
	assert.deepEqual(told(reach("up", "icmp", "ipv6"), reach("dead", "icmp", "ipv6")), [null, "wan ipv6: silent"]);
});

test("no carrier says nothing of the way, and other observations nothing at all", () => {
	const doubts = createDoubts();
	doubts(reach("up"));
	assert.deepEqual([doubts(reach("dead", "carrier")), doubts(reach("up"))], [null, null]);
	const dns = { kind: "dns", uplink: "wan", atMs: 0, family: "ipv4", server: "192.0.2.53", rttMs: null } as const;
	assert.equal(doubts(dns), null);
});
