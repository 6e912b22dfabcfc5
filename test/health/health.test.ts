import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assess } from "../../daemon/health/assess.ts";
import { figuresOf, severeLoss } from "../../daemon/health/figures.ts";
import type { Health } from "../../daemon/health/link.ts";
import { emptyHealth, forgetLink, observe } from "../../daemon/health/link.ts";
import { EWMA_TAU_MS, emptyRolling, finalScore, roll, windowMean } from "../../daemon/health/rolling.ts";
import type { Profile } from "../../daemon/health/score.ts";
import { instantScore } from "../../daemon/health/score.ts";
import type { SenseName } from "../../daemon/health/senses.ts";
import { norm, sortedMedian, wilsonPct } from "../../daemon/health/stats.ts";
import type { Family, Observation } from "../../daemon/health/types.ts";
import { evidence, reach } from "../decide/support.ts";

const OTHER: Profile = { class: "other", preferRoaming: false };

function probe(
	atMs: number,
	rttMs: number | null,
	more: { family?: Family; target?: string; excused?: boolean } = {},
): Observation {
	const { family = "ipv4", target = "1.1.1.1", excused = false } = more;
	return { kind: "probe", uplink: "wan", atMs, family, method: "icmp", target, rttMs, excused };
}

function sense(atMs: number, values: Partial<Record<SenseName, number>>): Observation {
	return { kind: "sense", uplink: "wan", atMs, values };
}

function all(list: readonly Observation[], from: Health = emptyHealth()): Health {
	return list.reduce(observe, from);
}

/** `n` probes, one every `everyMs`, the ones named in `lost` without reply. */
function series(
	n: number,
	everyMs: number,
	rttMs: number,
	lost: readonly number[] = [],
	fromMs = 1_000,
): Observation[] {
	return Array.from({ length: n }, (_, i) => probe(fromMs + i * everyMs, lost.includes(i) ? null : rttMs));
}

describe("arithmetic", () => {
	test("norm is linear between good and bad and clamped outside", () => {
		assert.equal(norm(50, 50, 1500), 0);
		assert.equal(norm(775, 50, 1500), 0.5);
		assert.equal(norm(9000, 50, 1500), 1);
		assert.equal(norm(1, 50, 1500), 0);
	});
	test("median", () => {
		const median = (...values: number[]) => sortedMedian(new Float64Array([...values, 1, 2]), values.length);
		assert.equal(median(), null);
		assert.equal(median(7), 7);
		assert.equal(median(30, 1, 200), 30);
		assert.equal(median(4, 1, 2, 3), 2.5);
	});
	test("Wilson bounds, against published values", () => {
		// 8 of 10 at z = 1.96: 0.4902-0.9433
		assert.ok(Math.abs(wilsonPct(8, 10, -1.96) - 49.02) < 0.01);
		assert.ok(Math.abs(wilsonPct(8, 10, 1.96) - 94.33) < 0.01);
		assert.equal(wilsonPct(0, 0, -1), 0);
		assert.equal(wilsonPct(0, 0, 1), 100);
		assert.equal(wilsonPct(0, 20, -2), 0);
	});
});

