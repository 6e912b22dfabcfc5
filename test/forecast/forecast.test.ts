/** The forecast alone: unknown where too little is known, robust against sensors that lie, the same on every run. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAnomaly } from "../../daemon/forecast/anomaly.ts";
import { reasonOf } from "../../daemon/forecast/cause.ts";
import { FEATURE_INDEX, FEATURES, features } from "../../daemon/forecast/features.ts";
import { createForecaster, type Forecaster } from "../../daemon/forecast/forecaster.ts";
import { newHistory, remember } from "../../daemon/forecast/history.ts";
import modelFile from "../../daemon/forecast/model.json" with { type: "json" };
import { createModel, type ModelFile, parseTree } from "../../daemon/forecast/model.ts";
import { type Moment, NOWHERE } from "../../daemon/forecast/repeat.ts";
import { createTeller } from "../../daemon/forecast/teller.ts";
import { type Forecast, TARGETS } from "../../daemon/forecast/types.ts";
import type { Observation, SenseObservation } from "../../daemon/health/types.ts";
import { randomFrom, reach } from "../decide/support.ts";

const FILE = modelFile as unknown as ModelFile;
const model = createModel(FILE);

const probe = (atMs: number, rttMs: number | null, uplink = "wan"): Observation => ({
	kind: "probe",
	uplink,
	atMs,
	family: "ipv4",
	method: "icmp",
	target: "1.1.1.1",
	rttMs,
	excused: false,
});
const sense = (atMs: number, values: SenseObservation["values"]): Observation => ({
	kind: "sense",
	uplink: "wan",
	atMs,
	values,
});

/** Probes four times a second, all answered in 40 ms. */
function watched(untilMs: number, also: (atMs: number) => readonly Observation[] = () => []): Forecaster {
	const f = createForecaster(model);
	for (let atMs = 0; atMs <= untilMs; atMs += 250) {
		f.take(probe(atMs, 40));
		for (const one of also(atMs)) f.take(one);
		if (atMs % 1000 === 0) f.tick(atMs);
	}
	return f;
}

const only = (forecasts: readonly Forecast[]): Forecast => {
	assert.equal(forecasts.length, 1);
	return forecasts[0] as Forecast;
};

test("a standby that is well is asked every three seconds, at once when it lost something; the one in use at every tick", () => {
	const f = watched(60_000, (atMs) => (atMs === 0 ? [reach("wan", atMs, "up")] : []));
	const askedAt = (atMs: number, inUse: string | null): number => only(f.tick(atMs, NOWHERE, inUse)).atMs;
	assert.deepEqual(
		[60_500, 61_000, 62_000, 63_000, 63_500].map((atMs) => askedAt(atMs, "wanb")),
		[60_000, 60_000, 60_000, 63_000, 63_000],
	);
	assert.deepEqual([askedAt(63_600, "wan"), askedAt(63_700, null)], [63_600, 63_700]);
	f.take(probe(63_800, null));
	assert.equal(askedAt(64_000, "wanb"), 64_000);
	f.take(reach("wan", 64_100, "suspect"));
	assert.equal(askedAt(64_200, "wanb"), 64_200);
	assert.equal(askedAt(64_300, "wanb"), 64_300, "until it is well again");
});

test("a standby with some risk is asked as often as one that is well, one with more at every tick", () => {
	const askedAfter = (isSilent: (atMs: number) => boolean): readonly [later: number, askedAtMs: readonly number[]] => {
		const f = createForecaster(model);
		f.take(reach("wan", 0, "up"));
		for (let atMs = 0; atMs <= 60_000; atMs += 250) f.take(probe(atMs, isSilent(atMs) ? null : 40));
		const later = only(f.tick(60_000)).glance?.later ?? Number.NaN;
		return [later, [61_000, 62_000, 63_000].map((atMs) => only(f.tick(atMs, NOWHERE, "wanb")).atMs)];
	};
	const [some, seldom] = askedAfter((atMs) => atMs >= 40_000 && atMs < 41_000);
	assert.ok(some > 0.015 && some < 0.1, `${some}`);
	assert.deepEqual(seldom, [60_000, 60_000, 63_000]);
	const [more, always] = askedAfter((atMs) => atMs > 20_000 && atMs < 59_500 && atMs % 10_000 >= 5000);
	assert.ok(more >= 0.1, `${more}`);
	assert.equal(always[0], 61_000);
});

