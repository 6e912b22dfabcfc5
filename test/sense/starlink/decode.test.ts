import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import { readDiagnostics, readLocation } from "../../../daemon/sense/starlink/diagnostics.ts";
import { readHistory, unroll } from "../../../daemon/sense/starlink/history.ts";
import { readMap } from "../../../daemon/sense/starlink/map.ts";
import { gpsNsToUnixMs, slotPhaseS } from "../../../daemon/sense/starlink/outage.ts";
import { readStatus } from "../../../daemon/sense/starlink/status.ts";
import { decodeAnswer, encodeQuestion, type Question } from "../../../daemon/sense/starlink/wire.ts";
import { historyAnswer, mapAnswer, type Plain, statusAnswer } from "../../../lab/dish/answers.ts";
import { encodeAnswer } from "../../../lab/dish/encode.ts";

/** Start of the same outage in GPS time; the event log of that reply has it in Unix time. */
const START_NS = Number(1_468_116_354_126_161_612n);

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

function status(change: Plain = {}): ReturnType<typeof readStatus> {
	const plain = statusAnswer();
	const bytes = encodeAnswer({ dish_get_status: { ...(plain.dish_get_status as Plain), ...change } });
	return readStatus(decodeAnswer("get_status", bytes));
}

describe("questions are one empty message each", () => {
	for (const [question, bytes] of [
		["get_status", "e23e00"],
		["get_history", "fa3e00"],
		["get_device_info", "823f00"],
		["get_location", "ca3f00"],
		["dish_get_obstruction_map", "c27d00"],
		["get_diagnostics", "82f70200"],
	] as const) {
		test(question, () => assert.equal(hex(encodeQuestion(question)), bytes));
	}
});

describe("a real dish's status", () => {
	test("every fact with its unit", () => {
		const s = status();
		assert.equal(s.firmware, "2026.07.06.mr81950");
		assert.equal(s.hardware, "rev4_panda_prod2");
		assert.equal(s.bootcount, 12);
		assert.equal(s.uptimeS, 15_065);
		assert.equal(s.dropPct, 0, "zero is not sent and still zero");
		assert.ok(Math.abs((s.latencyMs ?? 0) - 18.070942) < 1e-5);
		assert.ok(Math.abs((s.obstruction?.skyPct ?? 0) - 0.061099796) < 1e-6);
		assert.equal(s.obstruction?.prolongedEveryS, null, "NaN, and not valid");
		assert.equal(s.outage, null);
		assert.deepEqual(s.alerts, []);
		assert.equal(s.ready?.rf, true);
		assert.equal(s.ready?.cady, false);
		assert.equal(s.ethernetMbps, 1000);
		assert.equal(s.update.state, "IDLE");
		assert.equal(s.update.rebootHour, 3);
		assert.equal(s.update.rebootPossibleInS, null, "-1 means none");
		assert.equal(s.disablement, "OKAY");
		assert.equal(s.downLimit, "NO_LIMIT");
		assert.equal(s.battery, null);
		assert.equal(s.gps?.satellites, 20);
	});

	test("an outage with its cause and its start by the GPS clock", () => {
		const outage = { cause: "OBSTRUCTED", start_timestamp_ns: "1468116354126161612", duration_ns: "920024910" };
		assert.deepEqual(status({ outage }).outage, {
			cause: "OBSTRUCTED",
			startUnixMs: gpsNsToUnixMs(START_NS),
			durationMs: 920,
			switched: false,
		});
		assert.equal(Math.round(gpsNsToUnixMs(START_NS)), 1_784_081_136_126, "the event log's own time");
	});

	test("a booting dish has no time; a cause nobody knew stays a number", () => {
		const { outage } = status({ outage: { cause: 99, start_timestamp_ns: -1 } });
		assert.deepEqual(outage, { cause: "unknown_99", startUnixMs: null, durationMs: 0, switched: false });
	});

	test("a latency beside a total loss is an old one", () => {
		assert.equal(status({ pop_ping_drop_rate: 1, pop_ping_latency_ms: 33 }).latencyMs, null);
		assert.equal(status({ pop_ping_latency_ms: 0 }).latencyMs, null, "the firmware that always sent 0");
	});

	test("fields of the future are skipped", () => {
		const bytes = encodeAnswer({ dish_get_status: { eth_speed_mbps: 100 } });
		// Inside dish_get_status (2004): field 3000 (varint), 3001 (text), 3002 (group start and end).
		const inner = [0xc0, 0xbb, 0x01, 0x07, 0xca, 0xbb, 0x01, 0x02, 0x68, 0x69, 0xd3, 0xbb, 0x01, 0xd4, 0xbb, 0x01];
		const at = bytes.indexOf(0xa2);
		const head = [...bytes.slice(0, at + 2)];
		const body = [...bytes.slice(at + 3), ...inner];
		const longer = Uint8Array.from([...head, body.length, ...body]);
		assert.equal(readStatus(decodeAnswer("get_status", longer)).ethernetMbps, 100);
	});

	test("hostile text is cut to a bearable length", () => {
		const { id } = status({ device_info: { id: "x".repeat(10_000) } });
		assert.equal(id?.length, 80);
	});
});

