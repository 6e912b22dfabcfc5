/**
 * Recorded modems through sensor and engine. The excerpts in test/samples/traces are always played; MODEM_TRACES names a
 * folder with whole recordings (starlink-ship/ and fiveg-test-track/ as published) to play all of them.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readConfig } from "../../../daemon/config/read.ts";
import { toSettings } from "../../../daemon/config/settings.ts";
import { step } from "../../../daemon/decide/engine.ts";
import { initialState } from "../../../daemon/decide/state.ts";
import type { Input, UplinkFacts } from "../../../daemon/decide/types.ts";
import { possible } from "../../../daemon/health/senses.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import { csv, type Rows, rutosInfo, uplink, world } from "./support.ts";

interface Second {
	readonly atS: number;
	readonly rsrp: number;
	readonly rsrq: number | null;
	readonly sinr: number;
	readonly cell: string;
	readonly rttMs: number;
}

interface Outcome {
	readonly hours: number;
	readonly moves: readonly string[];
	readonly risks: number;
	readonly suspects: number;
	readonly cellChanges: number;
	readonly worstStatus: string;
}

function facts(id: string, order: number): UplinkFacts {
	const { present, up, carrier, metered, disabled, minUptimeMs, preferRoaming } = uplink();
	const shared = { present, up, carrier, metered, disabled, minUptimeMs, preferRoaming };
	const cls = order === 0 ? "cellular" : "lan";
	return { ...shared, id, class: cls, families: ["ipv4"], weight: 100 - 20 * order, order, cooldownMs: 20_000 };
}

/** The modem is preferred, an even wire stands by; probes are answered as the trace says. */
async function play(trace: readonly Second[]): Promise<Outcome> {
	const w = world();
	const settings = toSettings(readConfig(parseUci("", { file: "test" }), "test").config);
	let state = initialState(settings);
	const moves: string[] = [];
	const feed = (input: Input): void => {
		const out = step(state, input);
		state = out.state;
		for (const one of out.decisions)
			if (one.from !== one.to && one.kind !== "start") moves.push(`${one.rule} ${one.to}`);
	};
	const now = (): number => w.time.clock.monotonicMs();
	feed({ kind: "uplinks", atMs: now(), uplinks: [facts("mob1s1a1", 0), facts("wan", 1)] });
	let current: Second | undefined;
	w.answers.set("gsm.modem0 info", () =>
		rutosInfo({
			net_mode_str: "5G-SA",
			rsrp_value: current?.rsrp,
			rsrq_value: current?.rsrq,
			sinr_value: current?.sinr,
			rssi_value: null,
			reg_ci: current?.cell,
		}),
	);
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	const statuses = new Set<unknown>();
	let told = 0;
	let risks = 0;
	let cellChanges = 0;
	let lastCell = trace[0]?.cell;
	let lastS = trace[0]?.atS ?? 0;
	for (const second of trace) {
		current = second;
		if (second.cell !== lastCell) cellChanges++;
		lastCell = second.cell;
		await w.time.advance(Math.min(60_000, Math.max(0, (second.atS - lastS) * 1000)));
		lastS = second.atS;
		for (const values of w.told.values.slice(told)) {
			assert.deepEqual(possible(values), values, "a value outside its range left the sensor");
			feed({ kind: "sense", uplink: "mob1s1a1", atMs: now(), values });
		}
		told = w.told.values.length;
		for (const risk of w.told.risks.slice(risks)) feed({ kind: "risk", uplink: "mob1s1a1", ...risk, atMs: now() });
		risks = w.told.risks.length;
		for (const [id, rttMs] of [
			["mob1s1a1", second.rttMs],
			["wan", 15],
		] as const) {
			const probe = { uplink: id, atMs: now(), family: "ipv4", target: "192.0.2.1", excused: false } as const;
			feed({ kind: "probe", method: "icmp", rttMs, ...probe });
		}
		feed({ kind: "tick", atMs: now() });
		statuses.add(sensor.details()?.stability_status);
	}
	sensor.close();
	const worst = ["unhealthy", "degraded", "healthy"].find((status) => statuses.has(status)) ?? "unknown";
	const hours = (lastS - (trace[0]?.atS ?? 0)) / 3600;
	return { hours, moves, risks, suspects: w.told.suspects.length, cellChanges, worstStatus: worst };
}

