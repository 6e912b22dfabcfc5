import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { UplinkFacts } from "../../daemon/decide/types.ts";
import { facts, reach, World } from "./support.ts";

function pair(more: Partial<UplinkFacts> = {}, settings = {}, seed = 1): World {
	return new World([facts("wan", 1), facts("wanb", 2, more)], settings, seed).run(60_000);
}

describe("hard failure", () => {
	test("dead: moves with the verdict, frees the stuck flows, explains", () => {
		const w = pair();
		const before = w.nowMs;
		w.set("wan", { dead: true });
		w.run(1_000);
		assert.deepEqual(w.moves(), ["hard_failure:wan>wanb"]);
		const d = w.last();
		assert.equal(d.kind, "failover");
		assert.ok(d.atMs - before <= 800, `${d.atMs - before}`);
		assert.match(
			d.text,
			/^Left wan: no reply from 3 of 3 targets for 412 ms \(expected within 95 ms\)\. wanb took over: score \d+, loss 0 %, \d+ ms\.$/,
		);
		assert.equal(d.observed, false);
		assert.deepEqual(d.figures[0], { name: "silent", value: 412, threshold: 95, unit: "ms" });
		assert.deepEqual(
			d.candidates.map((c) => [c.uplink, c.state, c.eligible]),
			[
				["wan", "down", false],
				["wanb", "eligible", true],
			],
		);
		assert.equal(d.candidates[1]?.whyNot, null);
		assert.match(d.candidates[0]?.whyNot ?? "", /no reply from 3 of 3 targets/);
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind, "steer");
		if (action?.kind !== "steer") return;
		assert.equal(action.mode, "dead");
		assert.equal(action.decisionId, d.id);
		const down = w.events.find((e) => e.type === "member_state" && e.uplink === "wan" && e.to === "down");
		assert.equal(down?.decisionId, d.id);
		assert.deepEqual(action.release, [{ uplink: "wan", families: ["ipv4"] }]);
		assert.deepEqual(action.plan.families.ipv4, { rank: ["wanb"], avoid: ["wan"] });
	});

	test("carrier lost: within the same step, cooldown or not", () => {
		const w = pair();
		w.command("failover", "wanb");
		w.command("restore");
		assert.equal(w.primary, "wan");
		const before = w.nowMs;
		w.set("wan", { link: false });
		assert.equal(w.primary, "wanb");
		const d = w.decisions.find((one) => one.rule === "carrier_lost");
		assert.equal(d?.atMs, before);
		assert.match(d?.text ?? "", /^Left wan: no carrier\. wanb took over/);
	});

	const gone: [string, Partial<UplinkFacts>, string, string][] = [
		["device gone", { present: false, up: false, families: [] }, "link_gone", "dead"],
		["interface down", { up: false }, "link_down", "dead"],
		["no address", { families: [] }, "link_down", "dead"],
		["disabled", { disabled: true }, "disabled", "planned"],
	];
	for (const [name, change, rule, mode] of gone) {
		test(`${name}: rule ${rule}, mode ${mode}`, () => {
			const w = pair();
			w.facts("wan", change);
			assert.deepEqual(w.moves(), [`${rule}:wan>wanb`]);
			const action = w.actions[w.actions.length - 1];
			assert.equal(action?.kind === "steer" ? action.mode : null, mode);
		});
	}

	test("the primary is no longer configured", () => {
		const w = pair();
		w.members.delete("wan");
		w.discover();
		assert.deepEqual(w.moves(), ["link_gone:null>wanb"]);
		assert.equal(w.events.filter((e) => e.type === "member_lost").length, 1);
	});

	test("all dead: stays, says so once, takes the first that comes back at once", () => {
		const w = pair();
		w.set("wan", { dead: true });
		w.run(5_000);
		w.set("wanb", { dead: true });
		w.run(120_000);
		assert.equal(w.primary, "wanb");
		assert.equal(w.rules().filter((r) => r === "no_candidate").length, 1);
		const steers = w.actions.length;
		w.set("wan", { dead: false });
		w.run(600);
		assert.equal(w.primary, "wan");
		assert.equal(w.stateOf("wan"), "hold_down");
		assert.equal(w.actions.length, steers + 1);
		const action = w.actions[w.actions.length - 1];
		assert.deepEqual(action?.kind === "steer" ? action.release : null, [{ uplink: "wanb", families: ["ipv4"] }]);
	});

	test("a link without evidence is the last resort, not the first", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2), facts("wanc", 3)], {});
		w.set("wanb", { everyMs: 1e9 });
		w.member("wanb").nextProbeMs = 1e12;
		w.run(60_000);
		w.set("wan", { dead: true });
		w.run(2_000);
		assert.equal(w.primary, "wanc");
		w.set("wanc", { dead: true });
		w.run(2_000);
		assert.equal(w.primary, "wanb");
		assert.match(w.last().text, /It was all that is left: no evidence yet that it works\.$/);
	});

	test("an unknown second family does not keep a dead uplink alive", () => {
		const w = new World([facts("wan", 1, { families: ["ipv4", "ipv6"] }), facts("wanb", 2)]);
		w.run(30_000);
		w.send(reach("wan", w.nowMs, "unknown", "ipv6"));
		w.send(reach("wan", w.nowMs, "dead", "ipv4"));
		assert.equal(w.primary, "wanb");
	});
});