describe("history", () => {
	test("rings are unrolled oldest first", () => {
		assert.deepEqual(unroll([3, 4, 2], 5), [2, 3, 4]);
		assert.deepEqual(unroll([1, 2, 0], 2), [1, 2]);
		assert.deepEqual(unroll([1, 2, 3], 3), [1, 2, 3]);
		assert.deepEqual(unroll([], 7), []);
	});

	test("a real one: 15 minutes of seconds, its outage, its own clock", () => {
		const history = readHistory(decodeAnswer("get_history", encodeAnswer(historyAnswer())));
		assert.equal(history.current, 15_051);
		assert.equal(history.dropPct.length, 900);
		assert.equal(history.latencyMs.length, 900);
		assert.deepEqual(
			history.outages.map((one) => [one.cause, one.durationMs, Math.round(one.startUnixMs ?? 0)]),
			[
				["BOOTING", 38_434, 1_784_081_136_126],
				["NO_PINGS", 920, 1_784_081_517_040],
			],
		);
		assert.equal(history.events[1]?.reason, "OUTAGE_NO_PINGS");
		assert.equal(history.events[1]?.severity, "WARNING");
		assert.equal(Math.round(history.atUnixMs ?? 0), 1_784_096_203_240);
	});

	test("latency is left out where everything was lost", () => {
		const answer = { current: 2, pop_ping_drop_rate: [0, 1], pop_ping_latency_ms: [30, 30] };
		const history = readHistory(decodeAnswer("get_history", encodeAnswer({ dish_get_history: answer })));
		assert.deepEqual(history.latencyMs, [30, null]);
		assert.deepEqual(history.dropPct, [0, 100]);
	});
});

test("the 15 s grid is at :12, :27, :42, :57 UTC", () => {
	const at = (text: string): number => slotPhaseS(Date.parse(text));
	assert.equal(at("2026-07-06T10:00:12Z"), 0);
	assert.equal(at("2026-07-06T10:00:27Z"), 0);
	assert.equal(at("2026-07-06T10:00:26.5Z"), 14.5);
});

describe("obstruction map", () => {
	const read = (answer: Plain, azimuth = 0, elevation = 90) =>
		readMap(decodeAnswer("dish_get_obstruction_map", encodeAnswer(answer)), azimuth, elevation);

	test("a real one", () => {
		const map = read(mapAnswer(), -1.35, 76.65);
		assert.ok(map);
		assert.deepEqual([map.rows, map.columns, map.frame, map.maxThetaDeg], [123, 123, "earth", 80]);
		assert.equal(map.picture.length, Math.ceil((123 * 123) / 2));
		// Of 15 129 cells 10 301 were never measured; eight are below 0.8.
		assert.ok(Math.abs(map.measuredPct - (100 * 4828) / 15_129) < 0.01, String(map.measuredPct));
		assert.ok(Math.abs((map.blockedPct ?? 0) - (100 * 8) / 4828) < 0.01, String(map.blockedPct));
	});

	test("a tree in the north counts for a dish that looks north, not for one that looks south", () => {
		const side = 41;
		const snr = Array.from({ length: side * side }, (_, at) => (Math.floor(at / side) < 14 ? 0 : 1));
		const answer = {
			dish_get_obstruction_map: { num_rows: side, num_cols: side, snr, max_theta_deg: 80, map_reference_frame: 1 },
		};
		const north = read(answer, 0, 40)?.towardPct ?? 0;
		const south = read(answer, 180, 40)?.towardPct ?? 100;
		assert.ok(north > 40 && south < 1, `${north} ${south}`);
	});

	test("a picture of another size than it says is none", () => {
		const answer = { dish_get_obstruction_map: { num_rows: 3, num_cols: 3, snr: [1, 1] } };
		assert.equal(read(answer), null);
	});
});