describe("unknown is an answer", () => {
	test("too few probes, too old ones, a jump of the clock, a link that went away", () => {
		const f = createForecaster(model);
		f.take(probe(0, 40));
		assert.deepEqual([only(f.tick(1000)).risks, only(f.latest()).text], [null, "not enough is known yet"]);
		const known = watched(60_000);
		assert.notEqual(only(known.latest()).risks, null);
		assert.deepEqual(
			[only(known.tick(80_000)).risks, only(known.latest()).text],
			[null, "nothing was heard of its probes lately"],
		);
		const jumped = watched(60_000);
		assert.equal(only(jumped.tick(10_000_000)).risks, null);
		const back = watched(60_000);
		assert.equal(only(back.tick(1000)).risks, null, "time went backwards");
		const gone = watched(60_000);
		gone.forget("wan");
		assert.equal(only(gone.tick(61_000)).risks, null);
		gone.keep([]);
		assert.deepEqual(gone.tick(62_000), []);
	});
	test("more uplinks than can be are not remembered", () => {
		const f = createForecaster(model);
		for (let i = 0; i < 100; i++) f.take(probe(0, 40, `wan${i}`));
		assert.equal(f.tick(1000).length, 64);
	});
});

describe("sensors that lie", () => {
	const risk = (f: Forecaster): string => JSON.stringify(only(f.latest()).risks);
	test("what is not a number changes nothing", () => {
		const plain = watched(60_000);
		const strange = watched(60_000, (atMs) => [
			sense(atMs, { rsrp_dbm: Number.NaN, sinr_db: Number.POSITIVE_INFINITY }),
			probe(atMs, Number.NaN, "other"),
		]);
		assert.equal(JSON.stringify(strange.latest()[0]?.risks), risk(plain));
	});
	test("a dish that reports an outage while probes are answered is not believed", () => {
		const f = watched(60_000, (atMs) => [sense(atMs, { outage: 1 })]);
		assert.notEqual(only(f.latest()).cause, "dish_outage");
	});
	test("figures of a modem that fell silent are forgotten", () => {
		const h = newHistory();
		const x = new Float64Array(FEATURES.length);
		for (let atMs = 0; atMs <= 10_000; atMs += 1000) remember(h, sense(atMs, { rsrp_dbm: -80 - atMs / 1000 }));
		features(h, 10_000, x);
		assert.equal(x[FEATURE_INDEX.rsrp], -90);
		assert.ok(Math.abs((x[FEATURE_INDEX.rsrp_slope] ?? 0) + 1) < 1e-9);
		features(h, 30_000, x);
		assert.ok(Number.isNaN(x[FEATURE_INDEX.rsrp]));
	});
});