describe("brown-out", () => {
	test("30 % loss: severe_loss, stuck flows freed, median within 4 s of the first probes", () => {
		const times: number[] = [];
		for (let seed = 1; seed <= 41; seed++) {
			const w = pair({}, {}, seed);
			const before = w.nowMs;
			w.set("wan", { lossPct: 30 });
			w.run(30_000);
			const d = w.decisions.find((one) => one.to === "wanb");
			times.push((d?.atMs ?? Number.POSITIVE_INFINITY) - before);
		}
		times.sort((a, b) => a - b);
		assert.ok((times[20] ?? 0) <= 4_000, `median ${times[20]}`);
		assert.ok((times[40] ?? 0) <= 20_000, `max ${times[40]}`);
	});
	test("severe_loss explains itself", () => {
		const w = pair();
		w.set("wan", { lossPct: 50 });
		w.run(10_000);
		const d = w.decisions.find((one) => one.to === "wanb");
		assert.equal(d?.rule, "severe_loss");
		assert.match(d?.text ?? "", /^Left wan: loss [\d.]+ % within seconds \(severe from 20 %\)\. wanb took over/);
		const action = w.actions.find((a) => a.kind === "steer" && a.decisionId === d?.id);
		assert.equal(action?.kind === "steer" ? action.mode : null, "dead");
	});
	test("12 % loss: degraded_loss after at least failover.min_duration_s, planned", () => {
		const w = pair({}, { severeLossPct: 100 }, 3);
		const before = w.nowMs;
		w.set("wan", { lossPct: 12 });
		w.run(120_000);
		const d = w.decisions.find((one) => one.to === "wanb");
		assert.equal(d?.rule, "degraded_loss");
		assert.ok((d?.atMs ?? 0) - before >= 10_000);
		const action = w.actions.find((a) => a.kind === "steer" && a.decisionId === d?.id);
		assert.equal(action?.kind === "steer" ? action.mode : null, "planned");
	});
	test("latency over the limit: degraded_latency after 10 s", () => {
		const w = pair();
		const before = w.nowMs;
		w.set("wan", { rttMs: 2_000 });
		w.run(9_900);
		assert.equal(w.primary, "wan");
		w.run(15_000);
		const d = w.decisions.find((one) => one.to === "wanb");
		assert.equal(d?.rule, "degraded_latency");
		assert.ok((d?.atMs ?? 0) - before >= 10_000);
		assert.match(d?.text ?? "", /latency [\d.]+ s \(limit 1\.2 s\) for 10 s/);
	});
	test("DNS dead through it: degraded_dns", () => {
		const w = pair();
		w.set("wan", { dnsDead: true });
		w.run(40_000);
		assert.deepEqual(w.moves(), ["degraded_dns:wan>wanb"]);
	});
	test("1 % random loss for eight hours: at most one move by chance", () => {
		let moves = 0;
		for (let seed = 5; seed <= 8; seed++) {
			const w = new World([facts("wan", 1), facts("wanb", 2, { weight: 80 })], {}, seed);
			w.set("wan", { lossPct: 1 });
			w.run(7_200_000);
			moves += w.moves().filter((m) => !m.startsWith("failback")).length;
		}
		assert.ok(moves <= 1, String(moves));
	});
	test("a hiccup of a second is not left", () => {
		const w = pair();
		for (let i = 0; i < 10; i++) {
			w.set("wan", { lossPct: 100 });
			w.run(600);
			w.set("wan", { lossPct: 0 });
			w.run(60_000);
		}
		assert.deepEqual(w.moves(), []);
	});
	test("nothing better: stays, says so once", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2)], {}, 2);
		w.set("wan", { lossPct: 15 });
		w.set("wanb", { lossPct: 15 });
		w.run(300_000);
		assert.equal(w.primary, "wan");
		assert.deepEqual(w.moves(), []);
		assert.equal(w.rules().filter((r) => r === "no_candidate").length, 1);
		assert.match(
			w.decisions.find((d) => d.rule === "no_candidate")?.text ?? "",
			/^Stayed on wan \(loss .*\): nothing better\. Not usable: wanb \(/,
		);
	});
	test("the lesser evil is taken when both are bad", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2)], {}, 2);
		w.set("wanb", { lossPct: 8 });
		w.run(30_000);
		w.set("wan", { lossPct: 60 });
		w.run(90_000);
		assert.equal(w.primary, "wanb");
	});
	test("severe loss waits for the cooldown and says so", () => {
		const w = pair();
		w.set("wan", { dead: true });
		w.run(1_000);
		w.set("wan", { dead: false });
		const moved = w.last().atMs;
		w.members.set("wanc", {
			...w.member("wanb"),
			facts: facts("wanc", 3),
			told: new Map(),
			truth: { ...w.member("wanb").truth },
		});
		w.discover();
		w.set("wanb", { lossPct: 50 });
		w.run(18_000);
		assert.equal(w.primary, "wanb");
		w.run(30_000);
		const next = w.decisions.find((d) => d.from === "wanb" && d.to !== "wanb" && d.kind === "failover");
		assert.ok(next !== undefined && next.atMs - moved >= 20_000);
	});
});

