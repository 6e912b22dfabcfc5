import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describe as snapshot } from "../../daemon/decide/describe.ts";
import { replay, step } from "../../daemon/decide/engine.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Action } from "../../daemon/decide/types.ts";
import { facts, reach, SETTINGS, World } from "./support.ts";

function three(settings = {}): World {
	return new World([facts("wan", 1), facts("wanb", 2), facts("wanc", 3)], settings).run(60_000);
}

function refusals(w: World): string[] {
	return w.events.filter((e) => e.type === "command").map((e) => e.reason);
}

function steers(w: World): Action[] {
	return w.actions.filter((a) => a.kind === "steer");
}

describe("failover by hand", () => {
	test("moves, pins, ignores brown-outs, returns when the time is over", () => {
		const w = three();
		w.command("failover", "wanb", 120_000);
		assert.equal(w.primary, "wanb");
		assert.match(w.last().text, /^Moved to wanb and pinned there for 2 min \(test\)/);
		const wan = w.last().candidates.find((c) => c.uplink === "wan");
		assert.equal(wan?.whyNot, "the operator pinned the traffic to wanb");
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind === "steer" ? action.plan.pinned : null, "wanb");
		w.set("wanb", { lossPct: 50 });
		w.run(60_000);
		assert.equal(w.primary, "wanb");
		w.set("wanb", { lossPct: 0 });
		w.run(60_100);
		assert.equal(w.primary, "wan");
		assert.equal(w.decisions.find((d) => d.kind === "restore")?.rule, "pin_expired");
	});
	test("without a time the default holds, 0 is until restore", () => {
		const w = three({ pinMs: 5_000 });
		w.command("failover", "wanb");
		w.run(6_000);
		assert.equal(w.primary, "wan");
		w.command("failover", "wanb", 0);
		w.run(86_400_000 / 24);
		assert.equal(w.primary, "wanb");
		w.command("restore");
		assert.equal(w.primary, "wan");
		assert.equal(w.last().rule, "restore");
	});
	test("a hard failure breaks the pin and says so", () => {
		const w = three();
		w.command("failover", "wanb", 0);
		w.set("wanb", { dead: true });
		w.run(1_000);
		assert.equal(w.primary, "wan");
		assert.equal(w.state.pin, null);
		assert.match(refusals(w).join("\n"), /the manual failover to wanb ended: no reply/);
	});
	test("without a name: the best other one", () => {
		const w = three();
		w.command("failover");
		assert.equal(w.primary, "wanb");
	});
	const refused: [string, (w: World) => void, string][] = [
		["unknown", () => {}, "failover refused: there is no uplink nope"],
		["absent", (w) => w.facts("wanb", { present: false }), "failover to wanb refused: its device is gone"],
		[
			"disabled",
			(w) => w.facts("wanb", { disabled: true }),
			"failover to wanb refused: it is disabled in the configuration",
		],
		["offline", (w) => w.set("wanb", { link: false }), "failover to wanb refused: no carrier"],
		[
			"dead",
			(w) => w.set("wanb", { dead: true }),
			"failover to wanb refused: no reply from 3 of 3 targets for 412 ms (expected within 95 ms)",
		],
	];
	for (const [name, make, text] of refused) {
		test(`refused: ${name}`, () => {
			const w = three();
			make(w);
			w.run(1_000);
			w.command("failover", name === "unknown" ? "nope" : "wanb");
			assert.equal(w.primary, "wan");
			assert.deepEqual(refusals(w), [text]);
		});
	}
	test("the same command delivered twice is obeyed once", () => {
		const w = three();
		w.command("failover", "wanb");
		const n = w.decisions.length;
		w.send({ kind: "command", atMs: w.nowMs, id: "c1", name: "failover", uplink: "wanc", forMs: null, reason: "" });
		assert.equal(w.primary, "wanb");
		assert.equal(w.decisions.length, n);
	});
});