describe("values that do not move, and clocks that do", () => {
	test("a signal that is the same for half an hour is no measurement", () => {
		const h = newHistory();
		const x = new Float64Array(FEATURES.length);
		for (let atMs = 0; atMs < 1_700_000; atMs += 5000) remember(h, sense(atMs, { rsrp_dbm: -118, signal_dbm: -85 }));
		features(h, 1_700_000, x);
		assert.equal(x[FEATURE_INDEX.rsrp], -118);
		for (let atMs = 1_700_000; atMs < 2_000_000; atMs += 5000)
			remember(h, sense(atMs, { rsrp_dbm: -118, signal_dbm: -85 }));
		features(h, 2_000_000, x);
		assert.ok(Number.isNaN(x[FEATURE_INDEX.rsrp]) && Number.isNaN(x[FEATURE_INDEX.signal]));
		remember(h, sense(2_001_000, { rsrp_dbm: -117 }));
		features(h, 2_001_000, x);
		assert.equal(x[FEATURE_INDEX.rsrp], -117, "believed again as soon as it moves");
	});
	test("an anomaly is told by what is usual, over clock jumps and strange figures", () => {
		const a = createAnomaly(() => 24);
		let atMs = 0;
		const next = (): number => {
			atMs += 60_000;
			return atMs;
		};
		for (let minute = 0; minute < 1440; minute++) a.minute(next(), 30 + (minute % 5), 0.001);
		assert.equal(a.text(), null);
		for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) a.minute(next(), odd, odd);
		assert.equal(a.text(), null);
		atMs = 1000;
		for (let minute = 0; minute < 30; minute++) a.minute(next(), 120, 0.001);
		assert.match(a.text() ?? "", /^round trips of 1\d\d ms, usually 3\d ms$/);
		const lossy = createAnomaly(() => 24);
		for (let minute = 0; minute < 1440; minute++) lossy.minute(minute * 60_000, 30, 0);
		for (let minute = 1440; minute < 1470; minute++) lossy.minute(minute * 60_000, 30, 0.2);
		assert.match(lossy.text() ?? "", /% lost, usually 0/);
	});
	test("a longer memory takes longer to call the new usual", () => {
		const after = (hours: number): string | null => {
			const a = createAnomaly(() => hours);
			for (let minute = 0; minute < 600; minute++) a.minute(minute * 60_000, 30 + (minute % 3), 0);
			for (let minute = 600; minute < 700; minute++) a.minute(minute * 60_000, 60 + (minute % 3), 0);
			return a.text();
		};
		assert.equal(after(3), null);
		assert.notEqual(after(168), null);
	});
});

describe("patterns in the forecast", () => {
	/** Ten seconds at each of two places in turn; the link is dead for the ten seconds at the second one. */
	function drives(patterns: boolean): Forecast {
		const f = createForecaster(model, () => ({ patterns, dish: true, memoryHours: 24 }));
		f.keep(["wan"], ["wan"]);
		const [road, bridge] = [54.1, 54.2].map((latitude) => ({ latitude, longitude: 10 }));
		const here = (place: Moment["place"], ahead: Moment["ahead"]): Moment => ({ ...NOWHERE, place, ahead });
		let atMs = 0;
		let last: readonly Forecast[] = [];
		for (let drive = 0; drive < 9; drive++) {
			for (let s = 0; s < 1300; s += s < 1240 ? 20 : 1) {
				atMs += s < 1240 ? 20_000 : 1000;
				const gone = s >= 1280 && s < 1290 && drive < 8;
				if (gone && s === 1281) f.take({ ...reach("wan", atMs, "dead") });
				if (s === 1290) f.take({ ...reach("wan", atMs, "up") });
				f.take(probe(atMs, gone ? null : 40));
				last = f.tick(atMs, here((gone ? bridge : road) ?? null, (s >= 1250 && s < 1280 ? bridge : null) ?? null));
				if (drive === 8 && s === 1270) return only(last);
			}
		}
		return only(last);
	}
	test("a dish that falls silent at a bridge is expected to before it, as obstructed, and is not left for that alone", () => {
		const told = drives(true);
		assert.equal(told.cause, "obstruction", JSON.stringify(told));
		assert.match(told.text, /^it fell silent at the place ahead in 8 of 8 passages/);
		assert.ok((told.risks?.any_2s_in_30s ?? 0) > 0.5);
		assert.ok((told.risks?.any_2s_in_10s ?? 1) < 0.5);
		assert.deepEqual(
			told.figures.filter((one) => one.name === "passages").map((one) => one.value),
			[8],
		);
	});
	test("switched off nothing is remembered; forgotten on request", () => {
		assert.ok((drives(false).risks?.any_2s_in_30s ?? 1) < 0.5);
	});
});

