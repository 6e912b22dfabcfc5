import assert from "node:assert/strict";
import test from "node:test";
import { isAddress, isDevice, isIpv4, isIpv6 } from "../../daemon/probe/address.ts";
import { createLedger, type PaceInput, pace, probeBytes } from "../../daemon/probe/budget.ts";
import { lateNeeded, unansweredNeeded } from "../../daemon/probe/chance.ts";
import { createFlight } from "../../daemon/probe/flight.ts";
import { createTrafficJudge, parseNetDev } from "../../daemon/probe/passive.ts";
import { createPlan } from "../../daemon/probe/plan.ts";
import { createRttEstimator } from "../../daemon/probe/rtt.ts";
import { DEFAULT_PROBE_SETTINGS, targetsFor } from "../../daemon/probe/settings.ts";
import { createTargetBook } from "../../daemon/probe/targets.ts";

test("addresses and device names: only what the kernel would take, nothing that looks like an option", () => {
	for (const good of ["1.1.1.1", "0.0.0.0", "255.255.255.255"]) assert.ok(isIpv4(good), good);
	for (const bad of ["", "1.1.1", "1.1.1.256", "01.1.1.1", "1.1.1.1 ", "-1.1.1.1", "1.1.1.1;id", "a.b.c.d"])
		assert.ok(!isIpv4(bad), bad);
	for (const good of [
		"::",
		"::1",
		"2606:4700:4700::1111",
		"2620:FE::FE",
		"1:2:3:4:5:6:7:8",
		"::ffff:1.2.3.4",
		"1::8",
	]) {
		assert.ok(isIpv6(good), good);
	}
	for (const bad of [
		"",
		":",
		":::",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"fe80::1%eth0",
		"g::1",
		"1:2:3:4:5:6:7:8::",
	]) {
		assert.ok(!isIpv6(bad), bad);
	}
	assert.ok(!isAddress("::1", "ipv4"));
	for (const good of ["eth1", "br-lan", "wwan0.1", "pppoe-wan", "a@b"]) assert.ok(isDevice(good), good);
	for (const bad of ["", "-I", "a b", "a/b", "..", ".", "a:1", "sixteen-letters!", "x\ny"])
		assert.ok(!isDevice(bad), bad);
});

test("time within which a reply is due: TCP's formula within bounds", () => {
	const steady = createRttEstimator();
	assert.equal(steady.rtoMs(), 1000);
	for (let i = 0; i < 50; i++) steady.add(20);
	assert.equal(Math.round(steady.rtoMs()), 80, "the floor");
	const satellite = createRttEstimator();
	for (let i = 0; i < 100; i++) satellite.add(600 + (i % 2) * 40);
	assert.ok(satellite.rtoMs() > 660 && satellite.rtoMs() < 760, String(satellite.rtoMs()));
	satellite.add(30_000);
	assert.equal(satellite.rtoMs(), 3000, "the ceiling");
});

test("while all is well, when each reply is due is known beyond the tick after the next one, whenever it is asked", () => {
	const targets = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
	const spacingMs = 250;
	for (const askedAfterMs of [5, 20, 60, 120, 200]) {
		const flight = createFlight(targets);
		const periodMs = targets.length * spacingMs;
		flight.setPlan(
			targets.map((target, i) => ({ target, firstSentMs: i * spacingMs, periodMs })),
			0,
		);
		for (let i = 0; i < 30; i++) {
			flight.advance(i * spacingMs + 10);
			flight.reply("steady", targets[i % 3] ?? "", Math.floor(i / 3), 10, i * spacingMs + 10);
		}
		const nowMs = 30 * spacingMs + askedAfterMs;
		flight.advance(nowMs);
		const dues = flight.calmDues(1, 0) ?? [];
		assert.ok((dues.at(-1) ?? 0) > nowMs + 2000, `${askedAfterMs}: ${dues.map((due) => due - nowMs)}`);
	}
});

test("how much silence random loss explains", () => {
	assert.deepEqual([0, 0.01, 0.15, 0.3, 0.5, 1].map(unansweredNeeded), [9, 9, 9, 14, 24, 24]);
	assert.deepEqual([0, 0.049, 0.05, 0.2, 1].map(lateNeeded), [1, 1, 2, 3, 3]);
});