describe("promote, hold, recheck", () => {
	test("promote moves now and beats weight until restore", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2, { weight: 40 })]).run(60_000);
		w.command("promote", "wanb");
		assert.match(w.last().text, /^Moved to wanb: promoted \(test\)\. Score \d+, loss 0 %, \d+ ms\.$/);
		assert.equal(w.primary, "wanb");
		w.run(600_000);
		assert.equal(w.primary, "wanb");
		w.command("restore");
		assert.equal(w.primary, "wan");
	});
	test("promote of one that is not good yet: later, by failback", () => {
		const w = three();
		w.set("wanc", { dead: true });
		w.run(2_000);
		w.command("promote", "wanc");
		assert.equal(w.primary, "wan");
		assert.equal(w.last().kind, "none");
		w.set("wanc", { dead: false });
		w.run(120_000);
		assert.equal(w.primary, "wanc");
		assert.equal(w.moves().at(-1), "failback:wan>wanc");
	});
	test("hold on all: only hard failures move; release ends it", () => {
		const w = three();
		w.command("hold", null, 0);
		w.set("wan", { lossPct: 60, rttMs: 3_000 });
		w.run(60_000);
		assert.equal(w.primary, "wan");
		w.command("release");
		w.run(2_000);
		assert.equal(w.primary, "wanb");
		w.command("hold", null, 0);
		w.set("wanb", { dead: true });
		w.run(1_000);
		assert.equal(w.primary, "wanc");
	});
	test("hold on the primary moves it away and keeps it away", () => {
		const w = three();
		w.command("hold", "wan", 0);
		assert.deepEqual(w.moves(), ["maintenance_hold:wan>wanb"]);
		w.run(300_000);
		assert.equal(w.primary, "wanb");
		assert.ok(w.state.plan?.families.ipv4.avoid.includes("wan"));
		assert.match(
			w.last().candidates.find((c) => c.uplink === "wan")?.whyNot ?? "",
			/held by the operator until released/,
		);
		w.command("release", "wan");
		w.run(60_000);
		assert.equal(w.primary, "wan");
	});
	test("a held one is still better than none", () => {
		const w = three();
		w.command("hold", "wanb", 0);
		w.set("wanc", { dead: true });
		w.set("wan", { dead: true });
		w.run(2_000);
		assert.equal(w.primary, "wanb");
	});
	test("a hold runs out by itself", () => {
		const w = three();
		w.command("hold", "wanb", 30_000);
		assert.ok(w.state.plan?.families.ipv4.avoid.includes("wanb"));
		w.run(31_000);
		assert.deepEqual(w.state.plan?.families.ipv4.avoid, []);
		assert.match(refusals(w).join(), /the hold on wanb is over/);
	});
	test("release without a hold is refused", () => {
		const w = three();
		w.command("release");
		assert.deepEqual(refusals(w), ["release refused: nothing is held"]);
	});
	test("recheck asks the prober and explains; too often is throttled", () => {
		const w = three();
		w.command("recheck");
		const action = w.actions[w.actions.length - 1];
		assert.deepEqual(action?.kind === "recheck" ? action.uplinks : null, ["wan", "wanb", "wanc"]);
		assert.equal(w.last().rule, "recheck");
		w.command("recheck", "wan");
		assert.equal(w.events.filter((e) => e.type === "throttle").length, 1);
		w.run(2_100);
		w.command("recheck", "wan");
		const second = w.actions[w.actions.length - 1];
		assert.deepEqual(second?.kind === "recheck" ? second.uplinks : null, ["wan"]);
	});
});

