/** The pure half of steer/own-traffic.ts; the kernel's half is in e2e/failover (a router that pings by itself). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderTable, ownSteps, preferredDevice } from "../../daemon/steer/own-traffic.ts";
import { parseRules, type SourceRule } from "../../daemon/steer/source-rules.ts";

const rule = (uplink: string, slot: number, device: string): SourceRule => ({
	uplink,
	family: "ipv4",
	slot,
	selector: { kind: "from", address: `100.64.${slot + 1}.50` },
	table: 9000 + slot,
	own: { device, gateway: `100.64.${slot + 1}.1`, onlink: false },
});
const RULES = [rule("wan", 0, "eth1"), rule("wanb", 1, "eth2")];

test("the default route main prefers: the lowest metric, none is the best", () => {
	assert.equal(preferredDevice(""), null);
	assert.equal(
		preferredDevice(
			"default via 100.64.2.1 dev eth2 proto static metric 20\ndefault via 100.64.1.1 dev eth1 metric 10\n",
		),
		"eth1",
	);
	assert.equal(preferredDevice("default via 100.64.1.1 dev eth1 metric 10\ndefault dev wg0 scope link \n"), "wg0");
	assert.equal(preferredDevice("unreachable default dev lo metric 4294967295\n"), null);
});

test("only when main prefers an uplink that is not the leader", () => {
	const plan = (...rank: string[]) => ({ rank, avoid: [] });
	assert.equal(leaderTable(plan("wanb", "wan"), RULES, "eth1"), 9001);
	assert.equal(leaderTable(plan("wan", "wanb"), RULES, "eth1"), null);
	assert.equal(leaderTable(plan("wanb", "wan"), RULES, "wg0"), null, "a VPN stays first");
	assert.equal(leaderTable(plan("wanb", "wan"), RULES, null), null);
	assert.equal(leaderTable(plan("tunnel"), RULES, "eth1"), null, "no table of ours");
	assert.equal(leaderTable(plan(), RULES, "eth1"), null);
});

test("rules: the new leader comes before the old one goes, others' rules are left alone", () => {
	const kernel = (text: string) => parseRules(`0:\tfrom all lookup local\n${text}32766:\tfrom all lookup main\n`);
	const specific = "rule add pref 31990 iif lo lookup main suppress_prefixlength 0";
	assert.deepEqual(ownSteps(kernel(""), null), []);
	assert.deepEqual(ownSteps(kernel(""), 9001), [specific, "rule add pref 31991 iif lo lookup 9001"]);
	const ours = "31990:\tfrom all iif lo lookup main suppress_prefixlength 0\n31991:\tfrom all iif lo lookup 9001\n";
	assert.deepEqual(ownSteps(kernel(ours), 9001), []);
	assert.deepEqual(ownSteps(kernel(ours), 9002), [
		"rule add pref 31991 iif lo lookup 9002",
		"rule del pref 31991 iif lo lookup 9001",
	]);
	assert.deepEqual(ownSteps(kernel(ours), null), [
		"rule del pref 31991 iif lo lookup 9001",
		specific.replace(" add ", " del "),
	]);
	const others = "31991:\tfrom all iif lo lookup 52\n31991:\tfrom 10.0.0.1 lookup 9001\n";
	assert.deepEqual(ownSteps(kernel(others), null), []);
});
