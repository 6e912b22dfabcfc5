/** What a modem or a program may say to do harm: through the whole sensor, into the log, the record's events and JSON. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { possible } from "../../../daemon/health/senses.ts";
import { createLogger } from "../../../daemon/platform/node/log.ts";
import { eventsText } from "../../../daemon/serve/text/events-text.ts";
import { fakeRandom } from "../../support/fake-platform.ts";
import { rutosInfo, uplink, world } from "./support.ts";

const HOSTILE = 'Tele\u001b]0;x\u0007\r\n\u202e"; reboot; $(id)\u0000<b>';
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

test("a hostile operator and a hostile program: escaped in the log, harmless in the events view", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-hostile-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const log = createLogger("info");
	log.alsoTo(join(folder, "log"));
	const w = world({ config: "config member 'mob1s1a1'\n\toption sim_switch '1'\n" });
	w.answers.set("gsm.modem0 info", rutosInfo());
	w.answers.set("mobifd.modem0 switch_sim", new Error(`no: ${HOSTILE}`));
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(4_000);
	w.answers.set(
		"gsm.modem0 info",
		rutosInfo({ reg_stat_str: "Registered, roaming", operator: HOSTILE, band_str: HOSTILE }),
	);
	await w.time.advance(4_000);
	w.answers.set("gsm.modem0 info", rutosInfo({ reg_stat_str: "Registration denied" }));
	await w.time.advance(40_000);
	w.answers.set("gsm.modem0 info", new Error(HOSTILE));
	await w.time.advance(10_000);
	assert.equal(sensor.health().state, "failing");
	sensor.close();

	assert.ok(
		w.told.events.some((event) => event.includes(HOSTILE.slice(0, 20))),
		w.told.events.join("\n"),
	);
	for (const line of w.log.lines) log.warn(line.msg, line.fields);
	const lines = readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
	assert.equal(lines.length, w.log.lines.length);
	assert.ok(lines.some((line) => line.includes("reboot")));
	for (const line of lines) {
		JSON.parse(line);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes these; what turns text around is for views
		assert.doesNotMatch(line, /[\u0000-\u001f]/);
	}
	const events = w.told.events.map((event, n) => {
		const [type = "", ...reason] = event.split(": ");
		return { id: `n${n}`, ts: 0, type, name: HOSTILE, reason: reason.join(": ") };
	});
	for (const line of eventsText({ events }, 0, { width: 200, color: false })) assert.doesNotMatch(line, RAW);
});

test("5 000 readings at random through the whole sensor: it stays calm, and says only what can be", async () => {
	const random = fakeRandom(7);
	const pick = <T>(list: readonly T[]): T => list[random.uint32() % list.length] as T;
	const w = world();
	const ODD = [undefined, null, -140, 0, 1e9, "x", [], {}, true, HOSTILE] as const;
	const any = (low: number, high: number): unknown =>
		random.uint32() % 5 === 0 ? pick(ODD) : low + (random.uint32() % (high - low));
	w.answers.set("gsm.modem0 info", () => {
		if (random.uint32() % 50 === 0) throw new Error("busy");
		if (random.uint32() % 50 === 0) return pick(ODD);
		return rutosInfo({
			rsrp_value: any(-139, -60),
			rsrq_value: any(-20, -3),
			sinr_value: any(-20, 30),
			reg_stat_str: pick(["Registered, home", "Registered, roaming", "Not registered, searching", 7, null]),
			reg_ci: pick(["1", "2", "FFFFFFFF", 3]),
			net_mode_str: pick(["LTE", "5G-NSA", "", 5]),
			sim: pick([1, 1, 1, 2, "x"]),
			operator: pick(ODD),
		});
	});
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	for (let n = 0; n < 500; n++) {
		await w.time.advance(20_000);
		JSON.stringify(sensor.details());
		assert.ok(["ok", "failing", "absent"].includes(sensor.health().state), sensor.health().text);
	}
	for (const values of w.told.values) assert.deepEqual(possible(values), values);
	for (const { risk, confidence, horizonMs } of w.told.risks) {
		assert.ok(risk >= 0 && risk <= 1 && confidence >= 0 && confidence <= 1 && horizonMs > 0);
	}
	assert.ok(w.told.values.length > 1000, `${w.told.values.length}`);
	sensor.close();
	assert.equal(w.time.pending(), 0);
});