describe("start", () => {
	const up = (id: string, atMs: number) => reach(id, atMs, "up");
	function boot(weights: readonly number[] = [100, 80, 64]) {
		let state = initialState(SETTINGS);
		const out: { rule: string; to: string | null; atMs: number }[] = [];
		let wakeAtMs: number | null = null;
		const send = (input: Parameters<typeof step>[1]) => {
			const r = step(state, input);
			state = r.state;
			wakeAtMs = r.wakeAtMs;
			for (const d of r.decisions) out.push({ rule: d.rule, to: d.to, atMs: d.atMs });
			return r;
		};
		const uplinks = weights.map((weight, i) => facts(`w${i + 1}`, i + 1, { weight }));
		send({ kind: "uplinks", atMs: 1_000, uplinks });
		return { send, out, primary: () => state.primary, wake: () => wakeAtMs };
	}
	test("nothing is sent before evidence; status shows the router's choice", () => {
		const b = boot();
		assert.equal(b.primary(), "w1");
		assert.deepEqual(b.out, []);
		assert.equal(b.wake(), 21_000);
	});
	test("a backup with evidence first does not get the traffic", () => {
		const b = boot();
		b.send(up("w2", 2_000));
		b.send(up("w3", 2_100));
		assert.deepEqual(b.out, []);
		b.send(up("w1", 5_000));
		assert.deepEqual(b.out, [{ rule: "start", to: "w1", atMs: 5_000 }]);
	});
	test("the router's choice is dead and another answers: at once", () => {
		const b = boot();
		b.send(up("w2", 2_000));
		b.send(reach("w1", 2_500, "dead"));
		assert.deepEqual(b.out, [{ rule: "start", to: "w2", atMs: 2_500 }]);
	});
	test("min_uptime passed: with what is known", () => {
		const b = boot();
		b.send(up("w3", 2_000));
		b.send({ kind: "tick", atMs: 21_000 });
		assert.deepEqual(b.out, [{ rule: "start", to: "w3", atMs: 21_000 }]);
	});
	test("no evidence at all: the router's choice stands", () => {
		const b = boot();
		const r = b.send({ kind: "tick", atMs: 21_000 });
		assert.equal(r.decisions[0]?.to, "w1");
		assert.match(r.decisions[0]?.text ?? "", /No uplink has shown yet that it works/);
	});
	test("the larger weight, not the order, is preferred", () => {
		const b = boot([50, 100]);
		b.send(up("w2", 2_000));
		assert.deepEqual(b.out, [{ rule: "start", to: "w2", atMs: 2_000 }]);
	});
	test("the preferred one still asks for its address: the backup that answers is not switched to", () => {
		const rest = [facts("w2", 2, { weight: 80 }), facts("w3", 3, { weight: 64 })];
		const asking = facts("w1", 1, { up: false, families: [] });
		const b = boot();
		b.send({ kind: "uplinks", atMs: 1_100, uplinks: [asking, ...rest] });
		b.send(up("w2", 2_000));
		b.send(up("w3", 2_100));
		assert.deepEqual(b.out, []);
		assert.equal(b.primary(), "w2", "the router's choice meanwhile");
		b.send({ kind: "uplinks", atMs: 4_000, uplinks: [facts("w1", 1), ...rest] });
		b.send(up("w1", 5_000));
		assert.deepEqual(b.out, [{ rule: "start", to: "w1", atMs: 5_000 }]);
	});
	test("it gets none, has no cable, or is not to be used: the backup", () => {
		const rest = [facts("w2", 2, { weight: 80 })];
		const down = { up: false, families: [] };
		const cases = [
			[facts("w1", 1, down), 21_000],
			[facts("w1", 1, { ...down, carrier: false }), 2_000],
			[facts("w1", 1, { ...down, disabled: true }), 2_000],
			// mwan3's script has not run yet, perhaps.
			[facts("w1", 1, { families: [], takenDown: true }), 21_000],
		] as const;
		for (const [w1, atMs] of cases) {
			const b = boot();
			b.send({ kind: "uplinks", atMs: 1_100, uplinks: [w1, ...rest] });
			b.send(up("w2", 2_000));
			b.send({ kind: "tick", atMs: 21_000 });
			assert.deepEqual(b.out[0], { rule: "start", to: "w2", atMs }, JSON.stringify(w1));
		}
	});
	test("the router's choice dies while a better one is awaited: another that answers, at once", () => {
		const b = boot();
		const asking = facts("w1", 1, { up: false, families: [] });
		const rest = [facts("w2", 2, { weight: 80 }), facts("w3", 3, { weight: 64 })];
		b.send({ kind: "uplinks", atMs: 1_100, uplinks: [asking, ...rest] });
		b.send(up("w3", 2_000));
		b.send(reach("w2", 2_500, "dead"));
		assert.deepEqual(b.out[0], { rule: "start", to: "w3", atMs: 2_500 });
	});
	test("no uplinks: no decision; the first that comes is taken", () => {
		const b = boot([]);
		b.send({ kind: "tick", atMs: 100_000 });
		assert.deepEqual(b.out, []);
		b.send({ kind: "uplinks", atMs: 110_000, uplinks: [facts("w1", 1)] });
		b.send(up("w1", 111_000));
		assert.deepEqual(b.out, [{ rule: "start", to: "w1", atMs: 111_000 }]);
	});
});

