/** Positions: sources against samples and malformed replies, distances, movement, cells, what is contributed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCellCache } from "../../../daemon/sense/gps/cell-cache.ts";
import { type Cell, joinCells, type KnownCell, type LocatedCell } from "../../../daemon/sense/gps/cells.ts";
import { createContributions } from "../../../daemon/sense/gps/contribution.ts";
import { bestFix, distanceM, type Fix, parseDish, parseRutos } from "../../../daemon/sense/gps/fix.ts";
import { parseGpsdLine } from "../../../daemon/sense/gps/gpsd.ts";
import { createMovement } from "../../../daemon/sense/gps/movement.ts";
import { parseCell } from "../../../daemon/sense/gps/opencellid.ts";
import { cellOf } from "../../../daemon/sense/gps/surroundings.ts";
import { fakeRandom } from "../../support/fake-platform.ts";
import { sample } from "../cellular/support.ts";
import { mutate } from "../mutate.ts";

const position = () => sample("rutos/ubus_gpsd_position.shape.json") as object;
const TPV = {
	class: "TPV",
	device: "/dev/ttyUSB1",
	mode: 3,
	time: "2026-11-21T05:00:00.000Z",
	lat: 54.687157,
	lon: 25.279652,
	altMSL: 112.3,
	epx: 3,
	epy: 4,
	track: 90.5,
	speed: 12.5,
};

export const fix = (more: Partial<Fix> = {}): Fix => ({
	source: "gpsd",
	atMs: 0,
	latitude: 54,
	longitude: 25,
	altitudeM: null,
	accuracyM: 5,
	speedMps: null,
	headingDeg: null,
	satellites: null,
	...more,
});

/** So many metres north of 54/25. */
const north = (metres: number): number => 54 + metres / 111_194.93;

test("RutOS: position, speed in km/h, no fix, accuracy by HDOP", () => {
	assert.deepEqual(parseRutos({ ...position(), speed: 36 }, 7), {
		source: "rutos",
		atMs: 7,
		latitude: 54.687157,
		longitude: 25.279652,
		altitudeM: 112.3,
		accuracyM: 1.1,
		speedMps: 10,
		headingDeg: 0,
		satellites: 9,
	});
	assert.equal(parseRutos({ ...position(), accuracy: undefined }, 0)?.accuracyM, 5.5);
	const none: unknown[] = [
		null,
		{},
		{ ...position(), fix_status: 0 },
		{ ...position(), latitude: 0, longitude: 0 },
		{ ...position(), latitude: 91 },
		{ ...position(), longitude: "east" },
	];
	for (const reply of none) assert.equal(parseRutos(reply, 0), null);
});

test("gpsd: TPV, SKY, no fix, lines that are none", () => {
	const report = parseGpsdLine(JSON.stringify(TPV), 7);
	assert.deepEqual(
		[report?.fix?.accuracyM, report?.fix?.speedMps, report?.fix?.headingDeg, report?.fix?.altitudeM],
		[5, 12.5, 90.5, 112.3],
	);
	assert.deepEqual(parseGpsdLine('{"class":"TPV","mode":1}', 0), { fix: null, satellites: null, hdop: null });
	assert.equal(parseGpsdLine('{"class":"TPV","mode":2,"lat":1,"lon":2}', 0)?.fix?.accuracyM, 30);
	assert.deepEqual(
		parseGpsdLine('{"class":"SKY","hdop":1.2,"satellites":[{"PRN":1,"used":true},{"PRN":2,"used":false}]}', 0),
		{
			fix: null,
			satellites: 1,
			hdop: 1.2,
		},
	);
	for (const line of ["", "{", "null", "7", '{"class":"VERSION","release":"3.25"}', '{"class":["TPV"]}']) {
		assert.equal(parseGpsdLine(line, 0), null, line);
	}
});

test("the dish, as its sensor shows it", () => {
	assert.equal(parseDish({ latitude: 1, longitude: 2, altitude_m: 3, accuracy_m: 4 }, 0)?.accuracyM, 4);
	for (const location of [undefined, null, "here", {}, { latitude: 1 }]) assert.equal(parseDish(location, 0), null);
});

