/** What repeats by time, place and heading: told after five passages, bounded, and never by a clock that was not set. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRepeat, type Moment, NOWHERE, untilSlotS } from "../../daemon/forecast/repeat.ts";

const DAY_MS = 86_400_000;
const NOON = 1_800_000_000_000 - (1_800_000_000_000 % DAY_MS) + DAY_MS / 2;
const at = (more: Partial<Moment>): Moment => ({ ...NOWHERE, ...more });
const BRIDGE = { latitude: 54.3, longitude: 10.1 };
const ROAD = { latitude: 54.4, longitude: 10.1 };

describe("a pattern", () => {
	test("of the day: five days of silence at noon are told at noon, not at one; after it ended they fade", () => {
		const r = createRepeat();
		for (let day = 0; day < 7; day++) {
			for (let hour = 0; hour < 24; hour++) {
				const unixMs = NOON + day * DAY_MS + (hour - 12) * 3_600_000;
				const expected = hour === 12 && day >= 6;
				if (hour === 12) {
					r.meet(unixMs - 1000, at({ unixMs }), false);
					assert.equal(r.expects(at({ unixMs })) !== null, day >= 5, `day ${day}`);
				}
				r.meet(unixMs, at({ unixMs }), hour === 12);
				if (expected)
					assert.match(r.expects(at({ unixMs }))?.text ?? "", /^it fell silent at this time of day in 7 of 7/);
			}
		}
		assert.equal(r.expects(at({ unixMs: NOON + 7 * DAY_MS + 3_600_000 })), null);
		for (let day = 7; day < 40; day++) r.meet(NOON + day * DAY_MS, at({ unixMs: NOON + day * DAY_MS }), false);
		assert.equal(r.expects(at({ unixMs: NOON + 40 * DAY_MS })), null);
	});
	test("of a place: told there and when it lies ahead; one passage counts once, however long", () => {
		const r = createRepeat();
		let ms = 0;
		for (let drive = 0; drive < 6; drive++) {
			ms += 3_600_000;
			for (let i = 0; i < 20; i++) r.meet(ms + i * 1000, at({ place: BRIDGE }), i >= 5);
			for (let i = 0; i < 20; i++) r.meet(ms + 30_000 + i * 1000, at({ place: ROAD }), false);
		}
		const there = r.expects(at({ place: BRIDGE }));
		assert.deepEqual([there?.kind, there?.hits, there?.passages], ["place", 6, 6]);
		assert.ok((there?.share ?? 0) > 0.6 && (there?.share ?? 0) < 1);
		assert.match(r.expects(at({ place: ROAD, ahead: BRIDGE }))?.text ?? "", /at the place ahead/);
		assert.equal(r.expects(at({ place: ROAD })), null);
	});
	test("of a heading: an obstacle that moves with the router", () => {
		const r = createRepeat();
		for (let turn = 0; turn < 8; turn++) {
			for (let deg = 0; deg < 360; deg += 45) {
				r.meet(turn * 3_600_000 + deg * 1000, at({ headingDeg: deg }), deg === 90);
			}
		}
		assert.equal(r.expects(at({ headingDeg: 95 }))?.kind, "heading");
		assert.equal(r.expects(at({ headingDeg: 180 })), null);
	});
	test("a link that fails everywhere has none", () => {
		const r = createRepeat();
		for (let hour = 0; hour < 24 * 10; hour++) r.meet(hour * 3_600_000, at({ unixMs: NOON + hour * 3_600_000 }), true);
		assert.equal(r.expects(at({ unixMs: NOON })), null);
	});
});

describe("what lies", () => {
	test("a clock that was not set, places and headings that cannot be, a clock that jumps back", () => {
		const r = createRepeat();
		const odd = [
			at({ unixMs: 1000 }),
			at({ unixMs: Number.NaN }),
			at({ place: { latitude: Number.NaN, longitude: 0 } }),
			at({ place: { latitude: 91, longitude: 0 } }),
			at({ headingDeg: -1 }),
			at({ headingDeg: Number.NaN }),
		];
		for (const one of odd) {
			r.meet(0, one, true);
			assert.equal(r.expects(one), null);
		}
		assert.equal(r.size(), 0);
		for (const atMs of [9e9, 1, 8e9, 2]) r.meet(atMs, at({ place: BRIDGE }), true);
		assert.equal(r.expects(at({ place: BRIDGE })), null, "jumps are no passages enough");
	});
	test("a position that is stuck is one passage, and no pattern, whatever happens there", () => {
		const r = createRepeat();
		for (let s = 0; s < 86_400; s += 20) r.meet(s * 1000, at({ place: BRIDGE }), s % 5000 === 0);
		assert.equal(r.expects(at({ place: BRIDGE })), null);
	});
	test("bounded: a journey round the world is not remembered whole", () => {
		const r = createRepeat();
		for (let i = 0; i < 2000; i++) r.meet(i * 1000, at({ place: { latitude: 0, longitude: i / 20 - 90 } }), false);
		assert.ok(r.size() <= 256 + 288 + 8, String(r.size()));
		r.reset();
		assert.equal(r.size(), 0);
	});
});

test("the 15 s grid of a dish: :12, :27, :42, :57; nothing without a clock", () => {
	const of = (second: number) => untilSlotS(Date.UTC(2026, 10, 21, 10, 0, 0) + second * 1000);
	assert.deepEqual([of(11), of(12), of(13.5), of(56)], [1, 15, 13.5, 1]);
	assert.equal(untilSlotS(12_000), null);
});
