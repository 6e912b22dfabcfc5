/** What the forecast keeps beside the loop: its score over a restart, and where the router is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quiet } from "../../bench/bus/measure.ts";
import { initialState } from "../../daemon/decide/state.ts";
import { createMoments } from "../../daemon/loop/moment.ts";
import { createScoreMemory, type Sums } from "../../daemon/loop/score-memory.ts";
import type { GpsPicture } from "../../daemon/sense/gps/gps.ts";
import { SETTINGS } from "../decide/support.ts";
import { fakeFiles } from "../support/fake-platform.ts";

const judged = (sums: Sums) => {
	const state = initialState(SETTINGS);
	return { ...state, foresight: { ...state.foresight, ...sums } };
};

test("the score: kept over a restart, added up, reset; a torn or lying file counts as none", () => {
	const path = "/tmp/autonomy/forecast.json";
	const texts = new Map<string, string>();
	const files = {
		readTextIfAny: (name: string) => texts.get(name) ?? null,
		writeAtomic: (name: string, text: string | Uint8Array) => void texts.set(name, String(text)),
	};
	const start = () => createScoreMemory({ files, log: quiet, path });
	start().remember(judged({ right: 3, early: 1, wrong: 2 }));
	const second = start();
	assert.deepEqual(second.sums(judged({ right: 0, early: 0, wrong: 0 })), { right: 3, early: 1, wrong: 2 });
	second.remember(judged({ right: 1, early: 0, wrong: 0 }));
	assert.deepEqual(start().sums(judged({ right: 0, early: 0, wrong: 1 })), { right: 4, early: 1, wrong: 3 });
	second.reset(judged({ right: 1, early: 0, wrong: 0 }));
	assert.deepEqual(second.sums(judged({ right: 2, early: 0, wrong: 0 })), { right: 1, early: 0, wrong: 0 });
	assert.deepEqual(start().sums(judged({ right: 0, early: 0, wrong: 0 })), { right: 0, early: 0, wrong: 0 });
	for (const text of ["{", "null", "[]", '{"right":-1,"early":1.5,"wrong":"2"}', '{"right":1e300}']) {
		texts.set(path, text);
		assert.deepEqual(start().sums(judged({ right: 0, early: 0, wrong: 0 })), { right: 0, early: 0, wrong: 0 }, text);
	}
});

test("a score that could not be written is written when there is room again", () => {
	const path = "/tmp/autonomy/forecast.json";
	const files = fakeFiles();
	const memory = createScoreMemory({ files, log: quiet, path });
	files.full = true;
	memory.remember(judged({ right: 1, early: 0, wrong: 0 }));
	files.full = false;
	memory.remember(judged({ right: 1, early: 0, wrong: 0 }));
	assert.deepEqual(JSON.parse(String(files.content.get(path))), { right: 1, early: 0, wrong: 0 });
});

describe("where the router is and will be", () => {
	const picture = (atMs: number, latitude: number, longitude: number, more: object = {}): GpsPicture => ({
		enabled: true,
		fix: {
			source: "gpsd",
			atMs,
			latitude,
			longitude,
			altitudeM: null,
			accuracyM: 5,
			speedMps: 20,
			headingDeg: 90,
			satellites: 9,
			...more,
		},
		ageMs: 0,
		stale: false,
		accuracyNowM: 5,
		moving: true,
		travelledM: 0,
		sources: [],
		openCellId: {} as GpsPicture["openCellId"],
	});
	let now: GpsPicture = picture(0, 54, 10);
	const moments = () => createMoments({ wallMs: () => 1_800_000_000_000 }, () => now);

	test("its way carried on for half a minute", () => {
		const of = moments();
		now = picture(0, 54, 10);
		assert.deepEqual([of().ahead, of().headingDeg], [null, 90]);
		now = picture(5000, 54, 10.0015);
		const { place, ahead } = of();
		assert.deepEqual(place, { latitude: 54, longitude: 10.0015 });
		assert.ok(Math.abs((ahead?.longitude ?? 0) - 10.0105) < 1e-9, String(ahead?.longitude));
	});
	test("nothing is said by a position that is stale, wide, jumps, stands still, or goes back in time", () => {
		const of = moments();
		now = { ...picture(0, 54, 10), stale: true };
		assert.equal(of().place, null);
		now = { ...picture(0, 54, 10), accuracyNowM: 2000 };
		assert.equal(of().place, null);
		now = picture(0, 54, 10, { speedMps: 0.5 });
		assert.equal(of().headingDeg, null);
		now = picture(5000, 55, 10);
		assert.equal(of().ahead, null, "111 km in five seconds");
		now = picture(10_000, 55, 10);
		assert.equal(of().ahead, null, "it stands");
		now = picture(3000, 55, 10.001);
		assert.equal(of().ahead, null, "back in time");
	});
});