test("the plan counts what leaves, learns the true moment from replies, and skips a long gap", () => {
	const plan = createPlan([
		{ target: "a", firstSentMs: 100, periodMs: 600 },
		{ target: "b", firstSentMs: 400, periodMs: 600 },
	]);
	assert.deepEqual(
		plan.take(1000).map((one) => [one.target, one.seq, one.sentAtMs, one.synced]),
		[
			["a", 0, 100, false],
			["b", 0, 400, false],
			["a", 1, 700, false],
			["b", 1, 1000, false],
		],
	);
	assert.ok(plan.sync("a", 1, 730));
	assert.deepEqual(
		plan.slots().map((one) => [one.target, one.nextSentMs, one.synced]),
		[
			["a", 1330, true],
			["b", 1600, false],
		],
	);
	assert.ok(plan.sync("a", 5, 3130), "a number ahead of ours moves the schedule on");
	assert.equal(plan.slots()[0]?.nextSentMs, 3730);
	assert.equal(plan.sync("c", 0, 0), false);
	assert.equal(plan.take(10_000_000).length, 8, "four of each slot at most");
});

test("a target is blamed only when its peers answer, and is forgiven when it answers again", () => {
	const book = createTargetBook(["a", "b", "c"]);
	for (let i = 0; i < 20; i++) for (const target of ["a", "b", "c"]) book.answered(target);
	assert.deepEqual(
		[1, 2, 3].map(() => book.lostAlone("a", 0)),
		[false, false, false],
	);
	assert.ok(book.counts("a"));
	assert.equal(book.lostAlone("a", 0), true, "the fourth in a row alone");
	assert.equal(book.standing("a"), "silent");
	book.answered("a");
	assert.ok(!book.counts("a"), "one reply is not enough");
	book.answered("a");
	assert.ok(book.counts("a"));
	for (let i = 0; i < 50; i++) book.lostWithAll("b");
	assert.ok(book.counts("b"), "a silence of all is nobody's fault but the link's");
	const lossy = createTargetBook(["a", "b"]);
	for (let i = 0; i < 40; i++) {
		lossy.answered("b");
		if (i % 2 === 0) lossy.lostAlone("a", 0.05);
		else lossy.answered("a");
	}
	assert.equal(lossy.standing("a"), "lossy");
	assert.equal(lossy.report().find((one) => one.target === "b")?.standing, "good");
});

test("real probe sizes", () => {
	assert.equal(probeBytes("icmp", "ipv4"), 72);
	assert.equal(probeBytes("icmp", "ipv6"), 112);
	assert.equal(probeBytes("icmp", "ipv4", 56), 168, "what ping sends unasked");
	assert.equal(probeBytes("tcp", "ipv4"), 328);
	assert.equal(probeBytes("dns", "ipv4"), 175);
});

const PACE: PaceInput = {
	mode: "balanced",
	metered: false,
	role: "active",
	families: [{ family: "ipv4", method: "icmp" }],
	overBudget: false,
	intervalMs: null,
	bytesPerDay: null,
};
const BOTH = [
	{ family: "ipv4", method: "icmp" },
	{ family: "ipv6", method: "icmp" },
] as const;

test("pace by mode, metering and role; a metered standby stays under 1 MB a day with both families", () => {
	assert.equal(pace(PACE).spacingMs, 250);
	assert.equal(pace({ ...PACE, families: BOTH }).spacingMs, 250);
	assert.equal(pace({ ...PACE, role: "standby" }).spacingMs, 2000);
	assert.equal(pace({ ...PACE, metered: true }).spacingMs, 2000);
	const standby = pace({ ...PACE, metered: true, role: "standby", families: BOTH });
	assert.equal(standby.spacingMs, 23_552);
	assert.ok(standby.steadyBytesPerDay <= 675_000 && standby.budgetBytesPerDay === 900_000);
	for (const mode of ["conservative", "balanced", "aggressive"] as const) {
		for (const metered of [true, false]) {
			for (const role of ["active", "standby"] as const) {
				const one = pace({ ...PACE, mode, metered, role, families: BOTH });
				assert.ok(one.steadyBytesPerDay <= one.budgetBytesPerDay * 0.75 + 1, `${mode} ${metered} ${role}`);
			}
		}
	}
	assert.equal(pace({ ...PACE, overBudget: true }).spacingMs, 60_000, "slow, but never off");
	assert.equal(pace({ ...PACE, intervalMs: 100 }).spacingMs, 100, "the owner's own pace");
	assert.equal(pace({ ...PACE, bytesPerDay: 10_000 }).spacingMs, 829_440, "the owner's own budget rules");
});

