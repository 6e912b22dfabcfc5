/** The module: sources and their health, privacy, gpsd over a real socket, OpenCellID's paces over a fake network. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { readConfig } from "../../../daemon/config/read.ts";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import { nodeStreams } from "../../../daemon/platform/node/streams.ts";
import type { HttpRequest, HttpResponse, Platform } from "../../../daemon/platform/platform.ts";
import { createGps } from "../../../daemon/sense/gps/gps.ts";
import { askGpsd } from "../../../daemon/sense/gps/gpsd.ts";
import type { Details } from "../../../daemon/sense/sensor.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import { fakeFiles, fakeLog, fakeRandom, fakeTime } from "../../support/fake-platform.ts";
import { fakeBus, sample } from "../cellular/support.ts";

const KEY = "pk.0123456789abcdef";
const MODEM: Details = {
	source: "RutOS gsm",
	technology: "4g",
	plmn: "24601",
	tac: "1832",
	cell_id: "29954840",
	rsrp: -99,
	in_use: true,
};
const position = () => sample("rutos/ubus_gpsd_position.shape.json") as Record<string, unknown>;

function house(
	options: {
		config?: string;
		http?: (request: HttpRequest) => Partial<HttpResponse> | Promise<Partial<HttpResponse>>;
		modems?: () => readonly Details[];
		dishes?: () => readonly Details[];
		files?: ReturnType<typeof fakeFiles>;
	} = {},
) {
	const time = fakeTime();
	const log = fakeLog();
	const { bus, answers, calls } = fakeBus();
	const requests: HttpRequest[] = [];
	const events: string[] = [];
	const moves: number[] = [];
	let text = `config gps 'gps'\n\toption enabled '1'\n${options.config ?? ""}`;
	const connect = (_: unknown, handlers: { onClose(error: string | null): void }) => {
		time.timers.after(1, () => handlers.onClose("ECONNREFUSED"));
		return { write: () => true, close: () => undefined };
	};
	const platform = {
		...time,
		random: fakeRandom(2),
		files: options.files ?? fakeFiles(),
		streams: { connect },
		http: {
			async request(request: HttpRequest) {
				requests.push(request);
				return { status: 200, headers: {}, body: "", bytes: new Uint8Array(), ...(await options.http?.(request)) };
			},
		},
	} as unknown as Platform;
	const gps = createGps({
		platform,
		bus,
		log,
		config: () => readConfig(parseUci(text, { file: "test" }), "test").config,
		details: (sensor) => (sensor === "cellular" ? (options.modems?.() ?? []) : (options.dishes?.() ?? [])),
		onEvent: (type, reason) => events.push(`${type}: ${reason}`),
		onMoved: (distanceM) => moves.push(distanceM),
	});
	gps.configure();
	const set = (next: string): void => {
		text = next;
		gps.configure();
	};
	return { time, log, answers, calls, requests, events, moves, gps, set };
}

const CELLS = `\toption opencellid_enabled '1'\n\toption opencellid_api_key '${KEY}'\n`;

test("off: nothing is asked, nothing is known; on and off again at run time", async () => {
	const h = house();
	h.set("config gps 'gps'\n\toption enabled '0'\n");
	h.answers.set("gpsd position", position());
	await h.time.advance(600_000);
	assert.deepEqual([h.calls, h.requests, h.gps.picture().fix, h.gps.picture().sources], [[], [], null, []]);
	h.set("config gps 'gps'\n\toption enabled '1'\n");
	await h.time.advance(1_000);
	assert.equal(h.gps.picture().fix?.latitude, 54.687157);
	assert.deepEqual(
		h.gps.picture().sources.map((one) => one.source),
		["rutos", "gpsd", "dish"],
	);
	h.set("");
	assert.deepEqual([h.gps.picture().enabled, h.gps.picture().fix], [false, null]);
	h.gps.close();
	assert.equal(h.time.pending(), 0);
});

test("sources in order, each with its health; the last known position with its age when all fall silent", async () => {
	const dish: Details = { location: { latitude: 54.7, longitude: 25.3, altitude_m: 110, accuracy_m: 4 } };
	const h = house({ dishes: () => [dish, {}] });
	await h.time.advance(1_000);
	assert.equal(h.gps.picture().fix?.source, "dish");
	assert.deepEqual(
		h.gps.picture().sources.map(({ source, health, active }) => [source, health.state, active]),
		[
			["rutos", "absent", false],
			["gpsd", "failing", false],
			["dish", "ok", true],
		],
	);
	h.answers.set("gpsd position", position());
	await h.time.advance(130_000);
	assert.equal(h.gps.picture().fix?.source, "rutos");
	h.answers.delete("gpsd position");
	dish.location && Object.assign(dish.location, { accuracy_m: 4_000 });
	await h.time.advance(400_000);
	const { stale, fix, ageMs } = h.gps.picture();
	assert.deepEqual([stale, fix !== null], [true, true]);
	assert.ok((ageMs ?? 0) > 300_000);
	h.gps.close();
});

test("moving: events without a position, and whoever must know that it is another place", async () => {
	const h = house();
	let latitude = 54;
	h.answers.set("gpsd position", () => ({ ...position(), latitude, speed: latitude === 54 ? 0 : 60 }));
	await h.time.advance(61_000);
	for (let n = 0; n < 5; n++) {
		latitude += 0.004;
		await h.time.advance(60_000);
	}
	assert.equal(h.events[0], "movement: the router moves");
	assert.ok(h.moves.length === 2 && h.moves.every((metres) => metres >= 500));
	assert.match(h.events[1] ?? "", /^movement: the router is (?:\d+ m|\d(?:\.\d)? km) from where it was$/);
	const words = JSON.stringify([h.events, h.log.lines]);
	assert.doesNotMatch(words, /54\.\d|25\.2/, "a position in events or log");
	h.gps.close();
});

test("OpenCellID: only with key and consent, only without a receiver; the key is nowhere but in the request", async () => {
	const found = { body: '{"lat":54.6,"lon":25.2,"range":800,"samples":40}' };
	const mute = house({ modems: () => [MODEM], http: () => found });
	await mute.time.advance(600_000);
	assert.equal(mute.requests.length, 0);
	mute.gps.close();
	const h = house({ config: CELLS, modems: () => [MODEM], http: () => found });
	await h.time.advance(1_000);
	assert.equal(h.requests.length, 0, "receivers first");
	await h.time.advance(60_000);
	assert.equal(h.requests.length, 1);
	assert.equal(
		h.requests[0]?.url,
		`https://opencellid.org/cell/get?key=${KEY}&mcc=246&mnc=1&lac=1832&cellid=29954840&radio=LTE&format=json`,
	);
	assert.deepEqual([h.gps.picture().fix?.source, h.gps.picture().fix?.accuracyM], ["opencellid", 1_600]);
	await h.time.advance(3_600_000);
	assert.equal(h.requests.length, 1, "the cache answers");
	h.answers.set("gpsd position", position());
	await h.time.advance(300_000);
	assert.equal(h.gps.picture().sources.at(-1)?.health.text, "not asked: a receiver knows the position");
	assert.doesNotMatch(JSON.stringify([h.log.lines, h.events, h.gps.picture()]), new RegExp(KEY));
	h.gps.close();
});

test("OpenCellID: cells outlive the daemon in /tmp with mode 600, and are gone as soon as it is turned off", async () => {
	const modes: unknown[] = [];
	const files = fakeFiles({ "/proc/uptime": "100.0 1" });
	const { writeAtomic } = files;
	files.writeAtomic = (path, content, mode) => {
		modes.push(mode);
		writeAtomic(path, content, mode);
	};
	const options = {
		config: CELLS,
		modems: () => [MODEM],
		http: () => ({ body: '{"lat":54.6,"lon":25.2,"range":800,"samples":40}' }),
		files,
	};
	const first = house(options);
	await first.time.advance(62_000);
	assert.deepEqual([first.requests.length, files.writes], [1, 0]);
	first.gps.close();
	assert.equal(first.time.pending(), 0);
	assert.deepEqual([files.written, modes], [["/tmp/autonomy/cells.json"], [0o600]]);
	const second = house(options);
	await second.time.advance(62_000);
	assert.deepEqual([second.requests.length, second.gps.picture().fix?.source], [0, "opencellid"]);
	second.set("config gps 'gps'\n\toption enabled '1'\n");
	assert.deepEqual([files.content.has("/tmp/autonomy/cells.json"), second.gps.picture().openCellId.cached], [false, 0]);
	await second.time.advance(900_000);
	second.gps.close();
	let answer: (reply: { body: string }) => void = () => undefined;
	const late = new Promise<{ body: string }>((resolve) => {
		answer = resolve;
	});
	const third = house({ ...options, http: () => late });
	await third.time.advance(62_000);
	assert.equal(third.requests.length, 1);
	third.set("config gps 'gps'\n\toption enabled '1'\n");
	answer({ body: '{"lat":54.6,"lon":25.2,"range":800,"samples":40}' });
	await third.time.advance(900_000);
	third.gps.close();
	assert.equal(files.content.has("/tmp/autonomy/cells.json"), false);
});

test("OpenCellID: unknown cells are not asked again for half a day; 429 backs off; a refused key rests an hour", async () => {
	let reply: Partial<HttpResponse> = { status: 200, body: '{"error":"Cell not found","code":1}' };
	const h = house({ config: CELLS, modems: () => [MODEM], http: () => reply });
	await h.time.advance(9 * 3_600_000);
	assert.equal(h.requests.length, 1);
	assert.equal(h.gps.picture().sources.at(-1)?.health.state, "absent");
	h.gps.close();
	reply = { status: 429 };
	const busy = house({ config: CELLS, modems: () => [MODEM], http: () => reply });
	await busy.time.advance(3_600_000);
	assert.ok(busy.requests.length <= 16, `${busy.requests.length} questions in an hour of 429`);
	assert.equal(busy.gps.picture().sources.at(-1)?.health.state, "failing");
	busy.gps.close();
	reply = { status: 401 };
	const refused = house({ config: CELLS, modems: () => [MODEM], http: () => reply });
	await refused.time.advance(61_000);
	assert.equal(refused.gps.picture().sources.at(-1)?.health.state, "denied");
	await refused.time.advance(3_500_000);
	assert.equal(refused.requests.length, 1);
	assert.doesNotMatch(JSON.stringify([refused.log.lines, refused.gps.picture()]), new RegExp(KEY));
	refused.gps.close();
});

test("OpenCellID: at most thirty questions an hour, however many cells a drive meets; 200 ms apart", async () => {
	let cell = 1;
	const times: number[] = [];
	const h: ReturnType<typeof house> = house({
		config: `${CELLS}\toption collection_interval_s '10'\n`,
		modems: () => [0, 1, 2].map(() => ({ ...MODEM, cell_id: String(cell++) })),
		http: () => {
			times.push(h.time.clock.monotonicMs());
			return { body: '{"lat":54.6,"lon":25.2,"range":800,"samples":40}' };
		},
	});
	await h.time.advance(3_000_000);
	assert.equal(h.requests.length, 30);
	assert.ok(times.every((time, n) => n === 0 || time - (times[n - 1] ?? 0) >= 200));
	h.gps.close();
});

test("contributing: only with consent; in one upload; the ratio of questions to contributions holds", async () => {
	const h = house({ config: `${CELLS}\toption opencellid_contribute '1'\n`, modems: () => [MODEM] });
	h.answers.set("gpsd position", position());
	await h.time.advance(61_000);
	assert.equal(h.requests.length, 0);
	await h.time.advance(600_000);
	assert.equal(h.requests.length, 1);
	const [upload] = h.requests;
	assert.equal(upload?.url, "https://opencellid.org/measure/uploadJson");
	assert.match(
		String(upload?.body),
		/"lat":54\.687157,"lon":25\.279652,"mcc":246,"mnc":1,"lac":1832,"cellid":29954840,"act":"LTE"/,
	);
	assert.equal(h.gps.picture().openCellId.waiting, 0);
	h.gps.close();
	const silent = house({ config: CELLS, modems: () => [MODEM] });
	silent.answers.set("gpsd position", position());
	await silent.time.advance(3_600_000);
	assert.deepEqual([silent.requests, silent.gps.picture().openCellId.waiting], [[], 0]);
	silent.gps.close();
	let cell = 1;
	const greedy = house({
		config: `${CELLS}\toption opencellid_contribute '1'\n\toption collection_interval_s '10'\n`,
		modems: () => [{ ...MODEM, cell_id: String(cell++) }],
		http: () => ({ body: '{"lat":54.6,"lon":25.2,"range":800,"samples":40}' }),
	});
	await greedy.time.advance(3 * 3_600_000);
	assert.equal(greedy.requests.length, 10, "ten are free, then it must give first");
	greedy.gps.close();
});

function gpsd(talk: (socket: Socket) => void): Promise<{ readonly port: number; close(): void }> {
	const server: Server = createServer((socket) => {
		socket.on("error", () => undefined);
		talk(socket);
	});
	return new Promise((resolve) => {
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			resolve({
				port: typeof address === "object" && address !== null ? address.port : 0,
				close: () => void server.close(),
			});
		});
	});
}

const TPV = '{"class":"TPV","mode":3,"lat":54.687157,"lon":25.279652,"eph":4.5,"speed":0.1}';
const platform = { ...createNodePlatform(), streams: nodeStreams };

test("gpsd on a real socket: watched for one report, then left", async (t) => {
	let asked = "";
	const closed = new Promise<void>((resolve) => {
		void gpsd((socket) => {
			socket.write('{"class":"VERSION","release":"3.25"}\r\n');
			socket.on("close", () => resolve());
			socket.on("data", (bytes) => {
				asked += String(bytes);
				socket.write('{"class":"DEVICES","devices":[]}\r\n{"class":"SKY","uSat":9}\r\n{"class":"TPV","mode":1}\r\n');
				socket.write(TPV.slice(0, 20));
				socket.write(`${TPV.slice(20)}\r\n`);
			});
		}).then(async (server) => {
			t.after(() => server.close());
			const fix = await askGpsd(platform, server.port);
			assert.deepEqual([fix.latitude, fix.accuracyM, fix.satellites], [54.687157, 4.5, 9]);
		});
	});
	await closed;
	assert.equal(asked, '?WATCH={"enable":true,"json":true};\n');
});

test("something else on gpsd's port: endless talk, a closed door, nobody there", async (t) => {
	const chatty = await gpsd((socket) => {
		const timer = setInterval(() => socket.write("x".repeat(4_000)), 1);
		socket.on("close", () => clearInterval(timer));
	});
	t.after(() => chatty.close());
	await assert.rejects(askGpsd(platform, chatty.port), /talks too much to be gpsd/);
	const shut = await gpsd((socket) => socket.end());
	t.after(() => shut.close());
	await assert.rejects(askGpsd(platform, shut.port), /gpsd closed the connection/);
	const none = await gpsd(() => undefined);
	none.close();
	await assert.rejects(askGpsd(platform, none.port), /ECONNREFUSED/);
});