describe("features", () => {
	test("a silence is remembered once, told by a verdict, by a gap and by late replies", () => {
		const h = newHistory();
		for (let atMs = 0; atMs <= 10_000; atMs += 250) remember(h, probe(atMs, 40));
		remember(h, reach("wan", 10_100, "up"));
		remember(h, reach("wan", 10_600, "suspect"));
		remember(h, reach("wan", 10_900, "dead"));
		remember(h, probe(12_400, 2100));
		remember(h, reach("wan", 12_500, "up"));
		for (let atMs = 12_600; atMs <= 15_000; atMs += 250) remember(h, probe(atMs, 40));
		const x = new Float64Array(FEATURES.length);
		features(h, 15_000, x);
		assert.equal(x[FEATURE_INDEX.stalls_600], 1);
		assert.ok(Math.abs((x[FEATURE_INDEX.since_stall_s] ?? 0) - 2.6) < 0.2);
	});
	test("whatever comes, there are as many numbers as names, and the model gives probabilities in order", () => {
		const random = randomFrom(7);
		const h = newHistory();
		const x = new Float64Array(FEATURES.length);
		for (let atMs = 0; atMs < 400_000; atMs += 100 + random() * 900) {
			const dice = random();
			if (dice < 0.6) remember(h, probe(atMs, random() < 0.1 ? null : random() * 3000));
			else if (dice < 0.7)
				remember(
					h,
					reach("wan", atMs, (["up", "suspect", "dead", "unknown"] as const)[Math.floor(random() * 4)] ?? "up"),
				);
			else if (dice < 0.9)
				remember(
					h,
					sense(atMs, { rsrp_dbm: -140 + random() * 100, signal_dbm: random() < 0.2 ? null : -100 + random() * 90 }),
				);
			else
				remember(h, { kind: "traffic", uplink: "wan", atMs, rxBytesPerS: random() * 1e6, txBytesPerS: random() * 1e5 });
			features(h, atMs, x);
			assert.equal(x.length, FEATURES.length);
			const r = model.risks(x);
			for (const { name } of TARGETS) assert.ok(r[name] >= 0 && r[name] <= 1, `${name} ${r[name]}`);
			assert.ok(r.any_2s_in_3s <= r.any_2s_in_10s && r.any_2s_in_10s <= r.any_2s_in_30s);
			assert.ok(r.any_5s_in_30s <= r.any_2s_in_30s && r.any_2s_in_3s <= r.any_1s_in_3s);
			const { text } = reasonOf(x, h.baseMs);
			assert.doesNotMatch(text, /NaN|Infinity/, text);
		}
	});
});

describe("the model", () => {
	test("fits a router: 64 KiB at most", () => {
		assert.ok(JSON.stringify(FILE).length <= 65_536, String(JSON.stringify(FILE).length));
	});
	test("one made for other features, or without a target, is refused", () => {
		assert.throws(() => createModel({ ...FILE, features: ["x"] }), /trained on other features/);
		assert.throws(() => createModel({ ...FILE, targets: {} }), /knows nothing of any_2s_in_3s/);
	});
	const trees: [string, string][] = [
		["", "no lists"],
		["-1;0.5", "two lists"],
		["-1,-1;0.5;0", "lists of different lengths"],
		["-1;x;0", "no number"],
		["0,-1,-1;1,2,3;0,0,0", "its own child"],
		["0,-1;1,2;1,0", "a child that is not there"],
		["99,-1,-1;1,2,3;1,0,0", "a feature that is not there"],
		["0.5,-1,-1;1,2,3;1,0,0", "half a feature"],
	];
	for (const [line, name] of trees)
		test(`refused: ${name}`, () => assert.throws(() => parseTree(line), /a tree that is none/));
	test("unknown goes where the tree says", () => {
		const target = {
			base: 0,
			trees: ["100,-1,-1;5,1,2;1,0,0", "0,-1,-1;5,10,20;1,0,0"],
			table: [
				[0, 100],
				[0, 1],
			],
		} as const;
		const small = createModel({
			features: FEATURES,
			targets: Object.fromEntries(TARGETS.map(({ name }) => [name, target])),
		});
		const of = (value: number): number => small.risks(new Float64Array(FEATURES.length).fill(value)).any_1s_in_3s;
		assert.deepEqual([of(4), of(5), of(6), of(Number.NaN)], [0.11, 0.11, 0.22, 0.21]);
	});
});