test("the ledger forgets after 24 hours, also after a long sleep", () => {
	const ledger = createLedger();
	const hour = 3_600_000;
	for (let i = 0; i < 30; i++) ledger.add(100, i * hour + 5);
	assert.equal(ledger.usedBytes(29 * hour + 10), 2400);
	assert.equal(ledger.usedBytes(40 * hour), 1300);
	assert.equal(ledger.usedBytes(1000 * hour), 0);
});

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     680      10    0    0    0     0          0         0      680      10    0    0    0     0       0          0
  eth1:    5068      88    0    0    0     0          0         0     6660     120    0    0    0     0       0          0
wwan0:123 4 0 0 0 0 0 0 567 8 0 0 0 0 0 0
 bad: x 1 0 0 0 0 0 0 2 3
short: 1 2
`;

test("/proc/net/dev: wanted devices, broken lines skipped", () => {
	const found = parseNetDev(NET_DEV, new Set(["eth1", "wwan0", "bad", "short", "gone"]));
	assert.deepEqual(
		[...found],
		[
			["eth1", { rxBytes: 5068, rxPackets: 88, txBytes: 6660, txPackets: 120 }],
			["wwan0", { rxBytes: 123, rxPackets: 4, txBytes: 567, txPackets: 8 }],
		],
	);
});

test("counters: one way traffic is a hint only where answers were usual, and false alarms are held back", () => {
	const judge = createTrafficJudge();
	let at = 0;
	let rx = 0;
	let tx = 0;
	const look = (moreRx: number, moreTx: number, own = 0) => {
		at += 250;
		rx += moreRx;
		tx += moreTx;
		return judge.look({ rxBytes: rx * 100, rxPackets: rx, txBytes: tx * 100, txPackets: tx }, own, at);
	};
	assert.equal(look(0, 0), null, "nothing to compare with");
	assert.deepEqual(look(0, 5), { state: "one_way", hint: false, busy: true }, "no history yet");
	for (let i = 0; i < 20; i++) assert.equal(look(8, 5)?.state, "arriving");
	assert.deepEqual(look(0, 2), { state: "one_way", hint: false, busy: false }, "too little to say");
	assert.equal(look(0, 9, 9)?.hint, false, "our own probes are no traffic");
	assert.deepEqual(look(0, 6), { state: "one_way", hint: true, busy: true });
	judge.falseAlarm(at);
	assert.equal(look(0, 6)?.hint, false, "held back");
	for (let i = 0; i < 24; i++) look(8, 5);
	assert.equal(look(0, 6)?.hint, true, "and let go after a while");
	assert.deepEqual(judge.rates(at), {
		rxBytesPerS: Math.round((rx * 100) / ((at - 250) / 1000)),
		txBytesPerS: Math.round((tx * 100) / ((at - 250) / 1000)),
	});
	rx = 0;
	tx = 0;
	assert.equal(look(1, 1), null, "a device made anew starts from nothing");
});

test("targets of an uplink: own, configured, then mwan3's, numeric only, four at most", () => {
	const none = { bytesPerDay: null, targets: { ipv4: [], ipv6: [] }, ownTargets: false };
	const track = ["1.1.1.1", "208.67.222.222", "example.com", "-f", "208.67.220.220"];
	assert.deepEqual(targetsFor(DEFAULT_PROBE_SETTINGS, none, "ipv4", track), [
		"1.1.1.1",
		"8.8.8.8",
		"9.9.9.9",
		"208.67.222.222",
	]);
	const own = { ...none, targets: { ipv4: ["10.0.0.1"], ipv6: [] }, ownTargets: true };
	assert.deepEqual(targetsFor(DEFAULT_PROBE_SETTINGS, own, "ipv4", track), ["10.0.0.1"]);
	assert.deepEqual(targetsFor({ ...DEFAULT_PROBE_SETTINGS, useTrackIps: false }, none, "ipv6", ["::1"]).length, 3);
});