describe("balancing", () => {
	test("a member that dies leaves the plan and rejoins after its hold-down", () => {
		const w = three();
		w.set("wanb", { dead: true });
		w.run(1_000);
		assert.equal(w.primary, "wan");
		assert.equal(w.last().rule, "avoid_member");
		assert.deepEqual(w.state.plan?.families.ipv4, { rank: ["wan", "wanc"], avoid: ["wanb"] });
		const action = w.actions[w.actions.length - 1];
		assert.deepEqual(action?.kind === "steer" ? action.release : null, [{ uplink: "wanb", families: ["ipv4"] }]);
		w.set("wanb", { dead: false });
		w.run(20_000);
		assert.ok(w.state.plan?.families.ipv4.avoid.includes("wanb"));
		w.run(20_000);
		assert.equal(w.last().rule, "rejoin_member");
		assert.deepEqual(w.state.plan?.families.ipv4, { rank: ["wan", "wanb", "wanc"], avoid: [] });
	});
	test("a bad member leaves after min_duration, not while the primary is bad too", () => {
		const w = three();
		w.set("wanb", { rttMs: 2_000 });
		w.run(30_000);
		assert.deepEqual(w.state.plan?.families.ipv4.avoid, ["wanb"]);
		const v = three();
		v.set("wan", { rttMs: 2_000 });
		v.set("wanb", { rttMs: 2_000 });
		v.set("wanc", { rttMs: 2_000 });
		v.run(60_000);
		assert.deepEqual(v.state.plan?.families.ipv4.avoid, []);
	});
	test("one dead family avoids the uplink for itself only", () => {
		const both = { families: ["ipv4", "ipv6"] as const };
		const w = new World([facts("wan", 1, both), facts("wanb", 2, both)]).run(60_000);
		w.send(reach("wan", w.nowMs, "dead", "ipv6"));
		assert.equal(w.primary, "wan");
		const d = w.last();
		assert.equal(d.rule, "family_dead");
		assert.match(d.text, /^IPv6 leaves wan: no reply/);
		assert.deepEqual(w.state.plan?.families, {
			ipv4: { rank: ["wan", "wanb"], avoid: [] },
			ipv6: { rank: ["wanb"], avoid: ["wan"] },
		});
		const action = w.actions[w.actions.length - 1];
		assert.deepEqual(action?.kind === "steer" ? action.release : null, [{ uplink: "wan", families: ["ipv6"] }]);
		w.send(reach("wan", w.nowMs, "up", "ipv6"));
		assert.deepEqual(w.state.plan?.families.ipv6.avoid, ["wan"]);
		w.run(31_000);
		assert.equal(w.decisions.filter((one) => one.rule === "family_back").length, 1);
		assert.deepEqual(w.state.plan?.families.ipv6, { rank: ["wan", "wanb"], avoid: [] });
	});
	test("a family of an uplink that is out is told only when the uplink takes part again without it", () => {
		const both = { families: ["ipv4", "ipv6"] as const };
		const w = new World([facts("wan", 1, both), facts("wanb", 2, both)]).run(60_000);
		w.set("wan", { dead: true });
		w.run(5_000);
		const before = w.decisions.length;
		const rules = (): string[] => w.rules().slice(before);
		const told = (): string[] => rules().filter((rule) => rule.startsWith("family_"));
		for (let i = 0; i < 5; i++) {
			w.set("wan", { dead: true });
			w.run(5_000);
			w.set("wan", { dead: false });
			w.run(1_000);
			// One family may answer before the other, and be silent before it.
			w.send(reach("wan", w.nowMs, "dead", "ipv4"));
			w.run(2_000);
			w.send(reach("wan", w.nowMs, "up", "ipv4"));
			w.run(2_000);
		}
		assert.equal(w.primary, "wanb");
		assert.deepEqual(told(), []);
		w.send(reach("wan", w.nowMs, "dead", "ipv4"));
		w.run(900_000);
		assert.deepEqual(told(), ["family_dead"]);
		assert.ok(rules().includes("rejoin_member"));
		assert.ok(rules().indexOf("rejoin_member") < rules().indexOf("family_dead"));
		assert.deepEqual(w.state.plan?.families.ipv4.avoid, ["wan"]);
		w.send(reach("wan", w.nowMs, "up", "ipv4"));
		w.run(900_000);
		assert.deepEqual(told(), ["family_dead", "family_back"]);
	});
	test("a dead family nobody else has is left alone", () => {
		const w = new World([facts("wan", 1, { families: ["ipv4", "ipv6"] }), facts("wanb", 2)]).run(60_000);
		const n = steers(w).length;
		w.send(reach("wan", w.nowMs, "dead", "ipv6"));
		assert.equal(steers(w).length, n);
		assert.deepEqual(w.state.plan?.families.ipv6, { rank: ["wan"], avoid: [] });
	});
	test("scores moving about send nothing", () => {
		const w = three();
		const n = steers(w).length;
		for (let i = 0; i < 30; i++) {
			w.set("wanb", { rttMs: 20 + 10 * i });
			w.set("wanc", { rttMs: 320 - 10 * i });
			w.run(10_000);
		}
		assert.equal(steers(w).length, n);
	});
	test("an uplink that appears is told in a decision of its own", () => {
		const w = three();
		w.members.set("wand", {
			facts: facts("wand", 4, { up: false, families: [] }),
			truth: { ...w.member("wan").truth },
			nextProbeMs: 0,
			nextDnsMs: 0,
			told: new Map(),
			deadSinceMs: null,
		});
		w.discover();
		const n = w.decisions.length;
		w.facts("wand", { up: true, families: ["ipv4"] });
		assert.deepEqual(w.rules().slice(n), ["members_changed"]);
		w.run(25_000);
		assert.equal(w.last().rule, "rejoin_member");
		assert.deepEqual(w.state.plan?.families.ipv4.rank, ["wan", "wanb", "wanc", "wand"]);
	});
});

