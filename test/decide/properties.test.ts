/**
 * What must hold whatever comes in: random streams of inputs (fast, nasty), and random scenarios in virtual time with an
 * oracle for where the traffic must be in the end.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe as snapshot } from "../../daemon/decide/describe.ts";
import { replay, step } from "../../daemon/decide/engine.ts";
import type { EngineState } from "../../daemon/decide/state.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Action, CommandName, Decision, FamilyPlan, Input, UplinkFacts } from "../../daemon/decide/types.ts";
import type { Family, ReachVerdict } from "../../daemon/health/types.ts";
import { FAMILIES } from "../../daemon/health/types.ts";
import { evidence, facts, randomFrom, SETTINGS, World } from "./support.ts";

const HARD = new Set(["hard_failure", "carrier_lost", "link_down", "link_gone", "disabled"]);
const OPERATOR = new Set(["manual_failover", "promote", "restore", "pin_expired", "maintenance_hold", "start"]);
const NAMES = ["wan", "wanb", "sim1", "__proto__", "wifi"];

/** A stream without sense: everything may happen at any time, with odd values among it. */
function* chaos(seed: number, count: number): Generator<Input> {
	const random = randomFrom(seed);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	let atMs = 1_000;
	let list: UplinkFacts[] = NAMES.map((id, i) =>
		facts(id, i, { weight: pick([100, 80, 80, 0]), families: [...FAMILIES] }),
	);
	yield { kind: "uplinks", atMs, uplinks: list };
	for (let i = 0; i < count; i++) {
		atMs += random() < 0.001 ? random() * 1e7 : random() * 400;
		const uplink = random() < 0.01 ? "nobody" : pick(NAMES);
		const family: Family = random() < 0.7 ? "ipv4" : "ipv6";
		const dice = random();
		if (dice < 0.6) {
			const rttMs = random() < 0.15 ? null : pick([random() * 100, random() * 3_000, -1, Number.NaN, 1e12]);
			yield {
				kind: "probe",
				uplink,
				atMs,
				family,
				method: "icmp",
				target: pick(["a", "b", "c"]),
				rttMs,
				excused: random() < 0.1,
			};
		} else if (dice < 0.8) {
			const verdict = pick<ReachVerdict>(["up", "up", "up", "suspect", "dead", "unknown"]);
			yield { kind: "reach", uplink, atMs, family, verdict, evidence: evidence({ targets: pick([0, 3]) }) };
		} else if (dice < 0.84) yield { kind: "dns", uplink, atMs, family, server: "x", rttMs: random() < 0.5 ? null : 10 };
		else if (dice < 0.87)
			yield { kind: "sense", uplink, atMs, values: { rsrp_dbm: -150 + random() * 120, outages: random() * 9 } };
		else if (dice < 0.9)
			yield { kind: "link", uplink, atMs, event: pick(["carrier_lost", "carrier_back", "ifdown", "ifup"]) };
		else if (dice < 0.92) {
			const risk = pick([random(), 2, -1, Number.NaN]);
			yield {
				kind: "risk",
				uplink,
				atMs,
				risk,
				confidence: random(),
				horizonMs: random() * 60_000,
				cause: "test",
				text: "",
			};
		} else if (dice < 0.94) {
			list = list.map((f) =>
				f.id === uplink ? { ...f, present: random() < 0.8, up: random() < 0.8, disabled: random() < 0.1 } : f,
			);
			yield { kind: "uplinks", atMs, uplinks: random() < 0.1 ? list.slice(1) : list };
		} else if (dice < 0.945) {
			const name = pick<CommandName>(["failover", "restore", "recheck", "promote", "hold", "release"]);
			yield {
				kind: "command",
				atMs,
				id: `c${i}`,
				name,
				uplink: random() < 0.5 ? null : uplink,
				forMs: pick([null, 0, 5_000]),
				reason: "",
			};
		} else if (dice < 0.96) {
			yield {
				kind: "applied",
				atMs,
				actionId: `a${Math.floor(random() * 50)}`,
				ok: random() < 0.5,
				method: "x",
				durationMs: 1,
				text: "",
			};
		} else yield { kind: "tick", atMs };
	}
}

