import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readHistory } from "../../../daemon/sense/starlink/history.ts";
import { createDishJudge } from "../../../daemon/sense/starlink/judge.ts";
import { decodeAnswer } from "../../../daemon/sense/starlink/wire.ts";
import type { Plain } from "../../../lab/dish/answers.ts";
import { encodeAnswer } from "../../../lab/dish/encode.ts";
import { dishStatus, listener, outage } from "./support.ts";

/** A real history was asked for at this moment of the dish's clock. */
const WALL_MS = 1_784_096_203_240;
const LEAD_MS = 60_000;

function world() {
	const { heard, sink } = listener();
	const judge = createDishJudge(sink, () => LEAD_MS);
	let atMs = 1000;
	return {
		heard,
		judge,
		/** One status `afterMs` later. */
		tell(change: Plain = {}, afterMs = 1000, wallMs = WALL_MS): void {
			atMs += afterMs;
			judge.status(atMs, wallMs + atMs, dishStatus(change));
		},
		risk: () => heard.risks.at(-1),
		now: () => heard.values.at(-1) ?? {},
		atMs: () => atMs,
	};
}

test("a healthy dish is no danger and says so in figures", () => {
	const w = world();
	w.tell();
	assert.deepEqual(w.heard.risks, []);
	assert.deepEqual(w.heard.events, []);
	const { outage: out, outages, obstructed, dish_drop_pct, critical_events } = w.now();
	assert.deepEqual([out, outages, obstructed, dish_drop_pct, critical_events], [0, 0, 0, 0, 0]);
});

test("no signal above the noise floor alone is no fault", () => {
	const w = world();
	w.tell({ is_snr_above_noise_floor: null });
	assert.deepEqual([w.heard.risks, w.heard.suspects, w.now().warning_events], [[], [], 0]);
});

describe("outages", () => {
	for (const [cause, atMs, risky] of [
		["NO_PINGS", 800, false],
		["NO_PINGS", 2000, true],
		["NO_DOWNLINK", 1900, false],
		["OBSTRUCTED", 400, false],
		["OBSTRUCTED", 500, true],
		["NO_SATS", 900, true],
		["BOOTING", 0, true],
		["STOWED", 10, true],
		["THERMAL_SHUTDOWN", 10, true],
	] as const) {
		test(`${cause} after ${atMs} ms is ${risky ? "" : "not "}worth leaving for`, () => {
			const w = world();
			w.tell();
			w.tell(outage(cause, atMs));
			assert.equal((w.risk()?.risk ?? 0) >= 0.7, risky);
		});
	}

	test("a blink is told and the prober left in peace; one of the sky makes it look at once", () => {
		const w = world();
		w.tell();
		w.tell(outage("NO_PINGS", 300));
		assert.deepEqual(w.heard.suspects, []);
		assert.deepEqual(w.heard.events, ["dish_outage: NO_PINGS: its own pings are not answered"]);
		w.tell();
		w.tell(outage("OBSTRUCTED", 100));
		assert.deepEqual(w.heard.suspects, ["the dish reports an outage: something stands in its view"]);
	});

	test("its end clears the danger", () => {
		const w = world();
		w.tell();
		w.tell(outage("OBSTRUCTED", 900));
		w.tell();
		assert.deepEqual([w.risk()?.risk, w.now().outage, w.now().outages], [0, 0, 0], "under a second: does not count");
		assert.match(w.heard.events.at(-1) ?? "", /^dish_outage_over: OBSTRUCTED ended after 0\.9 s/);
	});

	test("three of a second or more within two minutes: the next one comes", () => {
		const w = world();
		w.tell();
		for (let round = 0; round < 3; round++) {
			w.tell(outage("OBSTRUCTED", 1500), 10_000);
			w.tell({}, 5000);
		}
		assert.equal(w.risk()?.cause, "outages_repeat");
		assert.equal(w.now().outages, 3);
		w.tell({}, 150_000);
		assert.equal(w.risk()?.risk, 0, "forgotten after two minutes");
		assert.equal(w.now().outages, 3, "ten minutes are counted");
		w.tell({}, 600_000);
		assert.equal(w.now().outages, 0);
	});

	test("those before our start come from the dish's list, once", () => {
		const w = world();
		w.tell();
		const at = (agoS: number): string => String(BigInt(Math.round((WALL_MS / 1000 - 315_964_782 - agoS) * 1e9)));
		const history = {
			current: 20,
			outages: [
				{ cause: "OBSTRUCTED", start_timestamp_ns: at(3000), duration_ns: "5000000000" },
				{ cause: "OBSTRUCTED", start_timestamp_ns: at(300), duration_ns: "3000000000" },
				{ cause: "BOOTING", start_timestamp_ns: "-1", duration_ns: "3000000000" },
			],
			event_log: { current_timestamp_ns: `${WALL_MS}000000` },
		};
		const read = () => readHistory(decodeAnswer("get_history", encodeAnswer({ dish_get_history: history })));
		w.judge.history(w.atMs(), WALL_MS + 5_000_000, read());
		w.judge.history(w.atMs() + 100, WALL_MS + 5_000_100, read());
		w.tell();
		assert.equal(w.now().outages, 1);
	});
});