describe("steering", () => {
	test("a failed action is repeated with growing pauses, and told", () => {
		const w = three();
		w.steerOk = () => false;
		w.command("failover", "wanb", 0);
		const from = w.nowMs;
		w.run(40_000);
		const times: number[] = [];
		for (const e of w.events) if (e.type === "steer_failed") times.push(Math.round((e.atMs - from) / 1_000));
		assert.deepEqual(times, [0, 1, 3, 7, 15, 31]);
		const view = snapshot(w.state);
		assert.equal(view.wanted?.primary, "wanb");
		assert.equal(view.inForce?.primary, "wan");
		assert.equal(view.steerError, "refused by the kernel");
		w.steerOk = () => true;
		w.run(40_000);
		assert.equal(snapshot(w.state).inForce?.primary, "wanb");
		assert.equal(snapshot(w.state).steerError, null);
	});
	test("no report within 10 s counts as failed", () => {
		const w = three();
		w.steerOk = () => null;
		w.command("failover", "wanb", 0);
		w.run(12_000);
		assert.match(
			w.events.find((e) => e.type === "steer_failed")?.reason ?? "",
			/^no report within 10 s; next attempt in 1 s$/,
		);
		assert.equal(steers(w).length, 3);
	});
	test("a late report of an overtaken action says nothing", () => {
		const w = three();
		w.steerOk = () => null;
		w.command("failover", "wanb", 0);
		const old = w.actions[w.actions.length - 1];
		w.command("failover", "wanc", 0);
		w.send({
			kind: "applied",
			atMs: w.nowMs,
			actionId: old?.id ?? "",
			ok: true,
			method: "routes",
			durationMs: 1,
			text: "",
		});
		assert.equal(snapshot(w.state).inForce?.primary, "wan");
	});
	test("observe: decides, explains, sends nothing; leaving it sends the plan at once", () => {
		const w = new World([facts("wan", 1), facts("wanb", 2)], { observe: true }).run(60_000);
		w.set("wan", { dead: true });
		w.run(2_000);
		assert.equal(w.primary, "wanb");
		assert.ok(w.decisions.every((d) => d.observed));
		assert.deepEqual(steers(w), []);
		assert.equal(snapshot(w.state).routerChoice, "wan");
		w.send({ kind: "settings", atMs: w.nowMs, settings: { ...w.settings, observe: false } });
		const action = steers(w)[0];
		assert.equal(action?.kind === "steer" ? action.plan.primary : null, "wanb");
		assert.equal(w.events.filter((e) => e.type === "settings").length, 1);
	});
});