test("distances: a degree, the date line, the other side of the earth, none", () => {
	const at = (latitude: number, longitude: number) => ({ latitude, longitude });
	assert.ok(Math.abs(distanceM(at(50, 10), at(51, 10)) - 111_195) < 1);
	assert.ok(Math.abs(distanceM(at(0, 179.5), at(0, -179.5)) - 111_195) < 1);
	assert.ok(Math.abs(distanceM(at(0, 0), at(0, 180)) - Math.PI * 6_371_000) < 1);
	assert.equal(distanceM(at(50, 10), at(50, 10)), 0);
	const lat = fc.double({ min: -90, max: 90, noNaN: true });
	const lon = fc.double({ min: -180, max: 180, noNaN: true });
	fc.assert(
		fc.property(lat, lon, lat, lon, (a, b, c, d) => {
			const metres = distanceM(at(a, b), at(c, d));
			assert.ok(metres >= 0 && metres <= 20_015_100 && Math.abs(metres - distanceM(at(c, d), at(a, b))) < 1e-3);
		}),
	);
});

test("the best position: accuracy first, then age, then the order of sources", () => {
	const now = 100_000;
	const of = (list: readonly Fix[]) => bestFix(list, now)?.source;
	assert.equal(
		of([fix({ source: "dish", accuracyM: 5, atMs: now }), fix({ source: "rutos", accuracyM: 5, atMs: now })]),
		"rutos",
	);
	assert.equal(
		of([fix({ source: "rutos", accuracyM: 40, atMs: now }), fix({ source: "dish", accuracyM: 5, atMs: now })]),
		"dish",
	);
	assert.equal(
		of([fix({ source: "rutos", accuracyM: 2, atMs: 0 }), fix({ source: "dish", accuracyM: 9, atMs: now })]),
		"dish",
	);
	assert.equal(
		of([
			fix({ source: "rutos", accuracyM: 2, atMs: 90_000, speedMps: 30 }),
			fix({ source: "gpsd", accuracyM: 9, atMs: now }),
		]),
		"gpsd",
	);
	assert.equal(of([fix({ source: "opencellid", accuracyM: 900, atMs: now })]), "opencellid");
	assert.equal(of([]), undefined);
});

test("movement: wandering of a receiver is none; a drive is started, measured, another place, stopped", () => {
	const movement = createMovement();
	const random = fakeRandom(5);
	const wander = (): number => ((random.uint32() % 2_000) - 1_000) / 100;
	const told: string[] = [];
	let atMs = 0;
	const take = (metres: number, speedMps: number | null = null): void => {
		atMs += 10_000;
		const events = movement.take(fix({ atMs, latitude: north(metres + wander()), speedMps }), 500);
		told.push(...events.map((event) => event.kind));
	};
	for (let n = 0; n < 500; n++) take(0);
	assert.deepEqual(told, []);
	assert.equal(movement.moving(), false);
	for (let n = 1; n <= 20; n++) take(n * 120, 12);
	assert.deepEqual([told[0], movement.moving()], ["started", true]);
	assert.ok(Math.abs(movement.travelledM() - 2_400) < 300, `${movement.travelledM()}`);
	for (let n = 0; n < 20; n++) take(2_400, 0);
	assert.equal(told.at(-1), "stopped");
	assert.equal(told.filter((kind) => kind === "moved").length, 4);
	assert.equal(movement.moving(), false);
});

test("movement: a leap that cannot be, and cells, move nothing", () => {
	const movement = createMovement();
	movement.take(fix({ atMs: 1 }), 500);
	assert.deepEqual(movement.take(fix({ atMs: 10_000, latitude: north(50_000) }), 500), []);
	assert.deepEqual(movement.take(fix({ atMs: 20_000, latitude: north(50_000), source: "opencellid" }), 500), []);
	assert.deepEqual(movement.take(fix({ atMs: 30_000, latitude: north(3) }), 500), []);
	assert.equal(movement.moving(), false);
});

const MODEM = {
	source: "RutOS gsm",
	technology: "4g",
	plmn: "24601",
	tac: "1832",
	cell_id: "29954840",
	rsrp: -99,
	in_use: true,
};