function checkNumbers(value: unknown, where: string): void {
	JSON.stringify(value, (key, v: unknown) => {
		assert.ok(typeof v !== "number" || Number.isFinite(v), `${where}: ${key} is ${String(v)}`);
		return v;
	});
}

function unusable(state: EngineState, id: string): string | null {
	const u = state.uplinks.find((one) => one.facts.id === id);
	if (u === undefined) return "unknown";
	if (!u.facts.present) return "absent";
	if (u.facts.disabled) return "disabled";
	if (!u.facts.up || u.linkDown !== null) return "offline";
	return u.state === "down" ? "down" : null;
}

test("chaos: never to an unusable uplink, cooldown kept, wake in the future, plans sane, no NaN", () => {
	for (let seed = 1; seed <= 20; seed++) {
		let state = initialState(SETTINGS);
		let lastSwitchMs = Number.NEGATIVE_INFINITY;
		for (const input of chaos(seed, 2_500)) {
			const before = state.primary;
			const r = step(state, input);
			state = r.state;
			const here = `seed ${seed}, ${input.kind} at ${input.atMs}`;
			assert.ok(r.wakeAtMs === null || r.wakeAtMs > state.nowMs, here);
			for (const d of r.decisions) {
				checkNumbers(d, here);
				assert.ok(d.text.length > 10 && !/undefined|NaN|null/.test(d.text), `${here}: ${d.text}`);
				if (d.kind === "none" || d.kind === "avoid") continue;
				assert.ok(d.to !== null, here);
				const why = unusable(state, d.to);
				assert.ok(why === null || d.to === before, `${here}: ${d.rule} to ${d.to}, which is ${why}`);
				if (d.to === d.from) continue;
				const waited = state.nowMs - lastSwitchMs >= SETTINGS.cooldownMs;
				assert.ok(waited || HARD.has(d.rule) || OPERATOR.has(d.rule), `${here}: ${d.rule} within the cooldown`);
				if (d.kind !== "start") lastSwitchMs = state.nowMs;
			}
			if (r.decisions.length > 0) checkNumbers(state, here);
			if (state.plan === null) continue;
			for (const family of FAMILIES) {
				const { rank, avoid }: FamilyPlan = state.plan.families[family];
				assert.equal(
					new Set([...rank, ...avoid]).size,
					rank.length + avoid.length,
					`${here}: ${family} names one twice`,
				);
			}
			for (const a of r.actions as readonly Action[]) {
				if (a.kind !== "steer") continue;
				assert.equal(a.mode === "dead", a.release.length > 0, here);
				for (const { uplink, families } of a.release) {
					for (const family of families) {
						const { rank, avoid }: FamilyPlan = a.plan.families[family];
						assert.ok(
							rank.length > 0 && !rank.includes(uplink) && avoid.includes(uplink),
							`${here}: frees ${uplink} for nothing`,
						);
					}
				}
			}
		}
	}
});

test("step leaves its argument alone, and the state survives JSON", () => {
	let state = initialState(SETTINGS);
	let i = 0;
	for (const input of chaos(99, 3_000)) {
		const check = i++ % 10 === 0;
		const before = check ? JSON.stringify(state) : "";
		const r = step(state, input);
		if (check) {
			assert.equal(JSON.stringify(state), before);
			const again = step(JSON.parse(before) as EngineState, input);
			assert.equal(JSON.stringify(again), JSON.stringify(r));
		}
		state = r.state;
	}
});

test("same inputs, same bytes; ids are counters", () => {
	const run = () => JSON.stringify(replay(SETTINGS, chaos(7, 5_000)));
	const first = run();
	assert.equal(first, run());
	const decisions = JSON.parse(first) as Decision[];
	assert.ok(decisions.length > 50);
	decisions.forEach((d, i) => {
		assert.equal(d.id, `d${i + 1}`);
	});
});

test("100 000 inputs: the state does not grow", () => {
	let state = initialState(SETTINGS);
	let i = 0;
	let largest = 0;
	for (const input of chaos(3, 100_000)) {
		state = step(state, input).state;
		if (i++ % 5_000 === 0) largest = Math.max(largest, JSON.stringify(state).length);
	}
	assert.ok(largest < 150_000, String(largest));
});