describe("figures", () => {
	test("nothing known: null, stale, no confidence", () => {
		const f = figuresOf(emptyHealth(), 5_000);
		assert.equal(f.loss.pct, null);
		assert.equal(f.latencyMs, null);
		assert.equal(f.stale, true);
		assert.equal(f.confidence, 0);
		assert.equal(f.unreachable, false);
		assert.equal(f.alive, false);
	});
	test("loss, latency and jitter of the short window", () => {
		const f = figuresOf(all(series(40, 250, 30, [3, 10])), 10_900);
		assert.equal(f.loss.pct, 5);
		assert.equal(f.latencyMs, 30);
		assert.equal(f.jitterMs, 0);
		assert.equal(f.confidence, 1);
	});
	test("jitter compares a target only with itself", () => {
		const list = Array.from({ length: 20 }, (_, i) =>
			probe(1_000 + i * 100, i % 2 === 0 ? 10 : 90, { target: i % 2 === 0 ? "near" : "far" }),
		);
		assert.equal(figuresOf(all(list), 3_000).jitterMs, 0);
	});
	test("excused probes count for nothing", () => {
		const list = series(20, 250, 30).concat(
			Array.from({ length: 20 }, (_, i) => probe(1_000 + i * 250, null, { excused: true })),
		);
		assert.equal(figuresOf(all(list), 6_000).loss.pct, 0);
	});
	test("a metered link with a probe a minute is judged over its last ten", () => {
		const f = figuresOf(all(series(12, 60_000, 40, [5])), 1_000 + 11 * 60_000 + 5_000);
		assert.equal(f.stale, false);
		assert.ok(f.loss.probes >= 4 && f.loss.probes <= 6, String(f.loss.probes));
		assert.ok(f.confidence < 1);
	});
	test("asked nine or ten times in ten seconds: what was lost does not come and go while it grows old", () => {
		// A third of the first ten lost, then all is well; a probe every 1.1 s, looked at after each.
		let health = emptyHealth();
		const over: boolean[] = [];
		for (const one of series(40, 1_100, 30, [2, 5, 8])) {
			health = observe(health, one);
			if (one.atMs > 11_000) over.push((figuresOf(health, one.atMs).loss.pct ?? 0) >= 5);
		}
		const changes = over.filter((one, i) => i > 0 && one !== over[i - 1]).length;
		assert.equal(changes, 1, over.map(Number).join(""));
	});
	test("no probes for four times their interval: stale, and no score", () => {
		const health = all(series(40, 250, 30));
		assert.equal(figuresOf(health, 10_750 + 29_999).stale, false);
		assert.equal(figuresOf(health, 10_750 + 30_000).stale, true);
		assert.equal(assess(health, 10_750 + 30_000, OTHER, 600_000).score.value, null);
	});
	test("a dead family does not count as loss of the other", () => {
		const list = series(40, 250, 30);
		for (let i = 0; i < 40; i++) list.push(probe(1_000 + i * 250, null, { family: "ipv6" }));
		const half = figuresOf(all(list), 10_900);
		assert.equal(half.loss.pct, 50);
		list.push(reach("wan", 10_900, "dead", "ipv6"));
		assert.equal(figuresOf(all(list), 10_900).loss.pct, 0);
	});
	test("all that has a verdict is dead: unreachable, score 0 at once", () => {
		const health = all([...series(40, 250, 30), reach("wan", 10_900, "dead")]);
		const { figures, score } = assess(health, 10_900, OTHER, 600_000);
		assert.equal(figures.unreachable, true);
		assert.equal(score.value, 0);
	});
	test("back from the dead the old losses are forgotten", () => {
		const list = [...series(20, 250, 30), ...series(20, 250, 0, [...Array(20).keys()], 6_000)];
		list.push(reach("wan", 11_000, "dead"), reach("wan", 12_000, "up"), probe(12_100, 30));
		assert.equal(figuresOf(all(list), 12_200).loss.pct, 0);
	});
	test("DNS: three unanswered in a row over two seconds is failing, one answer ends it", () => {
		const dns = (atMs: number, rttMs: number | null): Observation => {
			return { kind: "dns", uplink: "wan", atMs, family: "ipv4", server: "9.9.9.9", rttMs };
		};
		assert.equal(figuresOf(all([dns(1_000, null), dns(2_000, null)]), 3_000).dns, "unknown");
		assert.equal(figuresOf(all([dns(1_000, null), dns(1_100, null), dns(1_200, null)]), 3_000).dns, "unknown");
		const dead = [dns(1_000, null), dns(2_000, null), dns(3_000, null)];
		assert.equal(figuresOf(all(dead), 3_000).dns, "failing");
		assert.equal(figuresOf(all([...dead, dns(4_000, 12)]), 4_000).dns, "ok");
		assert.equal(figuresOf(all(dead), 300_000).dns, "unknown");
	});
	test("link gone: measurements void, history of the score kept", () => {
		const { health } = assess(all(series(40, 250, 30)), 10_900, OTHER, 600_000);
		const after = forgetLink(health);
		assert.equal(figuresOf(after, 11_000).loss.pct, null);
		assert.equal(after.rolling.history.length, 3, "one slice");
		assert.equal(after.rolling.ewma, null);
	});
});