test("the serving cell of a modem: decimal or hex by its source, incomplete ones are none", () => {
	const cell: Cell = {
		radio: "LTE",
		mcc: 246,
		mnc: 1,
		area: 1832,
		cellId: 29_954_840,
		rsrpDbm: -99,
		serving: true,
		certain: true,
		pci: null,
		timingAdvance: null,
	};
	assert.deepEqual(cellOf(MODEM), cell);
	assert.deepEqual(cellOf({ ...MODEM, source: "ModemManager", tac: "0728", cell_id: "1C91318" }), {
		...cell,
		cellId: 0x1c91318,
	});
	const none = [
		null,
		{ ...MODEM, tac: null },
		{ ...MODEM, cell_id: "1C91318" },
		{ ...MODEM, plmn: "24" },
		{ ...MODEM, technology: "9g" },
		{ ...MODEM, in_use: false },
		{ ...MODEM, cell_id: "99999999999" },
	];
	for (const details of none) assert.equal(cellOf(details), null, JSON.stringify(details));
});

test("cells joined: one is coarse, several are nearer to the truth, the date line is no matter", () => {
	const cell = (latitude: number, longitude: number, rangeM = 1_000, samples = 100): LocatedCell => ({
		latitude,
		longitude,
		rangeM,
		samples,
		serving: true,
		advanceM: null,
	});
	assert.equal(joinCells([]), null);
	const one = joinCells([cell(54, 25)]);
	assert.deepEqual([one?.latitude.toFixed(6), one?.accuracyM, one?.cells], ["54.000000", 2_000, 1]);
	const three = joinCells([cell(54, 25), cell(54.02, 25), cell(54.01, 25.02)]);
	assert.ok((three?.accuracyM ?? 9e9) < 2_000 && (three?.confidence ?? 0) > (one?.confidence ?? 1));
	const line = joinCells([cell(0, 179.99), cell(0, -179.99)]);
	assert.ok(Math.abs(Math.abs(line?.longitude ?? 0) - 180) < 0.02);
	const small = joinCells([cell(54, 25, 100), cell(55, 25, 10_000)]);
	assert.ok(Math.abs((small?.latitude ?? 0) - 54) < 0.001);
	const lat = fc.double({ min: -89, max: 89, noNaN: true });
	const lon = fc.double({ min: -180, max: 180, noNaN: true });
	const made = fc.record({
		latitude: lat,
		longitude: lon,
		rangeM: fc.integer({ min: 1, max: 100_000 }),
		samples: fc.nat(),
		serving: fc.boolean(),
		advanceM: fc.option(fc.integer({ min: 78, max: 100_000 })),
	});
	fc.assert(
		fc.property(fc.array(made, { minLength: 1, maxLength: 10 }), (cells) => {
			const place = joinCells(cells);
			assert.ok(place !== null && Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180);
			assert.ok(place.accuracyM >= 50 && place.accuracyM <= 10_000 && place.confidence > 0 && place.confidence <= 0.95);
		}),
	);
});

test("OpenCellID's replies", () => {
	assert.deepEqual(parseCell('{"lat":54.1,"lon":25.2,"range":1200,"samples":37,"mcc":246}'), {
		latitude: 54.1,
		longitude: 25.2,
		rangeM: 1_200,
		samples: 37,
	});
	assert.deepEqual(parseCell('{"lat":"54.1","lon":"25.2"}'), {
		latitude: 54.1,
		longitude: 25.2,
		rangeM: 5_000,
		samples: 0,
	});
	assert.equal(parseCell('{"error":"Cell not found","code":1}'), null);
	for (const body of [
		"",
		"<html>",
		"{}",
		'{"lat":0,"lon":0}',
		'{"lat":99,"lon":1}',
		'{"error":"API key not known","code":2}',
	]) {
		assert.equal(parseCell(body), undefined, body);
	}
});