test("hours pass without an input: nothing is concluded from the silence", () => {
	const w = new World([facts("wan", 1), facts("wanb", 2)]).run(60_000);
	w.set("wan", { rttMs: 2_000 });
	w.run(5_000);
	const n = w.decisions.length;
	for (const hours of [1, 5, 100]) {
		w.nowMs += hours * 3_600_000;
		w.send({ kind: "tick", atMs: w.nowMs });
		assert.equal(snapshot(w.state).uplinks[0]?.score.value, null);
		assert.equal(w.decisions.length, n);
		w.run(3_000);
		assert.equal(w.primary, "wan");
	}
	w.run(20_000);
	assert.equal(w.primary, "wanb");
	const { nowMs } = w.state;
	w.send({ kind: "tick", atMs: 5 });
	assert.equal(w.state.nowMs, nowMs);
});

test("15 % random loss everywhere: at most two switches an hour", () => {
	for (let seed = 1; seed <= 3; seed++) {
		const w = new World([facts("wan", 1), facts("wanb", 2), facts("sim", 3, { weight: 60 })], {}, seed);
		for (const id of ["wan", "wanb", "sim"]) w.set(id, { lossPct: 15, everyMs: id === "wan" ? 250 : 1_000 });
		w.run(3 * 3_600_000);
		assert.ok(w.moves().length <= 6, `seed ${seed}: ${w.moves().join(" ")}`);
	}
});

test("soak: random scenarios end on the right uplink, and every run replays", () => {
	for (let seed = 1; seed <= 15; seed++) {
		const random = randomFrom(1_000 + seed);
		const ids = ["wan", "wanb", "sim", "wifi"].slice(0, 2 + Math.floor(random() * 3));
		const w = new World(
			ids.map((id, i) => facts(id, i + 1, { weight: Math.round(100 * 0.8 ** i) })),
			{},
			seed,
		);
		w.steerOk = () => random() < 0.9;
		for (const id of ids) w.set(id, { everyMs: id === "wan" ? 250 : 1_000 });
		for (let i = 0; i < 12; i++) {
			const id = ids[Math.floor(random() * ids.length)] ?? "wan";
			const fault = Math.floor(random() * 5);
			if (fault === 0) w.set(id, { dead: true });
			else if (fault === 1) w.set(id, { lossPct: 10 + random() * 60 });
			else if (fault === 2) w.set(id, { rttMs: 1_500 + random() * 2_000 });
			else if (fault === 3) w.set(id, { link: false });
			else w.set(id, { dead: false, lossPct: 0, rttMs: 30, link: true });
			w.run(2_000 + random() * 60_000);
			const p = w.member(w.primary ?? "");
			const usable = ids.some((one) => w.member(one).truth.link && !w.member(one).truth.dead);
			if (usable) assert.ok(p.truth.link && !p.truth.dead, `seed ${seed}, fault ${i}: on ${w.primary}, which is dead`);
		}
		// A clean one among broken ones: it must carry the traffic, even out of hold-down.
		const good = ids[Math.floor(random() * ids.length)] ?? "wan";
		for (const id of ids) w.set(id, id === good ? { dead: false, lossPct: 0, rttMs: 30, link: true } : { dead: true });
		w.run(3_000);
		assert.equal(w.primary, good, `seed ${seed}: only ${good} works`);
		// All well again: back to the preferred one once the longest hold-down is over, and the network follows.
		for (const id of ids) w.set(id, { dead: false, lossPct: 0, rttMs: 30, link: true });
		w.run(1_500_000);
		assert.equal(w.primary, "wan", `seed ${seed}: ${w.moves().slice(-5).join(" ")}`);
		assert.deepEqual(w.state.plan?.families.ipv4, { rank: ids, avoid: [] });
		assert.deepEqual(w.state.steering.inForce, w.state.plan);
		assert.equal(JSON.stringify(replay(w.settings, w.inputs)), JSON.stringify(w.decisions), `seed ${seed} replays`);
	}
});