describe("severe loss", () => {
	const judge = (lost: readonly number[], everyMs = 250, n = 40) => {
		const list = series(n, everyMs, 30, lost);
		return severeLoss(all(list), 1_000 + n * everyMs, 20, 3_000);
	};
	test("a third lost for four seconds is", () => {
		assert.equal(judge([25, 28, 31, 34, 37, 39]).severe, true);
	});
	test("a quarter lost for four seconds is what a tenth looks like at times", () => {
		assert.equal(judge([26, 30, 34, 38]).severe, false);
	});
	test("one blackout of a second in the window is not", () => {
		assert.equal(judge([33, 34, 35, 36]).severe, false);
	});
	test("a burst of forty quick probes lost within half a second is not", () => {
		const list = series(40, 250, 30);
		for (let i = 0; i < 40; i++) list.push(probe(10_500 + i * 10, null));
		assert.equal(severeLoss(all(list), 11_000, 20, 3_000).severe, false);
	});
	test("over already is not", () => {
		const list = series(40, 250, 30, [25, 28, 31, 34, 37, 39]);
		assert.equal(severeLoss(all(list), 12_200, 20, 3_000).severe, false);
	});
	test("too few probes are not", () => {
		assert.equal(judge([5, 7, 9], 1_000, 10).severe, false);
	});
});

describe("score", () => {
	const scoreOf = (health: Health, profile: Profile, nowMs = 10_900) => instantScore(figuresOf(health, nowMs), profile);
	/** [class, rtt, sense, expected] with no loss. */
	const table: [Profile["class"], number, Partial<Record<SenseName, number>>, number][] = [
		["other", 30, {}, 100],
		["other", 775, {}, 90],
		["other", 1_500, {}, 80],
		["lan", 1, {}, 100],
		["lan", 100, {}, 75],
		["starlink", 1_500, {}, 80],
		["cellular", 50, { rsrp_dbm: -92 }, 85],
		["cellular", 50, { rsrp_dbm: -140 }, 70],
		["cellular", 50, { rsrp_dbm: -44, roaming: 1 }, 85],
		["cellular", 50, { rsrp_dbm: -44, cap_pressure_pct: 50 }, 90],
		["lan", 1, { cap_pressure_pct: 100, usage_pct: 130 }, 80],
		["cellular", 1_500, { rsrp_dbm: -44 }, 86],
		["cellular", 50, {}, 100],
		["wifi", 50, { signal_dbm: -65 }, 85],
		["wifi", 50, { rssi_dbm: -30 }, 100],
		["starlink", 700, { obstruction_pct: 10 }, 66.03],
		["starlink", 700, { outages: 2, critical_events: 1 }, 63.03],
		["starlink", 700, { outages: 9, critical_events: 9 }, 61.03],
	];
	for (const [cls, rttMs, values, expected] of table) {
		test(`${cls}, ${rttMs} ms, ${JSON.stringify(values)}: ${expected}`, () => {
			const health = all([...series(40, 250, rttMs), sense(10_800, values)]);
			const score = scoreOf(health, { class: cls, preferRoaming: false });
			assert.ok(score !== null && Math.abs(score.value - expected) < 0.01, String(score?.value));
		});
	}
	test("prefer_roaming forgives roaming", () => {
		const health = all([...series(40, 250, 50), sense(10_800, { rsrp_dbm: -44, roaming: 1 })]);
		assert.equal(scoreOf(health, { class: "cellular", preferRoaming: true })?.value, 100);
	});
	test("flags of a dish cost at most 15 while what is measured is good", () => {
		const health = all([
			...series(40, 250, 30),
			sense(10_800, { obstruction_pct: 50, outages: 9, critical_events: 5 }),
		]);
		assert.equal(scoreOf(health, { class: "starlink", preferRoaming: false })?.value, 85);
	});
	test("everything lost scores 0, whatever the class", () => {
		const lost = [...Array(40).keys()];
		for (const cls of ["starlink", "cellular", "wifi", "lan", "other"] as const) {
			const value = scoreOf(all(series(40, 250, 30, lost)), { class: cls, preferRoaming: false })?.value;
			assert.equal(value, 0, cls);
		}
	});
	test("one lost probe of ten costs little, eight of forty the full weight", () => {
		const few = scoreOf(all(series(10, 1_000, 30, [4])), OTHER)?.value ?? 0;
		assert.ok(few > 85, String(few));
		const many = scoreOf(all(series(40, 250, 30, [1, 6, 11, 16, 21, 26, 31, 36])), OTHER)?.value ?? 0;
		assert.ok(many < 70, String(many));
	});
	test("the parts say what cost how much", () => {
		const health = all(series(40, 250, 775, [1, 11, 21, 31]));
		const score = scoreOf(health, OTHER);
		assert.deepEqual(
			score?.parts.map((p) => p.name),
			["latency", "loss"],
		);
		assert.equal(score?.parts[0]?.points, 10);
		const cost = score?.parts.reduce((sum, p) => sum + p.points, 0) ?? 0;
		assert.ok(Math.abs(100 - cost - (score?.value ?? 0)) < 0.2);
	});
	test("old radio values are not believed", () => {
		const health = all([sense(1_000, { rsrp_dbm: -140 }), ...series(40, 250, 50, [], 200_000)]);
		assert.equal(scoreOf(health, { class: "cellular", preferRoaming: false }, 210_000)?.value, 100);
	});
});