test("the cache of cells: hits, negative ones with their time, the least used goes, far ones purged", () => {
	const cache = createCellCache();
	const here: KnownCell = { latitude: 54, longitude: 25, rangeM: 500, samples: 3 };
	cache.put("a", here, 0, 0, 0.5);
	cache.put("b", null, 0, 12 * 3_600_000, 0);
	assert.deepEqual([cache.get("a", 1), cache.get("b", 9.9 * 3_600_000), cache.get("c", 1)], [here, null, undefined]);
	assert.equal(cache.get("b", 10.1 * 3_600_000), undefined);
	assert.equal(cache.get("a", 31 * 86_400_000), undefined);
	for (let n = 0; n < 2_000; n++) cache.put(`n${n}`, here, 0, 0, 0);
	cache.get("n0", 1);
	cache.put("one more", here, 0, 0, 0);
	assert.deepEqual([cache.size, cache.get("n0", 1), cache.get("n1", 1)], [2_000, here, undefined]);
	cache.purge({ latitude: 60, longitude: 25 });
	assert.equal(cache.size, 0);
});

test("contributions: new cells, far ones, changed ones; paced by cell; never from a poor position or from cells", () => {
	const limits = { minAccuracyM: 20, movementM: 250, changeDb: 6 };
	const cell: Cell = {
		radio: "LTE",
		mcc: 246,
		mnc: 1,
		area: 1832,
		cellId: 7,
		rsrpDbm: -99,
		serving: true,
		certain: true,
		pci: 156,
		timingAdvance: 12,
	};
	const queue = createContributions();
	const minute = 60_000;
	const take = (atMin: number, metres: number, rsrpDbm: number, more: Partial<Fix> = {}, moving = true) =>
		queue.consider(
			{ ...cell, rsrpDbm },
			fix({ atMs: atMin * minute, latitude: north(metres), ...more }),
			moving,
			limits,
		);
	assert.equal(take(0, 0, -99, { accuracyM: 21 }), false);
	assert.equal(take(0, 0, -99, { source: "opencellid" }), false);
	assert.equal(take(0, 0, -99), true);
	assert.equal(take(10, 900, -99), false, "not twice within 15 minutes");
	assert.equal(take(16, 100, -100), false, "neither far nor changed");
	assert.equal(take(16, 300, -99), true);
	assert.equal(take(32, 300, -106), false, "the same spot within the hour");
	assert.equal(take(32, 400, -106), true);
	assert.equal(take(60, 900, -99, {}, false), false, "standing: every three hours");
	assert.equal(take(32 + 181, 900, -99, {}, false), true);
	const wallMs = 1_795_000_000_000;
	assert.deepEqual(queue.batch(213 * minute, wallMs + 213 * minute)[0], {
		lat: 54,
		lon: 25,
		mcc: 246,
		mnc: 1,
		lac: 1832,
		cellid: 7,
		act: "LTE",
		measured_at: "2026-11-18T11:06:40.000Z",
		signal: -99,
		ta: 12,
		pci: 156,
		rating: 5,
	});
	for (let n = 0; n < 300; n++) queue.consider({ ...cell, cellId: 100 + n }, fix(), true, limits);
	assert.equal(queue.waiting(), 100);
	queue.sent(40);
	assert.equal(queue.waiting(), 60);
});

test("100 000 mutated replies: none throws, none gives a place that is not on earth", () => {
	const random = fakeRandom(9);
	const fine = (one: { latitude: number; longitude: number } | null | undefined): boolean =>
		one == null || (Math.abs(one.latitude) <= 90 && Math.abs(one.longitude) <= 180);
	const body = '{"lat":54.1,"lon":25.2,"range":1200,"samples":37}';
	for (let n = 0; n < 100_000; n++) {
		const a = parseRutos(mutate(position(), random), 0);
		const line = mutate(n % 2 === 0 ? JSON.stringify(TPV) : body, random);
		const b = typeof line === "string" ? parseGpsdLine(line, 0)?.fix : null;
		const c = typeof line === "string" ? parseCell(line) : null;
		const d = cellOf((mutate(MODEM, random) ?? null) as typeof MODEM | null);
		const e = parseDish(mutate({ latitude: 1, longitude: 2, accuracy_m: 4 }, random), 0);
		const sane = [a, b, e].every(
			(one) => one == null || (one.accuracyM > 0 && one.accuracyM <= 50_000 && one.atMs === 0),
		);
		const cell = d === null || (d.mcc >= 100 && d.mcc <= 999 && d.cellId > 0 && d.area > 0);
		if (![a, b, c, e].every(fine) || !sane || !cell) assert.fail(JSON.stringify({ a, b, c, d, e }));
	}
});
