/** OpenCellID over real HTTP as it answers; what it said over a restart; neighbours, timing advance, what is contributed. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { readConfig } from "../../../daemon/config/read.ts";
import type { GpsConfig } from "../../../daemon/config/types.ts";
import { nodeHttp } from "../../../daemon/platform/node/http.ts";
import type { HttpRequest } from "../../../daemon/platform/platform.ts";
import { parseMmCells, parseRutosNeighbours } from "../../../daemon/sense/cellular/heard.ts";
import { createCellCache } from "../../../daemon/sense/gps/cell-cache.ts";
import { createCellStore } from "../../../daemon/sense/gps/cell-store.ts";
import { advanceM, type Cell, joinCells, type LocatedCell } from "../../../daemon/sense/gps/cells.ts";
import { CELLS_FILE } from "../../../daemon/sense/gps/cells-file.ts";
import { createContributions, toMeasure } from "../../../daemon/sense/gps/contribution.ts";
import type { Fix } from "../../../daemon/sense/gps/fix.ts";
import { createOpenCellId } from "../../../daemon/sense/gps/opencellid.ts";
import { createPace } from "../../../daemon/sense/gps/pace.ts";
import { createSurroundings } from "../../../daemon/sense/gps/surroundings.ts";
import type { Details } from "../../../daemon/sense/sensor.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import { fakeFiles, fakeLog, fakeRandom, fakeTime } from "../../support/fake-platform.ts";
import { world } from "../cellular/support.ts";

const KEY = "pk.0123456789abcdef";
const HOUR = 3_600_000;

function gpsConfig(more = ""): GpsConfig {
	const text = `config gps 'gps'\n\toption enabled '1'\n\toption opencellid_enabled '1'\n\toption opencellid_api_key '${KEY}'\n${more}`;
	return readConfig(parseUci(text, { file: "test" }), "test").config.gps;
}

const cell = (more: Partial<Cell> = {}): Cell => ({
	radio: "LTE",
	mcc: 246,
	mnc: 1,
	area: 1832,
	cellId: 29_954_840,
	rsrpDbm: -99,
	serving: true,
	certain: true,
	pci: 156,
	timingAdvance: null,
	...more,
});

interface Asked {
	readonly method: string;
	readonly path: string;
	readonly query: Readonly<Record<string, string>>;
	readonly type: string;
	readonly body: string;
}

async function text(request: IncomingMessage): Promise<string> {
	let all = "";
	for await (const chunk of request) all += String(chunk);
	return all;
}

/** opencellid.org on loopback: `cells` are those it knows. */
async function site(
	t: TestContext,
	options: { cells?: Record<string, object>; dateMs?: () => number; status?: number },
) {
	const asked: Asked[] = [];
	const server = createServer((request, response) => {
		void text(request).then((body) => {
			const url = new URL(request.url ?? "", "http://host");
			const query = Object.fromEntries(url.searchParams);
			asked.push({
				method: request.method ?? "",
				path: url.pathname,
				query,
				type: request.headers["content-type"] ?? "",
				body,
			});
			if (options.dateMs) response.setHeader("Date", new Date(options.dateMs()).toUTCString());
			else response.sendDate = false;
			response.statusCode = options.status ?? 200;
			const known = options.cells?.[query.cellid ?? ""];
			if (url.pathname === "/measure/uploadJson") response.end('{"message":"Your measurement has been inserted"}');
			else response.end(JSON.stringify(known ?? { error: "Cell not found", code: 1 }));
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const http = {
		request: (one: HttpRequest) =>
			nodeHttp.request({ ...one, url: one.url.replace("https://opencellid.org", `http://127.0.0.1:${port}`) }),
	};
	return { asked, http };
}

const KNOWN = {
	lon: 25.2,
	lat: 54.6,
	mcc: 246,
	mnc: 1,
	lac: 1832,
	cellid: 7,
	range: 800,
	samples: 40,
	changeable: true,
};

test("a question and an upload as they are on the wire", async (t) => {
	const { asked, http } = await site(t, { cells: { "29954840": KNOWN } });
	const time = fakeTime();
	const ocid = createOpenCellId({ ...time, http, random: fakeRandom(3) });
	const found = await ocid.locate([cell({ timingAdvance: 3 })], gpsConfig());
	assert.deepEqual(found, [
		{ latitude: 54.6, longitude: 25.2, rangeM: 800, samples: 40, serving: true, advanceM: 234.375 },
	]);
	const { query, ...rest } = asked[0] as Asked;
	assert.deepEqual({ ...rest, type: undefined }, { method: "GET", path: "/cell/get", type: undefined, body: "" });
	assert.deepEqual(query, {
		key: KEY,
		mcc: "246",
		mnc: "1",
		lac: "1832",
		cellid: "29954840",
		radio: "LTE",
		format: "json",
	});
	const contributions = createContributions();
	const limits = { minAccuracyM: 20, movementM: 250, changeDb: 6 };
	assert.equal(contributions.consider(cell({ timingAdvance: 3 }), fix(), true, limits), true);
	assert.equal(await ocid.contribute(contributions.batch(1_000, 1_795_000_000_000), gpsConfig()), true);
	const upload = asked[1] as Asked;
	assert.deepEqual([upload.method, upload.path, upload.query], ["POST", "/measure/uploadJson", {}]);
	const form = await new Response(upload.body, { headers: { "content-type": upload.type } }).formData();
	assert.equal(form.get("key"), KEY);
	const file = form.get("datafile");
	assert.ok(file !== null && typeof file !== "string");
	assert.deepEqual(JSON.parse(await file.text()), {
		measurements: [
			{
				lat: 54.123457,
				lon: 25,
				mcc: 246,
				mnc: 1,
				lac: 1832,
				cellid: 29_954_840,
				act: "LTE",
				signal: -99,
				ta: 3,
				pci: 156,
				rating: 5,
				measured_at: "2026-11-18T11:06:39.000Z",
			},
		],
	});
});

const fix = (more: Partial<Fix> = {}): Fix => ({
	source: "gpsd",
	atMs: 0,
	latitude: 54.1234567,
	longitude: 25,
	altitudeM: null,
	accuracyM: 5,
	speedMps: null,
	headingDeg: null,
	satellites: null,
	...more,
});

test("a restart of the daemon asks nothing again, neither known cells nor unknown ones; its pace holds, too", async (t) => {
	const { asked, http } = await site(t, { cells: { "1": KNOWN } });
	const time = fakeTime();
	const files = fakeFiles({ "/proc/uptime": "1000.00 900.00\n" });
	const platform = { ...time, files };
	const one = createOpenCellId({ ...platform, http, random: fakeRandom(3) });
	const store = createCellStore(platform, fakeLog(), () => one.record());
	assert.equal(store.load(), null);
	const cells = [cell({ cellId: 1 }), cell({ cellId: 2, serving: false })];
	assert.equal((await locate(time, one, cells)).length, 1);
	store.changed();
	await time.advance(299_000);
	assert.equal(files.writes, 0);
	await time.advance(2_000);
	assert.equal(files.writes, 1);
	store.changed();
	store.close();
	assert.deepEqual([files.writes, time.pending()], [2, 0]);
	assert.doesNotMatch(String(files.content.get(CELLS_FILE)), new RegExp(KEY));

	// The process clock of the next daemon begins anew; an hour has passed, and NTP has moved the wall clock by years.
	files.content.set("/proc/uptime", "4600.00 900.00\n");
	const later = fakeTime(50, 1_900_000_000_000);
	const two = createOpenCellId({ ...later, http, random: fakeRandom(3) });
	const saved = createCellStore({ ...later, files }, fakeLog(), () => two.record()).load();
	assert.equal(saved?.elapsedMs, 3_600_000);
	two.restore(saved?.content, saved?.elapsedMs ?? 0);
	assert.deepEqual(two.stats(), { lookupsLastHour: 0, contributionsLastDay: 0, cached: 2, resting: false });
	assert.deepEqual((await locate(later, two, cells)).length, 1);
	assert.equal(asked.length, 2);
	await later.advance(13.5 * HOUR);
	await locate(later, two, cells);
	assert.equal(asked.length, 3, "half a day later the unknown one is asked for again");
	assert.equal(asked[2]?.query.cellid, "2");
});

/** Waits between questions pass by themselves; real sockets need real time. */
async function locate(
	time: ReturnType<typeof fakeTime>,
	ocid: ReturnType<typeof createOpenCellId>,
	cells: readonly Cell[],
): Promise<readonly LocatedCell[]> {
	let found: readonly LocatedCell[] | null = null;
	const asking = ocid.locate(cells, gpsConfig()).finally(() => {
		found ??= [];
	});
	while (found === null) {
		await time.advance(50);
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	return asking;
}

test("what is kept over a restart: garbage, another boot, too much of it, no procfs", () => {
	const time = fakeTime();
	const good = { v: 1, uptime_s: 10, cells: [["LTE/246/1/1832/7", 1_000, 54, 25, 800, 3]] };
	const load = (content: string | null, uptime = "11.00 1.00") => {
		const files = fakeFiles({ ...(content === null ? {} : { [CELLS_FILE]: content }), "/proc/uptime": uptime });
		return createCellStore({ ...time, files }, fakeLog(), () => ({})).load();
	};
	assert.equal(load(JSON.stringify(good))?.elapsedMs, 1_000);
	assert.equal(load(JSON.stringify({ ...good, uptime_s: 12 })), null, "of a boot before");
	for (const bad of ["", "{", "null", "[]", '{"v":2}', '{"v":1,"uptime_s":"x"}', " ".repeat(600_000)]) {
		assert.equal(load(bad), null, bad.slice(0, 20));
	}
	assert.equal(load(JSON.stringify(good), ""), null);
	assert.equal(load(null), null);
	const files = fakeFiles({ "/proc/uptime": "1.0 1" });
	files.full = true;
	const log = fakeLog();
	const store = createCellStore({ ...time, files }, log, () => ({}));
	for (let n = 0; n < 3; n++) {
		store.changed();
		store.close();
	}
	assert.equal(log.messages("warn").length, 1, "a full disk is told once");
	const cache = createCellCache();
	const rows = [
		...good.cells,
		["LTE/246/1/1832/8", 1_000],
		["LTE/246/1/1832/9", "x", 1],
		["../../etc", 1_000],
		["LTE/246/1/1832/10", 1_000, 91, 0, 1, 1],
		["LTE/246/1/1832/11", -5],
		null,
		7,
		[["LTE/246/1/1832/12"], 1_000],
	];
	cache.restore(rows, 0, 0);
	assert.deepEqual(
		[cache.size, cache.get("LTE/246/1/1832/7", 0)?.rangeM, cache.get("LTE/246/1/1832/8", 0)],
		[2, 800, null],
	);
	assert.equal(cache.get("LTE/246/1/1832/7", 1_000), undefined, "their time goes on");
	for (const bad of [null, 7, "x", {}]) cache.restore(bad, 0, 0);
});

test("pace: bursts, and what a restart must not make forgotten", () => {
	const time = fakeTime();
	const pace = createPace(time.clock);
	const limits = { lookupsPerHour: 30, ratio: 8 };
	for (let n = 0; n < 3; n++) {
		pace.asked();
		time.advanceSync(200);
	}
	assert.equal(pace.waitMs(), 1_400, "three in two seconds");
	for (let n = 0; n < 7; n++) pace.asked();
	assert.equal(pace.mayAsk(limits), false);
	pace.refused();
	const next = createPace(time.clock);
	next.restore(pace.record(), 1_800_000);
	assert.deepEqual([next.lookupsLastHour(), next.resting(), next.mayAsk(limits)], [10, true, false]);
	time.advanceSync(1_800_001);
	assert.deepEqual([next.lookupsLastHour(), next.resting()], [0, false]);
	assert.equal(next.mayAsk(limits), false, "ten were free, then it must give first");
	assert.equal(next.mayAsk({ ...limits, ratio: null }), true);
	for (let n = 0; n < 6; n++) next.submitted();
	assert.equal(next.maySubmit(), false);
	const wild = createPace(time.clock);
	for (const bad of [null, [], { lookupsAgoMs: ["x", -1, Number.NaN, 1e99], asked: "y", restMs: 1e12 }])
		wild.restore(bad, 0);
	assert.deepEqual([wild.lookupsLastHour(), wild.resting()], [0, false]);
});

test("a router's clock that is an hour off: told by the site's replies, and nothing is contributed then", async (t) => {
	const time = fakeTime();
	const { http } = await site(t, { cells: { "29954840": KNOWN }, dateMs: () => time.clock.wallMs() + HOUR });
	const ocid = createOpenCellId({ ...time, http, random: fakeRandom(3) });
	assert.equal(ocid.clockErrorMin(), null);
	await ocid.locate([cell()], gpsConfig());
	assert.equal(ocid.clockErrorMin(), -60);
	time.jumpWall(HOUR);
	assert.equal(ocid.clockErrorMin(), null, "NTP came");
});

const MM_CELLS = {
	modem: {
		generic: {
			"cell-info": [
				"cell type: lte, serving: yes, operator id: 24601, tac: 728, ci: 1C91318, physical ci: 9C, earfcn: 3050, rsrp: -99.000000, rsrq: -15.000000, timing advance: 12",
				"cell type: lte, serving: no, operator id: 24601, tac: 728, physical ci: 9D, earfcn: 3050, rsrp: -104.500000, rsrq: -17.000000",
				"cell type: gsm, serving: no, operator id: 24601, lac: 1F, ci: ABC, timing advance: 3, arfcn: 62, base station id: 3F, rx level: 20",
				"cell type: 5gnr, serving: no, physical ci: 1, nrarfcn: 630000, rsrp: -101.000000",
				"cell type: lte, serving: no",
				"cell type: __proto__, serving: yes, ci: 1, tac: 1",
				"x".repeat(4_000),
				7,
				null,
			],
		},
	},
};

test("mmcli's cells: the serving one whole, LTE neighbours by their physical id, GSM neighbours whole", () => {
	const [serving, lte, gsm, nr, ...none] = parseMmCells(MM_CELLS);
	assert.deepEqual(serving, {
		serving: true,
		radio: "LTE",
		plmn: "24601",
		area: 0x728,
		cellId: 0x1c91318,
		pci: 156,
		channel: 3050,
		rsrpDbm: -99,
		timingAdvance: 12,
	});
	assert.deepEqual(
		[lte?.area, lte?.cellId, lte?.pci, lte?.rsrpDbm, lte?.timingAdvance],
		[0x728, null, 157, -104.5, null],
	);
	assert.deepEqual(
		[gsm?.area, gsm?.cellId, gsm?.timingAdvance],
		[31, 0xabc, null],
		"the advance is the serving cell's",
	);
	assert.deepEqual([nr?.radio, nr?.plmn, nr?.channel], ["NR", null, 630_000]);
	assert.deepEqual(none, []);
	for (const bad of [null, "", {}, { modem: { generic: { "cell-info": "n/a" } } }])
		assert.deepEqual(parseMmCells(bad), []);
});

test("RutOS's neighbours: with the names it has for the serving cell", () => {
	const list = [
		{ access_technology: "LTE", pcid: 157, earfcn: 3050, rsrp: -104 },
		{ access_technology: "GSM", mcc: "246", mnc: "01", lac: "31", cellid: "2748", arfcn: 62 },
		{ access_technology: "LTE", rsrp: -104 },
		{ access_technology: "\u001b[2J", pcid: 1, earfcn: 1 },
		null,
	];
	const [lte, gsm, ...none] = parseRutosNeighbours({ list });
	assert.deepEqual([lte?.pci, lte?.channel, lte?.rsrpDbm, lte?.cellId], [157, 3050, -104, null]);
	assert.deepEqual([gsm?.radio, gsm?.plmn, gsm?.area, gsm?.cellId], ["GSM", "24601", 31, 2748]);
	assert.deepEqual(none, []);
	for (const bad of [null, {}, { list: 7 }, { errno: 1, error: "Timeout" }])
		assert.deepEqual(parseRutosNeighbours(bad), []);
});

const modem = (more: Partial<Record<string, Details[string]>> = {}): Details => ({
	source: "RutOS gsm",
	technology: "4g",
	plmn: "24601",
	tac: "1832",
	cell_id: "100",
	rsrp: -99,
	in_use: true,
	...(more as Details),
});
const pcell = (pci: number): Details => ({ pci, channel: 3050 });
const near = (pci: number, rsrp: number): Details => ({
	serving: false,
	radio: "LTE",
	plmn: null,
	area: null,
	cell_id: null,
	pci,
	channel: 3050,
	rsrp,
	timing_advance: null,
});

test("neighbours: those with an identity, and those the modem was in itself a while ago", () => {
	const time = fakeTime();
	const around = createSurroundings(time.clock);
	const ids = (details: Details[]) => around.cells(details).map((one) => one.cellId);
	assert.deepEqual(ids([modem({ carriers: [pcell(1)], heard_cells: [near(2, -101)] })]), [100]);
	assert.deepEqual(
		ids([modem({ cell_id: "200", carriers: [pcell(2)], heard_cells: [near(1, -100), near(3, -99)] })]),
		[200, 100],
	);
	const full: Details = { ...near(9, -95), plmn: "24602", area: 77, cell_id: 300 };
	const cells = around.cells([modem({ cell_id: "200", heard_cells: [near(1, -100), full, { ...full }] })]);
	assert.deepEqual(
		cells.map(({ cellId, mnc, area, serving, certain }) => [cellId, mnc, area, serving, certain]),
		[
			[200, 1, 1832, true, true],
			[300, 2, 77, false, true],
			[100, 1, 1832, false, false],
		],
		"the strongest neighbour first, none twice",
	);
	assert.deepEqual(ids([modem({ cell_id: "200", tac: "1833", heard_cells: [near(1, -100)] })]), [200], "another area");
	ids([modem({ cell_id: "101", carriers: [pcell(1)] })]);
	assert.deepEqual(ids([modem({ cell_id: "200", heard_cells: [near(1, -100)] })]), [200], "two cells alike: neither");
	ids([modem({ cell_id: "100", carriers: [pcell(1)] })]);
	assert.deepEqual(
		ids([modem({ cell_id: "200", heard_cells: [near(1, -100)] })]),
		[200],
		"for as long as that is known",
	);
	time.advanceSync(25 * HOUR);
	ids([modem({ cell_id: "100", carriers: [pcell(1)] })]);
	assert.deepEqual(ids([modem({ cell_id: "200", heard_cells: [near(1, -100)] })]), [200, 100]);
	around.clear();
	assert.deepEqual(ids([modem({ cell_id: "200", heard_cells: [near(1, -100)] })]), [200]);
	assert.deepEqual(ids([{}, { in_use: false }]), []);
});

test("timing advance: taken of the cell it was measured in, limits the error, raises the confidence", () => {
	const around = createSurroundings(fakeTime().clock);
	const list = parseMmCells(MM_CELLS).map((one) => ({
		serving: one.serving,
		cell_id: one.cellId,
		pci: one.pci,
		channel: one.channel,
		timing_advance: one.timingAdvance,
	}));
	const of = (cellId: string) =>
		around.cells([modem({ source: "ModemManager", tac: "728", cell_id: cellId, heard_cells: list as Details[] })])[0];
	assert.equal(of("1C91318")?.timingAdvance, 12);
	assert.equal(of("1C91319")?.timingAdvance, null, "the modem has moved on");
	assert.deepEqual(
		[advanceM(cell({ timingAdvance: 12 })), advanceM(cell({ timingAdvance: 0 })), advanceM(cell())],
		[937.5, 78.125, null],
	);
	assert.equal(advanceM(cell({ radio: "GSM", timingAdvance: 2 })), 1_107);
	assert.equal(advanceM(cell({ radio: "UMTS", timingAdvance: 2 })), null);
	const place: LocatedCell = { latitude: 54, longitude: 25, rangeM: 4_000, samples: 9, serving: true, advanceM: null };
	const [without, near1, near0] = [null, 937.5, 10].map((metres) => joinCells([{ ...place, advanceM: metres }]));
	assert.deepEqual([without?.accuracyM, near1?.accuracyM, near0?.accuracyM], [8_000, 1_875, 50]);
	assert.ok((near1?.confidence ?? 0) > (without?.confidence ?? 1));
});

test("what is contributed: one an hour while moving, two an hour while standing, no spot twice, neighbours by lot", () => {
	const limits = { minAccuracyM: 20, movementM: 250, changeDb: 6 };
	const queue = createContributions();
	const minutes = (n: number) => fix({ atMs: n * 60_000, latitude: 54 + n * 1e-5 });
	assert.equal(queue.consider(cell(), minutes(0), true, limits), true);
	let told = 0;
	for (let n = 1; n <= 180; n++) if (queue.consider(cell(), minutes(n), true, limits)) told++;
	assert.equal(told, 3, "slow, 1.1 m a minute: still one an hour, though nothing has changed much");
	const standing = createContributions();
	const taken = [1, 2, 3, 4].map((cellId) => standing.consider(cell({ cellId }), fix(), false, limits));
	assert.deepEqual(taken, [true, true, false, false]);
	assert.equal(standing.consider(cell({ cellId: 3 }), fix({ atMs: HOUR }), false, limits), true);
	const kept = createContributions();
	kept.restore(queue.rows(10_800_000), 0, 0);
	assert.equal(
		kept.consider(cell(), { ...minutes(181), atMs: 60_000 }, true, limits),
		false,
		"told before the restart",
	);
	for (const bad of [null, 7, [[]], [["x"]], [["LTE/246/1/1832/9", 1, 99, 0, 0]]]) kept.restore(bad, 0, 0);
	const neighbours = [...Array(8).keys()].map((n) => cell({ cellId: 10 + n, rsrpDbm: -90 - n, serving: false }));
	const unsure = cell({ cellId: 99, serving: false, certain: false });
	const chosen = toMeasure([cell(), unsure, ...neighbours], () => 0.999).map((one) => one.cellId);
	assert.deepEqual(chosen, [29_954_840, 10, 11, 12, 17, 16]);
	assert.equal(toMeasure([cell(), ...neighbours.slice(0, 4)], () => 0).length, 5);
});

test("the sensor asks for neighbours only where cells are wanted, seldom, and never waits for them", async () => {
	const want = `config gps 'gps'\n\toption enabled '1'\n\toption opencellid_enabled '1'\n\toption opencellid_api_key '${KEY}'\n`;
	const info = { cache: { net_mode_str: "LTE", rsrp_value: -99, reg_ci: "7", reg_tac: "8" } };
	const ask = async (config: string, answer: unknown) => {
		const w = world({ config });
		w.answers.set("gsm.modem0 info", info);
		w.answers.set("gsm.modem0 get_neighbour_cells", answer);
		const sensor = w.sensor();
		await w.time.advance(125_000);
		const asked = w.calls.filter((call) => call.includes("get_neighbour_cells")).length;
		const { state } = sensor.health();
		const heard = sensor.details()?.heard_cells;
		sensor.close();
		return { asked, state, heard: Array.isArray(heard) ? heard.length : heard };
	};
	const list = { list: [{ access_technology: "LTE", pcid: 157, earfcn: 3050 }] };
	assert.deepEqual(await ask("", list), { asked: 0, state: "ok", heard: undefined });
	assert.deepEqual(await ask(want, list), { asked: 3, state: "ok", heard: 1 });
	assert.deepEqual(await ask(want, new Error("Timeout")), { asked: 3, state: "ok", heard: undefined });
	assert.deepEqual(await ask(want, () => new Promise(() => undefined)), { asked: 3, state: "ok", heard: undefined });
});