describe("rolling", () => {
	test("the time constant is the traditional alpha 0.2 at 1.5 s", () => {
		let r = roll(emptyRolling(), 100, 0, 600_000);
		r = roll(r, 0, 1_500, 600_000);
		assert.ok(Math.abs((r.ewma ?? 0) - 80) < 0.01, String(r.ewma));
		assert.ok(Math.abs(EWMA_TAU_MS + 1_500 / Math.log(0.8)) < 1);
	});
	test("many samples in a short time weigh as little as one", () => {
		let one = roll(emptyRolling(), 100, 0, 600_000);
		one = roll(one, 0, 1_000, 600_000);
		let many = roll(emptyRolling(), 100, 0, 600_000);
		for (let t = 10; t <= 1_000; t += 10) many = roll(many, 0, t, 600_000);
		assert.ok(Math.abs((one.ewma ?? 0) - (many.ewma ?? 0)) < 1e-6);
	});
	test("each slice of the window counts once", () => {
		let r = emptyRolling();
		for (let t = 0; t < 20_000; t += 100) r = roll(r, 100, t, 600_000);
		r = roll(r, 0, 20_000, 600_000);
		assert.equal(windowMean(r, 20_000, 600_000), 50);
	});
	test("the window forgets", () => {
		let r = roll(emptyRolling(), 0, 0, 60_000);
		r = roll(r, 100, 100_000, 60_000);
		assert.equal(windowMean(r, 100_000, 60_000), 100);
		assert.equal(r.history.length, 3, "one slice");
	});
	test("0.30 instant + 0.50 ewma + 0.20 window", () => {
		assert.equal(finalScore(100, 50, 10), 57);
	});
});

test("any observations: finite figures, score in 0-100, JSON-serialisable, old value untouched", () => {
	const time = fc.integer({ min: 0, max: 2_000_000 });
	const rtt = fc.oneof(
		fc.constant(null),
		fc.double({ min: -10, max: 1e6 }),
		fc.constant(Number.NaN),
		fc.constant(Number.POSITIVE_INFINITY),
	);
	const family = fc.constantFrom<Family>("ipv4", "ipv6");
	const observation: fc.Arbitrary<Observation> = fc.oneof(
		fc
			.record({ atMs: time, rttMs: rtt, family, target: fc.string(), excused: fc.boolean() })
			.map((o) => probe(o.atMs, o.rttMs, o)),
		fc
			.record({ atMs: time, family, verdict: fc.constantFrom("unknown", "up", "suspect", "dead") })
			.map((o) => ({ kind: "reach", uplink: "wan", evidence: evidence(), ...o }) as Observation),
		fc
			.record({ atMs: time, rttMs: rtt, family })
			.map((o) => ({ kind: "dns", uplink: "wan", server: "x", ...o }) as Observation),
		fc
			.record({
				atMs: time,
				value: fc.double(),
				name: fc.constantFrom<SenseName>("rsrp_dbm", "obstruction_pct", "outages", "roaming"),
			})
			.map((o) => sense(o.atMs, { [o.name]: o.value })),
	);
	fc.assert(
		fc.property(
			fc.array(observation, { maxLength: 60 }),
			fc.constantFrom("starlink", "cellular", "wifi", "lan"),
			(list, cls) => {
				let health = emptyHealth();
				let nowMs = 0;
				for (const o of list.sort((a, b) => a.atMs - b.atMs)) {
					nowMs = o.atMs;
					const before = JSON.stringify(health);
					const next = assess(observe(health, o), nowMs, { class: cls, preferRoaming: false }, 600_000);
					assert.equal(JSON.stringify(health), before);
					const text = JSON.stringify(next, (key, v: unknown) => {
						assert.ok(typeof v !== "number" || Number.isFinite(v), key);
						return v;
					});
					const { value, instant, ewma, window } = next.score;
					for (const n of [value, instant, ewma, window]) assert.ok(n === null || (n >= 0 && n <= 100), text);
					health = next.health;
				}
			},
		),
		{ numRuns: 300 },
	);
});