describe("ahead of time", () => {
	const scheduled = (inS: number, atMs: number): Plain => ({
		software_update_stats: {
			software_update_state: "REBOOT_REQUIRED",
			reboot_scheduled_utc_time: String(Math.round((WALL_MS + atMs) / 1000 + inS)),
		},
	});

	test("a restart at a known time: told early, left the set time before", () => {
		const w = world();
		w.tell(scheduled(300, 2000));
		assert.deepEqual(w.heard.risks, []);
		assert.deepEqual(w.heard.events, ["dish_maintenance: the dish will restart in 5 min for an update"]);
		w.tell(scheduled(300, 2000), 239_000);
		assert.deepEqual(w.heard.risks, [], "61 s before");
		w.tell(scheduled(300, 2000), 2000);
		assert.equal(w.risk()?.cause, "scheduled_reboot");
		assert.ok((w.risk()?.horizonMs ?? 0) > 290_000, "until it can be back");
	});

	test("a router that does not know the time yet believes no schedule", () => {
		const w = world();
		w.tell(scheduled(30, 2000), 1000, 0);
		assert.deepEqual(w.heard.risks, []);
	});

	test("the router's clock jumps: the dish's own keeps the time of its restart", () => {
		const w = world();
		w.tell(scheduled(300, 2000));
		const told = { current: 20, event_log: { current_timestamp_ns: `${WALL_MS + 2000}000000` } };
		const read = readHistory(decodeAnswer("get_history", encodeAnswer({ dish_get_history: told })));
		w.judge.history(w.atMs(), WALL_MS + w.atMs(), read);
		w.tell(scheduled(300, 2000), 1000, WALL_MS + 290_000);
		w.tell(scheduled(300, 2000), 1000, 0);
		assert.deepEqual(w.heard.risks, []);
		assert.equal(Math.round((w.judge.picture(w.atMs()).rebootInMs ?? 0) / 1000), 298);
	});

	test("a countdown to the restart for an update; without one the readiness is only told", () => {
		const w = world();
		w.tell({ swupdate_reboot_ready: false });
		w.tell({ swupdate_reboot_ready: true });
		assert.deepEqual(w.heard.risks, []);
		assert.match(w.heard.events.at(-1) ?? "", /^dish_maintenance: /);
		w.tell({ swupdate_reboot_ready: true, seconds_until_swupdate_reboot_possible: 40 });
		assert.equal(w.risk()?.cause, "update_reboot");
	});

	for (const [name, change, cause] of [
		["heat", { alerts: { thermal_shutdown: true } }, "thermal_shutdown"],
		["stow", { stow_requested: true }, "stow"],
		["sleep", { alerts: { is_power_save_idle: true } }, "power_save"],
	] as const) {
		test(name, () => {
			const w = world();
			w.tell();
			w.tell(change);
			assert.equal(w.risk()?.cause, cause);
		});
	}
});

test("restarts by the boot counter, by the uptime, and a loop of them", () => {
	const w = world();
	const info = (bootcount: number): Plain => ({ device_info: { bootcount, software_version: "1" } });
	w.tell(info(5));
	w.tell({ ...info(6), reboot_reason: "REBOOT_REASON_SWUPDATE_SCHEDULED" }, 60_000);
	assert.deepEqual(w.heard.events, ["dish_restart: the dish has restarted (SWUPDATE_SCHEDULED)"]);
	w.tell({ ...info(6), device_state: { uptime_s: 30 } }, 60_000);
	assert.equal(w.heard.events.length, 2, "the uptime went back");
	assert.deepEqual(w.heard.risks, []);
	w.tell({ ...info(7), device_state: { uptime_s: 20 } }, 60_000);
	assert.equal(w.risk()?.cause, "boot_loop");
	w.tell({ ...info(7), device_state: { uptime_s: 5000 } }, 1_900_000);
	assert.equal(w.risk()?.risk, 0);
});

test("alerts come and go as events, count by their grade, and an unknown service is none", () => {
	const w = world();
	w.tell();
	w.tell({ alerts: { thermal_throttle: true, motors_stuck: true, roaming: true } });
	const { critical_events, warning_events, info_events } = w.now();
	assert.deepEqual([critical_events, warning_events, info_events], [1, 1, 1]);
	w.tell();
	assert.ok(w.heard.events.includes("dish_alert: thermal_throttle: the dish is hot and slows down"));
	assert.ok(w.heard.events.some((one) => one.startsWith("dish_alert_over: ")));
	w.tell({ disablement_code: "NO_ACTIVE_ACCOUNT" });
	assert.equal(w.now().critical_events, 1);
	assert.ok(w.heard.events.includes("dish_service: Starlink gives this dish no service: NO_ACTIVE_ACCOUNT"));
});

test("at another place the past does not count; a silent dish knows nothing", () => {
	const w = world();
	w.tell();
	for (let round = 0; round < 3; round++) {
		w.tell(outage("OBSTRUCTED", 1500), 5000);
		w.tell({}, 5000);
	}
	w.judge.moved();
	w.tell();
	assert.deepEqual([w.now().outages, w.risk()?.risk], [0, 0]);
	w.judge.lose();
	assert.equal(w.now().outage, null);
});