function seconds(rows: Rows, delay: (row: Rows[number]) => number): Second[] {
	return rows
		.filter((row) => row.rsrp_dbm !== "")
		.map((row) => ({
			atS: Number(row.t_s),
			rsrp: Number(row.rsrp_dbm),
			rsrq: row.rsrq_tenths === undefined ? null : Number(row.rsrq_tenths),
			sinr: Number(row.sinr_db),
			cell: String(Number.parseInt(row.cell ?? "", 16)),
			rttMs: delay(row),
		}));
}

test("a ship's router in the weakest ten minutes of five hours: at most one precaution, cell changes are no fault", async () => {
	const outcome = await play(seconds(csv("traces/ship-modem-fade.csv"), () => 40));
	assert.ok(outcome.cellChanges >= 5, `${outcome.cellChanges} cell changes`);
	assert.ok(outcome.moves.length <= 2, outcome.moves.join(", "));
	assert.notEqual(outcome.worstStatus, "unhealthy");
});

test("minutes in which the modem measures nothing for seconds: unknown, not weak", async () => {
	const outcome = await play(seconds(csv("traces/ship-modem-unmeasured.csv"), () => 40));
	assert.deepEqual([outcome.moves, outcome.risks, outcome.suspects], [[], 0, 0]);
});

test("a lap with a stall of 2.5 s that the signal does not announce: no false alarm by signal", async () => {
	const outcome = await play(seconds(csv("traces/track-lap.csv"), (row) => Number(row.delay_max_ms)));
	assert.deepEqual([outcome.moves, outcome.risks], [[], 0]);
});

const folder = process.env.MODEM_TRACES;
const whole = folder !== undefined && existsSync(folder) ? false : "MODEM_TRACES names no folder with whole recordings";

test("whole recordings", { skip: whole }, async (t) => {
	const lines = (path: string): string[] =>
		gunzipSync(readFileSync(`${folder}/${path}`))
			.toString("utf8")
			.trim()
			.split("\n");
	const total = { hours: 0, moves: 0, risks: 0, suspects: 0, cellChanges: 0 };
	async function run(path: string, trace: readonly Second[]): Promise<void> {
		const outcome = await play(trace);
		total.hours += outcome.hours;
		total.moves += outcome.moves.length;
		total.risks += outcome.risks;
		total.suspects += outcome.suspects;
		total.cellChanges += outcome.cellChanges;
		const { hours, moves, risks, suspects, cellChanges } = outcome;
		if (path.includes("modem") || moves.length > 0) {
			t.diagnostic(
				`${path}: ${hours.toFixed(2)} h, ${moves.join(", ") || "no move"}, ${risks} risks, ${suspects} suspects, ${cellChanges} cells`,
			);
		}
		assert.ok(moves.length <= 4, `${path}: ${moves.join(", ")}`);
	}
	for (const name of readdirSync(`${folder}/starlink-ship`).filter((one) => one.startsWith("modem"))) {
		const [head = "", ...rows] = lines(`starlink-ship/${name}`);
		const at = (row: string[], column: string): string => row[head.split(",").indexOf(column)] ?? "";
		const cells = rows.map((row) => row.split(",")).filter((row) => at(row, "rsrp") !== "");
		const trace = cells.map((row) => ({
			atS: Number(at(row, "t_unix")),
			rsrp: Number(at(row, "rsrp")),
			rsrq: Number(at(row, "rsrq")),
			sinr: Number(at(row, "sinr")),
			cell: at(row, "currentCellid"),
			rttMs: 40,
		}));
		await run(name, trace);
	}
	for (const name of readdirSync(`${folder}/fiveg-test-track`)) {
		const bySecond = new Map<number, Second>();
		for (const line of lines(`fiveg-test-track/${name}`).slice(1)) {
			const cells = line.trim().split(/\s+/);
			const atS = Math.floor(Number(cells[0]) / 1000);
			const rttMs = Math.max(Number(cells[2]), bySecond.get(atS)?.rttMs ?? 0);
			if (!Number.isFinite(Number(cells[9]))) continue;
			bySecond.set(atS, { atS, rsrp: Number(cells[9]), rsrq: null, sinr: Number(cells[8]), cell: "1", rttMs });
		}
		await run(name, [...bySecond.values()]);
	}
	t.diagnostic(JSON.stringify(total));
	assert.ok(total.hours > 1);
});
