import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { numberAt } from "../../daemon/record/block.ts";
import { METRICS, type SampleValues } from "../../daemon/record/metrics.ts";
import { latestSamples, type Point, querySeries } from "../../daemon/record/query.ts";
import { createSampleStore, MAX_SERIES } from "../../daemon/record/store.ts";

const MB = 1_048_576;

interface Sample {
	atMs: number;
	values: SampleValues;
}

const value = fc.option(fc.double({ min: -150, max: 5000, noNaN: true }).map(Math.fround), { freq: 4 });
const samples: fc.Arbitrary<Sample[]> = fc
	.array(fc.tuple(fc.integer({ min: 0, max: 9_000 }), value, value), { minLength: 1, maxLength: 200 })
	.map((steps) => {
		let atMs = 3;
		return steps.map(([step, rtt, loss]) => {
			atMs += step;
			return { atMs, values: { rtt_ms: rtt, loss_pct: loss } };
		});
	});

/** What a query must say, computed the slow way from all samples. */
function oracle(all: Sample[], fromMs: number, toMs: number, points: number): Map<number, number[]> {
	const step = Math.max(1, (toMs - fromMs) / points);
	const spans = new Map<number, number[]>();
	for (const { atMs, values } of all) {
		if (atMs < fromMs || atMs >= toMs) continue;
		const index = Math.min(points - 1, Math.floor((atMs - fromMs) / step));
		const known = spans.get(index) ?? [];
		if (typeof values.rtt_ms === "number") known.push(values.rtt_ms);
		spans.set(index, known);
	}
	return spans;
}

function close(a: number | undefined, b: number): void {
	assert.ok(a !== undefined && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
}

test("raw samples are cut into spans exactly as a naive reading would", () => {
	fc.assert(
		fc.property(samples, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 400_000 }), (all, points, back) => {
			const store = createSampleStore({ retentionHours: 24, budgetBytes: 8 * MB });
			for (const { atMs, values } of all) store.sample("wan", atMs, values);
			const series = store.series("wan");
			assert.ok(series);
			const toMs = (all.at(-1)?.atMs ?? 0) + 1;
			const fromMs = Math.max(0, toMs - back);
			const result = querySeries(series, fromMs, toMs, points);
			const expected = oracle(all, fromMs, toMs, points);
			const filled = [...expected].sort(([a], [b]) => a - b);
			assert.equal(result.resolution, "raw");
			assert.equal(result.points.length, filled.length);
			for (const [i, [index, numbers]] of filled.entries()) {
				const point = result.points[i] as Point;
				close(point.atMs, fromMs + index * Math.max(1, (toMs - fromMs) / points));
				const rtt = point.values.rtt_ms;
				if (numbers.length === 0) {
					assert.equal(rtt, undefined, "a value nobody measured is absent");
				} else {
					assert.equal(rtt?.min, Math.min(...numbers));
					assert.equal(rtt?.max, Math.max(...numbers));
					close(rtt?.mean, numbers.reduce((sum, n) => sum + n, 0) / numbers.length);
				}
			}
		}),
		{ numRuns: 200 },
	);
});

test("the coarser resolutions keep lowest, mean and highest of every span", () => {
	fc.assert(
		fc.property(samples, (all) => {
			const store = createSampleStore({ retentionHours: 24, budgetBytes: 8 * MB });
			for (const { atMs, values } of all) store.sample("wan", atMs, values);
			for (const [tierIndex, stepMs] of [
				[1, 10_000],
				[2, 60_000],
			] as const) {
				const rows = store.series("wan")?.tiers[tierIndex];
				assert.ok(rows?.rollup);
				const spans = new Map<number, number[]>();
				for (const { atMs, values } of all) {
					const start = Math.floor(atMs / stepMs) * stepMs;
					const known = spans.get(start) ?? [];
					if (typeof values.rtt_ms === "number") known.push(values.rtt_ms);
					spans.set(start, known);
				}
				const open = rows.rollup.open();
				const found = rows.blocks.flatMap((block) =>
					[...block.times.subarray(0, block.rows)].map((atMs, r) => ({
						atMs,
						numbers: [0, 1, 2].map((part) => numberAt(block, r, 0, part)),
					})),
				);
				assert.ok(open);
				found.push({ atMs: open.atMs, numbers: [...open.row.subarray(0, 3)] });
				assert.deepEqual(
					found.map((row) => row.atMs),
					[...spans.keys()],
				);
				for (const row of found) {
					const numbers = spans.get(row.atMs) ?? [];
					if (numbers.length === 0) {
						assert.ok(row.numbers.every(Number.isNaN));
						continue;
					}
					assert.equal(row.numbers[0], Math.min(...numbers));
					close(row.numbers[1], Math.fround(numbers.reduce((sum, n) => sum + n, 0) / numbers.length));
					assert.equal(row.numbers[2], Math.max(...numbers));
				}
			}
		}),
		{ numRuns: 100 },
	);
});

test("a long range is answered from a resolution that still reaches back", () => {
	const store = createSampleStore({ retentionHours: 24, budgetBytes: 8 * MB });
	const hours = 20;
	for (let s = 0; s < hours * 3600; s += 2) store.sample("wan", s * 1000, { rtt_ms: s % 100 });
	const series = store.series("wan");
	assert.ok(series);
	const now = hours * 3_600_000;
	assert.equal(querySeries(series, now - 600_000, now, 60).resolution, "raw");
	assert.equal(querySeries(series, now - 6 * 3_600_000, now, 60).resolution, "10s");
	const day = querySeries(series, now - 19 * 3_600_000, now, 100);
	assert.equal(day.resolution, "60s");
	assert.equal(day.points.length, 100);
	for (const point of day.points) {
		assert.equal(point.values.rtt_ms?.min, 0);
		assert.equal(point.values.rtt_ms?.max, 98);
	}
});

