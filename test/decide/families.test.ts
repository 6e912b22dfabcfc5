/** A verdict on one family, or on a link that may be back in a moment: what moves, what is freed, and what is said of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SteerAction } from "../../daemon/decide/types.ts";
import type { ReachVerdict } from "../../daemon/health/types.ts";
import { facts, reach, World } from "./support.ts";

const BOTH = { families: ["ipv4", "ipv6"] } as const;
const steers = (w: World, from = 0): SteerAction[] => w.actions.slice(from).filter((one) => one.kind === "steer");
const told = (w: World, from: number): string[] => w.decisions.slice(from).map(({ rule, text }) => `${rule}: ${text}`);

/** A verdict on one family that stays, whatever the probes of the world say. */
function fix(w: World, uplink: string, verdict: ReachVerdict): void {
	const send = w.send.bind(w);
	w.send = (input) => {
		const isOurs = (input.kind === "probe" || input.kind === "reach") && input.uplink === uplink;
		if (!isOurs || input.family !== "ipv6") send(input);
	};
	send(reach(uplink, w.nowMs, verdict, "ipv6"));
}

describe("a radio link in use that is up and silent", () => {
	function silent(): { w: World; from: number; said: number } {
		const w = new World([facts("lte", 1, { class: "cellular" }), facts("wan", 2)], { predictive: false }).run(60_000);
		const [from, said] = [w.actions.length, w.decisions.length];
		w.set("lte", { everyMs: 1e9 });
		w.member("lte").nextProbeMs = w.nowMs + 1e9;
		w.send(reach("lte", w.nowMs, "suspect"));
		w.run(150);
		w.send(reach("lte", w.nowMs, "dead"));
		return { w, from, said };
	}

	test("back within 300 ms: new flows avoided it, open ones were not freed", () => {
		const { w, from, said } = silent();
		w.run(200);
		w.send(reach("lte", w.nowMs, "up"));
		w.run(1000);
		assert.deepEqual(w.moves(), []);
		assert.deepEqual(
			steers(w, from).map(({ mode, plan, release }) => [mode, plan.families.ipv4.rank, release]),
			[
				["planned", ["wan"], []],
				["planned", ["lte", "wan"], []],
			],
		);
		const [left, back, ...more] = told(w, said);
		assert.match(left ?? "", /^family_dead: IPv4 leaves lte: no reply from 3 of 3 targets .*\. wan can carry it\.$/);
		assert.equal(back, "family_back: IPv4 may use lte again.");
		assert.deepEqual(more, []);
	});

	test("silent for longer: left, and its open flows are freed then", () => {
		const { w, from } = silent();
		w.run(1000);
		assert.deepEqual(w.moves(), ["hard_failure:lte>wan"]);
		assert.deepEqual(
			steers(w, from).map(({ mode, release }) => [mode, release]),
			[
				["planned", []],
				["dead", [{ uplink: "lte", families: ["ipv4"] }]],
			],
		);
	});

	test("left by the operator in that moment: its open flows are freed all the same", () => {
		const { w } = silent();
		w.command("failover", "wan");
		w.run(1000);
		const freed = steers(w).flatMap(({ release }) => release);
		assert.deepEqual(freed, [{ uplink: "lte", families: ["ipv4"] }]);
	});
});

describe("IPv6 alone", () => {
	test("the preferred uplink's has been dead for long: traffic comes back to it all the same", () => {
		const w = new World([facts("wan", 1, BOTH), facts("lte", 2, { ...BOTH, metered: true, weight: 80 })]).run(60_000);
		fix(w, "wan", "dead");
		w.run(60_000);
		w.set("wan", { dead: true });
		w.run(5_000);
		assert.equal(w.primary, "lte");
		w.set("wan", { dead: false });
		w.run(120_000);
		assert.equal(w.last().rule, "failback");
		assert.equal(w.primary, "wan");
		const { ipv4, ipv6 } = w.state.plan?.families ?? assert.fail();
		assert.deepEqual(ipv4.rank, ["wan", "lte"]);
		assert.deepEqual(ipv6, { rank: ["lte"], avoid: ["wan"] });
	});

	test("it died a moment ago, the rest may follow: nothing goes there without need", () => {
		const w = new World([facts("wan", 1, BOTH), facts("lte", 2, BOTH)]).run(60_000);
		w.set("wan", { dead: true });
		w.run(5_000);
		w.set("wan", { dead: false });
		w.run(20_000);
		fix(w, "wan", "dead");
		w.run(25_000);
		assert.equal(w.primary, "lte");
		w.run(10_000);
		assert.equal(w.primary, "wan");
	});

	test("goes to a member that was taken out when nothing else carries it, and says so", () => {
		const w = new World([facts("wan", 1, BOTH), facts("lte", 2, BOTH)]).run(60_000);
		w.set("lte", { dead: true });
		w.run(3_000);
		w.set("lte", { dead: false });
		w.run(5_000);
		assert.equal(w.stateOf("lte"), "hold_down");
		const said = w.decisions.length;
		w.send(reach("wan", w.nowMs, "dead", "ipv6"));
		assert.deepEqual(w.state.plan?.families.ipv6, { rank: ["lte"], avoid: ["wan"] });
		w.send(reach("wan", w.nowMs + 100, "up", "ipv6"));
		assert.deepEqual(w.state.plan?.families.ipv6, { rank: ["wan"], avoid: ["lte"] });
		const [left, back, ...more] = told(w, said);
		assert.match(left ?? "", /^family_dead: IPv6 leaves wan: no reply from .*\. lte can carry it\.$/);
		assert.equal(back, "family_back: IPv6 may use wan again.");
		assert.deepEqual(more, []);
	});

	test("the member that carried it loses its carrier", () => {
		const list = [facts("wan", 1), facts("lte", 2, BOTH), facts("sim", 3, BOTH)];
		const w = new World(list).run(60_000);
		for (const id of ["lte", "sim"]) w.set(id, { dead: true });
		w.run(3_000);
		for (const id of ["lte", "sim"]) w.set(id, { dead: false });
		w.run(5_000);
		assert.deepEqual(w.state.plan?.families.ipv6.rank, ["lte", "sim"]);
		const said = w.decisions.length;
		w.send({ kind: "link", atMs: w.nowMs, uplink: "lte", event: "carrier_lost" });
		assert.deepEqual(told(w, said), ["family_dead: IPv6 leaves lte: no carrier. sim can carry it."]);
	});
});
