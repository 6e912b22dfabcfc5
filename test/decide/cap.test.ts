/** An uplink whose data allowance is used up: last resort only, never blind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe as view } from "../../daemon/decide/describe.ts";
import type { UplinkFacts } from "../../daemon/decide/types.ts";
import { facts, World } from "./support.ts";

const CAPPED = { capReached: true } as const;

function pair(first: Partial<UplinkFacts> = {}, second: Partial<UplinkFacts> = {}): World {
	return new World([facts("mob", 1, first), facts("wan", 2, second)]).run(60_000);
}

function free(w: World, id: string): void {
	const { capReached: _, ...rest } = w.member(id).facts;
	w.member(id).facts = rest;
	w.discover();
}

test("reached while it carries the traffic: planned move to a good one, open flows may finish, and it is taken out", () => {
	const w = pair();
	assert.equal(w.primary, "mob");
	w.facts("mob", CAPPED);
	assert.deepEqual(w.moves(), ["data_cap:mob>wan"]);
	assert.match(w.last().text, /^Left mob: its data allowance is used up\. wan took over: score \d+/);
	const action = w.actions.at(-1);
	assert.ok(action?.kind === "steer");
	assert.deepEqual([action.mode, action.release], ["planned", []]);
	assert.deepEqual(action.plan.families.ipv4, { rank: ["wan"], avoid: ["mob"] });
	w.run(300_000);
	assert.deepEqual(w.moves(), ["data_cap:mob>wan"], "it does not come back by failback");
	const one = view(w.state).uplinks.find((u) => u.id === "mob");
	assert.deepEqual([one?.eligible, one?.whyNot], [false, "its data allowance is used up"]);
	assert.equal(w.rules().filter((rule) => rule === "avoid_member").length, 0, "the move says it all");
});

test("a new period: it is preferred again and traffic returns by failback", () => {
	const w = pair(CAPPED);
	assert.equal(w.primary, "wan");
	free(w, "mob");
	w.run(60_000);
	assert.deepEqual(w.moves().slice(-1), ["failback:wan>mob"]);
});

test("never blind: with nothing else it carries the traffic, and that is said once", () => {
	const alone = new World([facts("mob", 1, CAPPED)]).run(120_000);
	assert.equal(alone.primary, "mob");
	assert.equal(alone.rules().filter((rule) => rule === "no_candidate").length, 1);
	const w = pair(CAPPED);
	w.set("wan", { dead: true });
	w.run(2_000);
	assert.equal(w.primary, "mob");
	assert.match(w.decisions.find((d) => d.rule === "hard_failure")?.text ?? "", /mob took over/);
	w.set("wan", { dead: false });
	w.run(300_000);
	assert.equal(w.primary, "wan");
	assert.equal(w.moves().at(-1), "data_cap:mob>wan");
});

test("before it: one that answers badly; after it: one of which nothing is known", () => {
	const w = new World([facts("wan", 1), facts("mob", 2, CAPPED), facts("other", 3)]).run(60_000);
	w.set("other", { rttMs: 1_500 });
	w.run(30_000);
	assert.equal(w.stateOf("other"), "failing");
	w.set("wan", { link: false });
	assert.equal(w.primary, "other");
	const blind = new World([
		facts("wan", 1),
		facts("mob", 2, CAPPED),
		facts("new", 3, { up: false, carrier: false }),
	]).run(60_000);
	blind.set("new", { link: true, everyMs: 1e9 });
	blind.member("new").nextProbeMs = 1e12;
	blind.set("wan", { link: false });
	assert.equal(blind.primary, "mob");
});

test("degraded is stayed on rather than paying; severe loss is left even for it", () => {
	const slow = pair({}, CAPPED);
	slow.set("mob", { rttMs: 1_500 });
	slow.run(60_000);
	assert.equal(slow.primary, "mob");
	const lossy = pair({}, CAPPED);
	lossy.set("mob", { lossPct: 50 });
	lossy.run(30_000);
	assert.deepEqual(lossy.moves(), ["severe_loss:mob>wan"]);
});

test("balancing: it leaves the set of those that share the load while the primary is fine", () => {
	const w = new World([facts("wan", 1), facts("mob", 2)]).run(60_000);
	w.facts("mob", CAPPED);
	assert.equal(w.last().text, "Took mob out: its data allowance is used up.");
	assert.deepEqual(w.state.plan?.families.ipv4, { rank: ["wan"], avoid: ["mob"] });
	free(w, "mob");
	assert.match(w.last().text, /^mob takes part again: /);
});

test("the operator is obeyed: a pin to it holds, a hold of everything too", () => {
	const w = pair();
	w.command("hold");
	w.facts("mob", CAPPED);
	w.run(60_000);
	assert.equal(w.primary, "mob");
	const pinned = pair({}, CAPPED);
	pinned.command("failover", "wan", 60_000);
	pinned.run(30_000);
	assert.equal(pinned.primary, "wan");
	pinned.run(60_000);
	assert.equal(pinned.primary, "mob");
});

test("at start the one with data left is taken, even when the other answers first", () => {
	const w = new World([facts("mob", 1, CAPPED), facts("wan", 2)]);
	w.member("wan").nextProbeMs = 3_000;
	w.run(10_000);
	assert.equal(w.primary, "wan");
	assert.match(w.decisions[0]?.text ?? "", /^Start on wan instead of mob: mob has used up its data allowance\./);
});