test("describe: one row per uplink with everything status needs", () => {
	const w = three();
	w.set("wan", { dead: true });
	w.run(5_000);
	w.set("wan", { dead: false });
	w.run(3_000);
	const view = snapshot(w.state);
	assert.equal(view.primary, "wanb");
	assert.equal(view.backup, "wanc");
	assert.equal(view.degraded, false);
	assert.ok(view.cooldownLeftMs > 0 && view.cooldownLeftMs <= 20_000);
	const wan = view.uplinks.find((u) => u.id === "wan");
	assert.equal(wan?.state, "hold_down");
	assert.equal(wan?.flaps, 1);
	assert.ok((wan?.holdDownUntilMs ?? 0) > w.nowMs);
	assert.match(wan?.whyNot ?? "", /answers again but failed once \(down\): held for/);
	const wanb = view.uplinks.find((u) => u.id === "wanb");
	assert.equal(wanb?.whyNot, null);
	assert.equal(wanb?.lossPct, 0);
	assert.equal(wanb?.families[0]?.verdict, "up");
	assert.doesNotThrow(() => JSON.stringify(view));
	const later = snapshot(w.state, w.nowMs + 3_600_000).uplinks.find((u) => u.id === "wanb");
	assert.equal(later?.score.value, null);
	assert.equal(later?.lossPct, null);
});

test("replay gives the decisions of the live run", () => {
	const w = three();
	w.set("wan", { dead: true });
	w.run(60_000);
	w.command("failover", "wanc", 30_000);
	w.set("wan", { dead: false });
	w.run(120_000);
	assert.equal(JSON.stringify(replay(w.settings, w.inputs)), JSON.stringify(w.decisions));
	assert.ok(w.decisions.length > 4);
	const strict = replay({ ...w.settings, restore: { ...w.settings.restore, minDurationMs: 3_600_000 } }, w.inputs);
	assert.notEqual(JSON.stringify(strict), JSON.stringify(w.decisions));
});

test("nowhere to go from a held or endangered link: said once, not with every probe", () => {
	const w = new World([facts("wan", 1), facts("wanb", 2)]).run(60_000);
	w.set("wanb", { dead: true });
	w.run(60_000);
	const said = () => w.rules().filter((rule) => rule === "no_candidate").length;
	w.command("hold", "wan", 0);
	w.run(120_000);
	assert.equal(said(), 1);
	w.command("release", "wan");
	w.run(5_000);
	w.command("hold", "wan", 0);
	w.run(60_000);
	assert.equal(said(), 2, "a new hold is a new trouble");
	w.command("release", "wan");
	for (let i = 0; i < 60; i++) {
		const risk = i % 10 < 5 ? 0.9 : 0.1;
		const [uplink, cause] = ["wan", "rain"];
		w.send({ kind: "risk", uplink, atMs: w.nowMs, risk, confidence: 0.9, horizonMs: 30_000, cause, text: "" });
		w.run(1_000);
	}
	assert.equal(said(), 3, "risks come and go: at most every ten minutes");
});