test("the teller: a quiet link is not spoken of, one at risk again after ten seconds or when the risk moves", () => {
	const teller = createTeller();
	const risks = (share: number) =>
		Object.fromEntries(TARGETS.map(({ name }) => [name, share])) as unknown as NonNullable<Forecast["risks"]>;
	const at = (atMs: number, share: number | null): number =>
		teller.tell([
			{
				uplink: "wan",
				atMs,
				risks: share === null ? null : risks(share),
				cause: "unknown",
				confidence: 1,
				text: "",
				figures: [],
				anomaly: null,
			},
		]).length;
	assert.deepEqual(
		[at(0, 0.001), at(1000, 0.3), at(2000, 0.3), at(3000, 0.5), at(12_000, 0.5), at(13_000, 0.5)],
		[0, 1, 0, 1, 0, 1],
	);
	assert.deepEqual([at(14_000, 0.001), at(15_000, 0.001), at(16_000, null)], [1, 0, 0], "that it is over is said once");
});

test("same input, same output", () => {
	const f = () =>
		JSON.stringify(watched(90_000, (atMs) => [sense(atMs, { rsrp_dbm: -90 - (atMs % 7000) / 500 })]).latest());
	assert.equal(f(), f());
});

describe("the trees", () => {
	/** As the file says it, node by node. */
	function bySteps(x: Float64Array, name: string): number {
		const target = FILE.targets[name];
		assert.ok(target !== undefined);
		let sum = target.base;
		for (const line of target.trees) {
			const [feature, value, left] = parseTree(line);
			let at = 0;
			for (let f = feature[0] as number; f >= 0; f = feature[at] as number) {
				const known = x[f % 100] as number;
				const goesLeft = f >= 100 ? !(known > (value[at] as number)) : known <= (value[at] as number);
				at = (left[at] as number) + (goesLeft ? 0 : 1);
			}
			sum += value[at] as number;
		}
		return sum;
	}

	test("known and unknown figures go the way the file says; a glance sees what all risks say", () => {
		const random = randomFrom(5);
		// Tables that give the sum itself away: what they hold between two points is a straight line.
		const open = Object.fromEntries(
			Object.entries(FILE.targets).map(([name, { base, trees }]) => [
				name,
				{
					base,
					trees,
					table: [
						[-50, 50],
						[-50, 50],
					],
				},
			]),
		) as unknown as ModelFile["targets"];
		const sums = createModel({ ...FILE, targets: open });
		for (let round = 0; round < 300; round++) {
			const x = Float64Array.from(FEATURES, () => {
				const dice = random();
				if (dice < 0.2) return Number.NaN;
				return dice < 0.25 ? Number.POSITIVE_INFINITY : (random() - 0.3) * 10 ** Math.floor(4 * random());
			});
			const near = Math.abs(sums.risks(x).any_2s_in_3s - bySteps(x, "any_2s_in_3s"));
			assert.ok(near < 1e-9, `round ${round}: ${near}`);
			const { any_2s_in_10s: soon, any_2s_in_30s: later } = model.risks(x);
			assert.deepEqual(model.follow()(x), { soon, later });
		}
	});

	test("followed from tick to tick, the sums are those of all trees walked anew", () => {
		const random = randomFrom(7);
		const limits = FEATURES.map((_, which) =>
			Object.values(FILE.targets).flatMap(({ trees }) =>
				trees.flatMap((line) => {
					const [feature, value] = parseTree(line);
					return value.filter((_, at) => (feature[at] as number) >= 0 && (feature[at] as number) % 100 === which);
				}),
			),
		);
		const glance = model.follow();
		const x = new Float64Array(FEATURES.length).fill(Number.NaN);
		const seen = new Set<number>();
		for (let tick = 0; tick < 3000; tick++) {
			for (let i = 0; i < x.length; i++) {
				if (random() > 0.15) continue;
				const known = limits[i] as number[];
				const limit = known[Math.floor(random() * known.length)] ?? 0;
				const dice = random();
				x[i] =
					dice < 0.1
						? Number.NaN
						: dice < 0.15
							? Number.POSITIVE_INFINITY
							: dice < 0.5
								? limit
								: limit + random() - 0.5;
			}
			const { any_2s_in_10s: soon, any_2s_in_30s: later } = model.risks(x);
			assert.deepEqual(glance(x), { soon, later }, `tick ${tick}`);
			seen.add(later);
		}
		assert.ok(seen.size > 1000, `${seen.size} different`);
	});
});