describe("return", () => {
	test("failback after hold-down and restore.min_duration_s, planned, old one draining", () => {
		const w = pair();
		w.set("wan", { dead: true });
		w.run(10_000);
		w.set("wan", { dead: false });
		const back = w.nowMs;
		w.run(29_000);
		assert.equal(w.primary, "wanb");
		assert.equal(w.stateOf("wan"), "hold_down");
		w.run(5_000);
		assert.deepEqual(w.moves(), ["hard_failure:wan>wanb", "failback:wanb>wan"]);
		assert.ok(w.last().atMs - back >= 30_000);
		assert.equal(w.stateOf("wanb"), "draining");
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind === "steer" ? action.mode : null, "planned");
		w.run(61_000);
		assert.equal(w.stateOf("wanb"), "eligible");
	});
	test("hold-down doubles with each flap: 30, 60, 120, 240, 480, 600, 600 s", () => {
		const w = pair();
		const held: number[] = [];
		for (let i = 0; i < 7; i++) {
			w.set("wan", { dead: true });
			w.run(5_000);
			w.set("wan", { dead: false });
			w.run(1_000);
			const u = w.state.uplinks.find((one) => one.facts.id === "wan");
			held.push(Math.round(((u?.trouble.holdUntilMs ?? 0) - (u?.trouble.okSinceMs ?? 0)) / 1_000));
			while (w.primary !== "wan") w.run(10_000);
		}
		assert.deepEqual(held, [30, 60, 120, 240, 480, 600, 600]);
	});
	test("ten quiet minutes take one flap away", () => {
		const w = pair();
		const flaps = () => w.state.uplinks[0]?.trouble.flaps;
		for (let i = 0; i < 3; i++) {
			w.set("wan", { dead: true });
			w.run(2_000);
			w.set("wan", { dead: false });
			w.run(2_000);
		}
		assert.equal(flaps(), 3);
		w.run(1_210_000);
		w.set("wan", { dead: true });
		w.run(2_000);
		assert.equal(flaps(), 2);
	});
	test("15 % loss left once stays left", () => {
		const w = pair({}, {}, 4);
		w.set("wan", { lossPct: 15 });
		w.run(7_200_000);
		assert.equal(w.moves().length, 1);
		assert.equal(w.primary, "wanb");
	});
	test("equal weights: back to the first of the user's order, though no margin above", () => {
		const w = pair();
		w.set("wan", { rttMs: 80 });
		w.set("wan", { dead: true });
		w.run(5_000);
		w.set("wan", { dead: false });
		w.run(120_000);
		assert.equal(w.primary, "wan");
	});
	test("a preferred one that is clearly worse is not returned to", () => {
		const w = pair();
		w.set("wan", { dead: true });
		w.run(5_000);
		w.set("wan", { dead: false, rttMs: 700 });
		w.run(600_000);
		assert.equal(w.primary, "wanb");
	});
	test("better_candidate: a margin above for 30 s, and no way back for a while", () => {
		const w = pair();
		w.set("wan", { rttMs: 1_000 });
		w.run(25_000);
		assert.equal(w.primary, "wan");
		w.run(60_000);
		assert.deepEqual(w.moves(), ["better_candidate:wan>wanb"]);
		assert.match(w.last().text, /^wanb ranks \d+ points above wan for 30 s/);
	});
	test("a small difference moves nothing", () => {
		const w = pair();
		w.set("wan", { rttMs: 400 });
		w.run(600_000);
		assert.deepEqual(w.moves(), []);
	});
	test("weights hold: the backup of weight 80 does not win over a good first choice", () => {
		const w = pair({ weight: 80 });
		w.set("wan", { rttMs: 700 });
		w.run(600_000);
		assert.deepEqual(w.moves(), []);
	});
	test("flags of a dish alone move nothing to a backup of weight 80", () => {
		const w = new World([facts("dish", 1, { class: "starlink" }), facts("sim", 2, { class: "cellular", weight: 80 })]);
		w.run(30_000);
		for (let i = 0; i < 20; i++) {
			w.send({
				kind: "sense",
				uplink: "dish",
				atMs: w.nowMs,
				values: { obstruction_pct: 40, outages: 9, critical_events: 4 },
			});
			w.run(30_000);
		}
		assert.deepEqual(w.moves(), []);
	});
});