describe("diagnostics and location", () => {
	const diagnostics = (plain: Plain) =>
		readDiagnostics(decodeAnswer("get_diagnostics", encodeAnswer({ dish_get_diagnostics: plain })));

	test("a position only when it is enabled and not zero", () => {
		const location = { latitude: 6.5, longitude: 3.4, uncertainty_meters_valid: true, uncertainty_meters: 4 };
		assert.equal(diagnostics({ location }).position, null);
		assert.equal(diagnostics({ location: { ...location, enabled: true } }).position?.accuracyM, 4);
		assert.equal(diagnostics({ location: { enabled: true } }).position, null);
	});

	test("self test and its faults", () => {
		const told = diagnostics({ hardware_self_test: "FAILED", hardware_self_test_codes: ["GPS", 77] });
		assert.deepEqual([told.selfTest, told.selfTestFaults], ["FAILED", ["GPS", "unknown_77"]]);
	});

	test("get_location", () => {
		const bytes = encodeAnswer({ get_location: { lla: { lat: 6.5, lon: 3.4, alt: 12 }, sigma_m: 1.5, source: 6 } });
		assert.deepEqual(readLocation(decodeAnswer("get_location", bytes)), {
			latitude: 6.5,
			longitude: 3.4,
			altitudeM: 12,
			accuracyM: 1.5,
			speedMps: 0,
		});
	});
});

describe("what is no answer", () => {
	for (const [name, plain, code] of [
		["a refusal in the reply", { status: { code: 7, message: "no" } }, "rpc_denied"],
		["an unknown question", { status: { code: 12 } }, "rpc_unsupported"],
		["another trouble", { status: { code: 13 } }, "rpc_failed"],
		["a router instead of a dish", { wifi_get_status: {} }, "not_found"],
		["nothing", {}, "rpc_bad_reply"],
	] as const) {
		test(name, () => {
			assert.throws(
				() => decodeAnswer("get_status", encodeAnswer(plain)),
				(error) => error instanceof AutonomyError && error.code === code,
			);
		});
	}

	test("bytes that end too early", () => {
		const bytes = encodeAnswer(statusAnswer());
		assert.throws(
			() => decodeAnswer("get_status", bytes.slice(0, 40)),
			(error) => error instanceof AutonomyError && error.code === "rpc_bad_reply",
		);
	});
});

test("200 000 mutated replies: an error or possible values, never anything else", () => {
	const seeds: [Question, Uint8Array][] = [
		["get_status", encodeAnswer(statusAnswer())],
		[
			"get_status",
			encodeAnswer({
				dish_get_status: {
					outage: { cause: 6, start_timestamp_ns: 1.4e18, duration_ns: 5e9 },
					alerts: { roaming: true },
				},
			}),
		],
		["get_location", encodeAnswer({ get_location: { lla: { lat: 6.5, lon: 3.4, alt: 12 }, sigma_m: 1.5 } })],
		["get_diagnostics", encodeAnswer({ dish_get_diagnostics: { location: { enabled: true, latitude: 5 } } })],
		[
			"get_history",
			encodeAnswer({ dish_get_history: { current: 9, pop_ping_drop_rate: [0, 0.5, 1], outages: [{ cause: 3 }] } }),
		],
		[
			"dish_get_obstruction_map",
			encodeAnswer({ dish_get_obstruction_map: { num_rows: 2, num_cols: 2, snr: [0, 1, -1, 0.5] } }),
		],
	];
	const between = (value: number | null | undefined, low: number, high: number): void => {
		if (value !== null && value !== undefined) assert.ok(value >= low && value <= high, `${value} in ${low}..${high}`);
	};
	let random = 7;
	const next = (below: number): number => {
		random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
		return (random >>> 8) % below;
	};
	let read = 0;
	for (let round = 0; round < 200_000; round++) {
		const [question, seed] = seeds[round % seeds.length] as [Question, Uint8Array];
		const bytes = Uint8Array.from(seed).slice(0, next(20) === 0 ? next(seed.length) : seed.length);
		for (let change = next(4); change >= 0; change--) bytes[next(bytes.length)] = next(256);
		try {
			const raw = decodeAnswer(question, bytes);
			if (question === "get_status") {
				const s = readStatus(raw);
				between(s.dropPct, 0, 100);
				between(s.latencyMs, 0, 60_000);
				between(s.obstruction?.skyPct, 0, 100);
				between(s.outage?.durationMs, 0, 1e10);
				between(s.battery?.chargePct, 0, 100);
			} else if (question === "get_history") {
				for (const value of readHistory(raw).dropPct) between(value, 0, 100);
			} else if (question === "dish_get_obstruction_map") between(readMap(raw, 0, 45)?.towardPct, 0, 100);
			else if (question === "get_location") between(readLocation(raw)?.latitude, -90, 90);
			else between(readDiagnostics(raw).position?.longitude, -180, 180);
			read++;
		} catch (error) {
			assert.ok(error instanceof AutonomyError, String(error));
		}
	}
	assert.ok(read > 50_000, `only ${read} could be read at all`);
});

test("any bytes at all", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			try {
				readStatus(decodeAnswer("get_status", bytes));
			} catch (error) {
				assert.ok(error instanceof AutonomyError, String(error));
			}
		}),
	);
});