test("latest samples: newest kept, oldest first, unknown absent", () => {
	const store = createSampleStore({ retentionHours: 1, budgetBytes: MB });
	for (let i = 0; i < 300; i++) store.sample("wan", i * 1000, i % 2 === 0 ? { rtt_ms: i } : { loss_pct: 0 });
	const series = store.series("wan");
	assert.ok(series);
	assert.deepEqual(latestSamples(series, 0, 3), [
		{ atMs: 297_000, values: { loss_pct: 0 } },
		{ atMs: 298_000, values: { rtt_ms: 298 } },
		{ atMs: 299_000, values: { loss_pct: 0 } },
	]);
	assert.equal(latestSamples(series, 298_500, 100).length, 1);
});

test("what cannot be placed is dropped and counted", () => {
	const store = createSampleStore({ retentionHours: 1, budgetBytes: MB });
	store.sample("wan", 5000, { rtt_ms: 1 });
	store.sample("wan", 4000, { rtt_ms: 1 });
	store.sample("wan", Number.NaN, { rtt_ms: 1 });
	assert.equal(store.stats().dropped, 2);
	for (let i = 0; i < MAX_SERIES + 5; i++) store.sample(`u${i}`, 1, { rtt_ms: 1 });
	assert.equal(store.stats().series, MAX_SERIES);
	assert.equal(store.stats().dropped, 2 + 6);
	store.sample("wan", 6000, { rtt_ms: Number.NaN, loss_pct: Number.POSITIVE_INFINITY, score: null });
	const series = store.series("wan");
	assert.ok(series);
	assert.deepEqual(latestSamples(series, 5500, 9), [{ atMs: 6000, values: {} }]);
});

test("what is older than the retention goes, and with it uplinks nobody measures any more", () => {
	const store = createSampleStore({ retentionHours: 1, budgetBytes: 8 * MB });
	for (let s = 0; s < 4 * 3600; s++) store.sample("wan", s * 1000, { rtt_ms: 1 });
	const oldest = store.series("wan")?.tiers.map((rows) => rows.blocks[0]?.times[0] ?? 0);
	// A block goes as a whole, when its newest row is too old.
	for (const [i, slack] of [128_000, 1_280_000, 7_680_000].entries()) {
		assert.ok((oldest?.[i] ?? 0) >= 3 * 3_600_000 - slack, `resolution ${i} starts at ${oldest?.[i]}`);
	}
	store.expire(4 * 3_600_000 + 20 * 3_600_000);
	assert.equal(store.series("wan"), null);
	assert.equal(store.stats().bytes, 0);
});

test("the budget is never exceeded, whatever the number of uplinks and metrics", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: MAX_SERIES }),
			fc.integer({ min: 100_000, max: 2_000_000 }),
			(uplinks, budget) => {
				const store = createSampleStore({ retentionHours: 168, budgetBytes: budget });
				for (let s = 0; s < 1_200; s++) {
					for (let u = 0; u < uplinks; u++) {
						store.sample(
							`u${u}`,
							s * 5_000,
							Object.fromEntries(METRICS.slice(0, 1 + (u % 11)).map((name) => [name, s])),
						);
					}
				}
				const stats = store.stats();
				assert.ok(stats.bytes <= budget, `${stats.bytes} > ${budget}`);
				let counted = 0;
				for (const series of store.all()) {
					for (const rows of series.tiers) {
						for (const block of rows.blocks) {
							counted += block.times.buffer.byteLength + 420;
						}
					}
				}
				assert.equal(counted, stats.bytes, "what is counted is what is allocated");
			},
		),
		{ numRuns: 25 },
	);
});

test("a smaller budget and retention apply at once", () => {
	const store = createSampleStore({ retentionHours: 24, budgetBytes: 8 * MB });
	for (let s = 0; s < 8 * 3600; s += 2) store.sample("wan", s * 1000, { rtt_ms: 1, score: 2 });
	store.configure({ retentionHours: 1, budgetBytes: 60_000 });
	assert.ok(store.stats().bytes <= 60_000);
	const series = store.series("wan");
	assert.ok(series);
	assert.ok(latestSamples(series, 0, 9).length > 0, "the newest samples are what is kept");
});

test("a day of four uplinks fits into the 2 MB for samples by default, 21 hours of three plain ones into half of one", () => {
	const base = { rtt_ms: 20, loss_pct: 0, jitter_ms: 1, score: 99, rx_bytes_per_s: 1000, tx_bytes_per_s: 10 };
	const uplinks: Record<string, SampleValues> = {
		dish: { ...base, obstruction_pct: 1, dish_drop_pct: 0, dish_latency_ms: 30 },
		cell: { ...base, rsrp_dbm: -90, rsrq_db: -10, sinr_db: 10 },
		wifi: { ...base, signal_dbm: -50 },
		wan: base,
		wanb: base,
		wanc: base,
	};
	for (const [budgetBytes, hours, names] of [
		[2 * MB, 23.5, ["dish", "cell", "wifi", "wan"]],
		[MB / 2, 21, ["wan", "wanb", "wanc"]],
	] as const) {
		const store = createSampleStore({ retentionHours: 24, budgetBytes });
		const endMs = 26 * 3_600_000;
		for (let atMs = 0; atMs <= endMs; atMs += 3000) {
			for (const name of names) store.sample(name, atMs, uplinks[name]!);
		}
		for (const { tiers } of store.all()) {
			const minutes = tiers[2]!.blocks[0]!;
			const backH = (endMs - minutes.times[0]!) / 3_600_000;
			assert.ok(backH >= hours, `${backH} h`);
		}
	}
});