describe("prediction", () => {
	const risk = (w: World, more = {}) =>
		w.send({
			kind: "risk",
			atMs: w.nowMs,
			uplink: "wan",
			risk: 0.9,
			confidence: 0.8,
			horizonMs: 20_000,
			cause: "obstruction",
			text: "obstruction ahead",
			...more,
		});
	test("leaves before trouble, planned", () => {
		const w = pair();
		risk(w);
		assert.deepEqual(w.moves(), ["predictive:wan>wanb"]);
		assert.match(w.last().text, /^Left wan before trouble: Obstruction ahead\. wanb took over/);
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind === "steer" ? action.mode : null, "planned");
	});
	const no: [string, object, object][] = [
		["switched off", { predictive: false }, {}],
		["too small a risk", {}, { risk: 0.69 }],
		["too little confidence", {}, { confidence: 0.59 }],
		["not a number", {}, { risk: Number.NaN }],
	];
	for (const [name, settings, more] of no) {
		test(`${name}: stays`, () => {
			const w = pair({}, settings);
			risk(w, more);
			assert.deepEqual(w.moves(), []);
		});
	}
	test("not to a candidate that is not good, and said", () => {
		const w = pair();
		w.set("wanb", { lossPct: 20 });
		w.run(30_000);
		risk(w);
		assert.equal(w.primary, "wan");
		assert.equal(w.last().rule, "no_candidate");
	});
	test("at most once per 5 x failover.min_duration_s, and said", () => {
		const w = pair(
			{},
			{
				cooldownMs: 1_000,
				failover: { lossPct: 5, latencyMs: 1200, minDurationMs: 20_000 },
				restore: { lossPct: 1, latencyMs: 800, minDurationMs: 10_000 },
			},
		);
		risk(w, { horizonMs: 1_000 });
		w.run(60_000);
		assert.equal(w.primary, "wan");
		risk(w);
		assert.equal(w.primary, "wan");
		assert.equal(w.events.filter((e) => e.type === "throttle").length, 1);
		w.run(45_000);
		risk(w);
		assert.equal(w.primary, "wanb");
	});
	test("waits for the cooldown, and says so", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2), facts("wanc", 3)]).run(60_000);
		w.command("failover", "wanb");
		w.command("restore");
		const moves = w.moves().length;
		risk(w);
		assert.equal(w.moves().length, moves);
		assert.equal(w.events.filter((e) => e.type === "cooldown").length, 1);
	});
	test("no return while the risk is on", () => {
		const w = pair();
		risk(w, { horizonMs: 120_000 });
		w.run(110_000);
		assert.equal(w.primary, "wanb");
		w.run(60_000);
		assert.equal(w.primary, "wan");
	});
});
