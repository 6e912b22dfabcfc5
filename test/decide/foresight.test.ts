/** Forecasts in the engine: when one is acted on, what it is weighed against, and how it is judged afterwards. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ForecastInput } from "../../daemon/decide/types.ts";
import { facts, reach, World } from "./support.ts";

const pair = (settings: object = {}, second: object = {}): World =>
	new World([facts("wan", 1, { weight: 100 }), facts("wanb", 2, { weight: 80, ...second })], settings).run(60_000);

function foretell(w: World, uplink: string, more: Partial<ForecastInput> = {}): void {
	w.send({
		kind: "forecast",
		atMs: w.nowMs,
		uplink,
		soon: 0.8,
		later: 0.9,
		long: 0.4,
		confidence: 0.9,
		cause: "pattern",
		text: "3 silences within ten minutes",
		...more,
	});
}

describe("leaving", () => {
	test("what the switch takes off the risk pays for it: leaves, planned, with the evidence in words", () => {
		const w = pair();
		foretell(w, "wan");
		assert.deepEqual(w.moves(), ["predictive:wan>wanb"]);
		assert.match(
			w.last().text,
			/^Left wan before trouble: 80 % that it fails within 10 s: 3 silences within ten minutes\. wanb took over/,
		);
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind === "steer" ? action.mode : null, "planned");
	});
	const stays: [string, object, object, Partial<ForecastInput>][] = [
		["switched off", { predictive: false }, {}, {}],
		["the risk is below what a switch costs", {}, {}, { soon: 0.49 }],
		["the other costs money, and the risk is not worth that", {}, { metered: true }, { soon: 0.59 }],
		["too little is known", {}, {}, { confidence: 0.59 }],
		["not a number", {}, {}, { soon: Number.NaN }],
		["no probability", {}, {}, { soon: 1.2 }],
	];
	for (const [name, settings, second, more] of stays) {
		test(`${name}: stays`, () => {
			const w = pair(settings, second);
			foretell(w, "wan", more);
			assert.deepEqual(w.moves(), []);
		});
	}
	test("the other is at risk itself: stays", () => {
		const w = pair();
		foretell(w, "wanb", { soon: 0.4 });
		foretell(w, "wan");
		assert.deepEqual(w.moves(), []);
		assert.equal(w.last().rule, "no_candidate");
	});
	test("never for a link of which less is known: its last probe is too old", () => {
		const w = pair();
		w.set("wanb", { everyMs: 120_000 });
		w.run(25_000);
		foretell(w, "wan");
		assert.equal(w.primary, "wan");
	});
	test("a forecast is forgotten when no newer one comes", () => {
		const w = pair({ cooldownMs: 1000 });
		w.set("wanb", { dead: true });
		w.run(5000);
		foretell(w, "wan");
		assert.equal(w.primary, "wan");
		w.run(16_000);
		assert.equal(w.state.uplinks[0]?.forecast, null);
	});
});

describe("coming back", () => {
	test("a wire that failed once waits a minute at most; one that fails again and again longer", () => {
		const back = (failures: number): number => {
			const w = pair();
			for (let i = 0; i < failures; i++) {
				w.set("wan", { dead: true });
				w.run(5000);
				w.set("wan", { dead: false });
				w.run(1000);
			}
			const from = w.nowMs;
			while (w.primary !== "wan" && w.nowMs - from < 900_000) {
				foretell(w, "wan", { soon: 0.1, later: 0.3 });
				w.run(5000);
			}
			return w.nowMs - from;
		};
		const once = back(1);
		assert.ok(once >= 55_000 && once <= 75_000, String(once));
		assert.ok(back(4) >= 300_000);
	});
	test("a radio link waits while it is likelier to fail, and not for ever", () => {
		const w = new World([facts("wan", 1, { class: "cellular" }), facts("wanb", 2, { weight: 80 })]).run(60_000);
		w.set("wan", { dead: true });
		w.run(5000);
		assert.equal(w.primary, "wanb");
		w.set("wan", { dead: false });
		for (let s = 0; s < 300; s += 5) {
			foretell(w, "wan", { soon: 0.1, later: 0.3 });
			w.run(5000);
		}
		assert.equal(w.primary, "wanb", "five minutes of a third of a chance that it fails again");
		for (let s = 0; s < 400; s += 5) {
			foretell(w, "wan", { soon: 0.1, later: 0.3 });
			w.run(5000);
		}
		assert.equal(w.primary, "wan", "after ten minutes the owner's order counts for more");
	});
	test("does not wait when forecasts are switched off", () => {
		const w = pair({ predictive: false });
		w.set("wan", { dead: true });
		w.run(5000);
		w.set("wan", { dead: false });
		for (let s = 0; s < 120; s += 5) {
			foretell(w, "wan", { soon: 0.1, later: 0.3 });
			w.run(5000);
		}
		assert.equal(w.primary, "wan");
	});
});

describe("judging", () => {
	test("the trouble came: right, and told with its decision", () => {
		const w = pair();
		foretell(w, "wan");
		w.run(10_000);
		w.set("wan", { dead: true });
		w.run(5000);
		const { right, early, wrong, pending } = w.state.foresight;
		assert.deepEqual([right, early, wrong, pending.length], [1, 0, 0, 0]);
		const told = w.events.find((event) => event.type === "prediction");
		assert.match(told?.reason ?? "", /^the prediction \(pattern\) came true after 1\d s \(decision d\d+\)$/);
	});
	test("it came late: early", () => {
		const w = pair();
		foretell(w, "wan");
		w.run(60_000);
		w.set("wan", { dead: true });
		w.run(5000);
		assert.equal(w.state.foresight.early, 1);
	});
	test("it did not come: wrong, and the next one from there has to wait twice as long", () => {
		const w = pair({ cooldownMs: 1000 });
		foretell(w, "wan");
		w.run(125_000);
		assert.equal(w.state.foresight.wrong, 1);
		assert.equal(w.state.uplinks[0]?.falseAlarms, 1);
	});
});

describe("a silence that has begun", () => {
	/** A radio link in use that falls silent: suspect at once, no verdict for `verdictMs`. */
	function silent(w: World, ms: number, uplink = "wan"): void {
		w.set(uplink, { everyMs: 1e9 });
		w.member(uplink).nextProbeMs = w.nowMs + 1e9;
		w.send(reach(uplink, w.nowMs, "suspect"));
		w.run(ms);
	}
	const radio = (settings: object = {}, more: object = {}, second: object = {}): World =>
		new World(
			[facts("wan", 1, { class: "cellular", ...more }), facts("wanb", 2, { weight: 80, ...second })],
			settings,
		).run(60_000);

	test("left when it is likelier than not to last, planned, before there is a verdict", () => {
		const w = radio();
		silent(w, 450);
		assert.deepEqual(w.moves(), []);
		w.run(200);
		assert.deepEqual(w.moves(), ["predictive:wan>wanb"]);
		assert.match(
			w.last().text,
			/^Left wan before trouble: 550 ms without any reply, burst included: 58 % of such silences last/,
		);
		const action = w.actions[w.actions.length - 1];
		assert.equal(action?.kind === "steer" ? action.mode : null, "planned");
	});
	test("a reply in time ends it, and counts in the link's own record", () => {
		const w = radio();
		silent(w, 450);
		w.send(reach("wan", w.nowMs, "up"));
		w.run(3000);
		assert.deepEqual(w.moves(), []);
		assert.deepEqual(w.state.uplinks[0]?.silences, { lasted: 0, ended: 1 });
		assert.equal(w.state.uplinks[0]?.quietSinceMs, null);
	});
	const stays: [string, object, object, object][] = [
		["switched off", { predictive: false }, {}, {}],
		["a wire: its verdict is near", {}, { class: "lan" }, {}],
		["a dish: silent for moments by nature", {}, { class: "starlink" }, {}],
		["the other costs money, this one does not", {}, {}, { metered: true }],
	];
	for (const [name, settings, more, second] of stays) {
		test(`${name}: stays`, () => {
			const w = radio(settings, more, second);
			silent(w, 620);
			assert.deepEqual(w.moves(), []);
		});
	}
	test("the other is silent as well: stays, and nothing is said of it", () => {
		const w = radio();
		w.set("wanb", { everyMs: 1e9 });
		w.send(reach("wanb", w.nowMs, "suspect"));
		silent(w, 2000);
		assert.deepEqual(w.moves(), []);
	});
	test("a link whose silences always ended by themselves is given longer", () => {
		const w = radio();
		for (let i = 0; i < 12; i++) {
			silent(w, 400);
			w.send(reach("wan", w.nowMs, "up"));
			w.set("wan", { everyMs: 200 });
			w.member("wan").nextProbeMs = w.nowMs;
			w.run(5000);
		}
		silent(w, 700);
		assert.deepEqual(w.moves(), []);
		w.run(1000);
		assert.deepEqual(w.moves(), ["predictive:wan>wanb"]);
	});
	test("going away is no silence", () => {
		const w = radio();
		silent(w, 450);
		w.set("wan", { link: false });
		w.run(100);
		assert.deepEqual(w.state.uplinks[0]?.silences, { lasted: 0, ended: 0 });
	});
});

test("a radio link that failed is held three times as long as a wire", () => {
	const held = (cls: "cellular" | "other"): number => {
		const w = new World([facts("wan", 1, { class: cls }), facts("wanb", 2, { weight: 80 })]).run(60_000);
		w.set("wan", { dead: true });
		w.run(5000);
		w.set("wan", { dead: false });
		w.run(1000);
		const { trouble } = w.state.uplinks[0] ?? assert.fail();
		return (trouble.holdUntilMs ?? 0) - (trouble.okSinceMs ?? 0);
	};
	assert.deepEqual([held("other"), held("cellular")], [30_000, 90_000]);
});
