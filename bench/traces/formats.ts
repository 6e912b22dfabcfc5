/**
 * Readers, one per format of the recordings (docs/bench.md names them and their authors). A file is known by its head
 * line, not by its name, so that recordings nobody has seen yet can be read as well. Rows that cannot be read are left
 * out; a file without any is an error that names it.
 */
import { basename } from "node:path";
import type { SenseValues } from "../../daemon/health/senses.ts";
import { number, parseTable, readText, type Table } from "./table.ts";
import type { Signal, Trace, Track } from "./types.ts";

type Point = readonly [sentMs: number, rttMs: number];

export function track(
	part: Pick<Track, "uplink" | "class" | "holdMs"> & Partial<Pick<Track, "metered" | "signals" | "startUnixMs">>,
	points: readonly Point[],
): Track {
	const sorted = points.filter(([sent]) => Number.isFinite(sent)).sort((a, b) => a[0] - b[0]);
	return {
		metered: part.class === "cellular",
		signals: [],
		startUnixMs: null,
		...part,
		sentMs: Float64Array.from(sorted, ([sent]) => sent),
		rttMs: Float64Array.from(sorted, ([, rtt]) => (rtt >= 0 ? rtt : Number.NaN)),
	};
}

const stem = (path: string): string => basename(path).replace(/\.(csv|tsv|txt)(\.gz)?$/i, "");

function trace(folder: string, path: string, tracks: readonly Track[], note: string | null = null): Trace {
	const ends = tracks.map((one) => (one.sentMs[one.sentMs.length - 1] ?? Number.NaN) + one.holdMs);
	const lengthMs = Math.max(...ends.filter((end) => Number.isFinite(end)));
	if (!Number.isFinite(lengthMs)) throw new Error(`${path} holds no measurement`);
	return { folder, name: stem(path), group: stem(path), lengthMs, tracks, seamsMs: [], note };
}

/** Row number = second; one column of round trips per uplink, -1 = unavailable. */
function car(folder: string, path: string, table: Table): Trace {
	const known = new Set(["vehiclespeed", "latitude", "longitude"]);
	const names = table.columns.filter((name) => !known.has(name));
	const tracks = names.map((name) => {
		const at = table.at(name);
		const cls = /wifi|wlan|hotspot/i.test(name) ? "wifi" : "cellular";
		return track(
			{ uplink: name, class: cls, holdMs: 1000 },
			table.rows.map((row, second) => [1000 * second, number(row[at])]),
		);
	});
	return trace(folder, path, tracks);
}

/** A slot is left open for windows of the other operators this long. */
const SAME_PLACE_MS = 900_000;

/**
 * 30 s windows per operator, which mostly were not taken at the same time. They are laid end to end: each slot takes the
 * earliest window left and the other operators' next ones of the same quarter of an hour, all from their own start.
 */
function operators(folder: string, path: string, table: Table): Trace {
	const [windowAt, operatorAt, sentAt, rttAt] = ["window", "operator", "sent_unix_ms", "rtt_ms"].map(table.at) as [
		number,
		number,
		number,
		number,
	];
	const queues = new Map<string, Map<string, Point[]>>();
	for (const row of table.rows) {
		const operator = row[operatorAt] ?? "";
		const windows = queues.get(operator) ?? new Map<string, Point[]>();
		queues.set(operator, windows);
		const points = windows.get(row[windowAt] ?? "") ?? [];
		windows.set(row[windowAt] ?? "", points);
		points.push([number(row[sentAt]), number(row[rttAt])]);
	}
	const left = [...queues].map(([name, windows]) => ({
		name,
		windows: [...windows.values()].sort((a, b) => (a[0]?.[0] ?? 0) - (b[0]?.[0] ?? 0)),
		points: [] as Point[],
	}));
	const startOf = (points: readonly Point[] | undefined): number => points?.[0]?.[0] ?? Number.POSITIVE_INFINITY;
	const seamsMs: number[] = [];
	let offset = 0;
	let alone = 0;
	for (;;) {
		const first = Math.min(...left.map((one) => startOf(one.windows[0])));
		if (!Number.isFinite(first)) break;
		const taken = left.filter((one) => startOf(one.windows[0]) <= first + SAME_PLACE_MS);
		if (taken.length < left.length) {
			for (const one of taken.filter((late) => startOf(late.windows[0]) === first)) one.windows.shift();
			alone++;
			continue;
		}
		let length = 0;
		for (const one of taken) {
			const points = one.windows.shift() ?? [];
			const start = startOf(points);
			for (const [sent, rtt] of points) one.points.push([offset + sent - start, rtt]);
			length = Math.max(length, (points[points.length - 1]?.[0] ?? start) - start + 200);
		}
		offset += length;
		seamsMs.push(offset);
	}
	const tracks = left.map((one) => track({ uplink: one.name, class: "cellular", holdMs: 1000 }, one.points));
	const note = `windows of ${left.length} operators laid end to end${alone > 0 ? `, ${alone} without partners left out` : ""}; most were taken minutes apart`;
	return { ...trace(folder, path, tracks, note), seamsMs };
}

/** One way delays with the signal beside them. Silence of the publisher is silence. */
function testTrack(folder: string, path: string, table: Table): Trace {
	const [sentAt, delayAt, cellAt, sinrAt, rsrpAt] = [0, 2, 7, 8, 9];
	const start = Math.min(...table.rows.map((row) => number(row[sentAt])));
	const points: Point[] = [];
	const signals: Signal[] = [];
	let told = Number.NEGATIVE_INFINITY;
	for (const row of table.rows) {
		const sent = number(row[sentAt]) - start;
		points.push([sent, number(row[delayAt])]);
		// A modem is asked about once a second.
		if (!(sent >= told + 1000)) continue;
		told = sent;
		const values = { rsrp_dbm: number(row[rsrpAt]), sinr_db: number(row[sinrAt]) };
		signals.push({ atMs: sent, values: finite(values), cell: row[cellAt] ?? "" });
	}
	points.sort((a, b) => a[0] - b[0]);
	// Nothing sent for longer than a second: what was to be sent had to wait.
	const filled = points.flatMap((point, i): Point[] => {
		const next = points[i + 1];
		if (next === undefined || next[0] - point[0] <= SILENT_MS) return [point];
		return [point, [point[0] + 1, next[0] + next[1] - point[0] - 1]];
	});
	return trace(folder, path, [track({ uplink: "5g", class: "cellular", holdMs: 60_000, signals }, filled)]);
}

const SILENT_MS = 1000;

function finite(values: Readonly<Record<string, number>>): SenseValues {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}

/** Without a head line: seconds, number, round trip or -1. A lost one makes the prober wait: that wait says nothing. */
function dishPing(folder: string, path: string): Trace {
	const rows = readText(path)
		.trimEnd()
		.split("\n")
		.map((line) => line.trim().split(/\s+/));
	const start = number(rows[0]?.[0]);
	const points = rows.map((row): Point => [1000 * (number(row[0]) - start), number(row[2])]);
	const part = { uplink: "dish", class: "starlink", holdMs: 300, startUnixMs: Math.round(1000 * start) } as const;
	return trace(folder, path, [track(part, points)]);
}

/** mulberry32 by time: the same second meets the same fate for every policy. */
export function draw(seed: number): number {
	let mixed = Math.imul((seed | 0) ^ ((seed | 0) >>> 15), 0x2c1b3c6d);
	mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 0x297a2d39);
	return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** A dish's own pings once a second; its share lost becomes lost probes, ten a second. */
function dish(folder: string, path: string, table: Table): Trace {
	const cells = ["t_unix", "state", "pop_ping_drop_rate", "pop_ping_latency_ms", "fraction_obstructed"];
	const [timeAt, stateAt, dropAt, latencyAt, obstructedAt] = cells.map(table.at) as [
		number,
		number,
		number,
		number,
		number,
	];
	const start = number(table.rows[0]?.[timeAt]);
	const points: Point[] = [];
	const signals: Signal[] = [];
	for (const row of table.rows) {
		const atMs = Math.round(1000 * (number(row[timeAt]) - start));
		const drop = number(row[dropAt]);
		const latency = number(row[latencyAt]);
		const out = row[stateAt] !== "CONNECTED";
		if (!Number.isFinite(atMs)) continue;
		const values = {
			dish_drop_pct: 100 * drop,
			dish_latency_ms: latency,
			obstruction_pct: 100 * number(row[obstructedAt]),
		};
		signals.push({ atMs, values: { ...finite(values), outage: out ? 1 : 0 } });
		const parts = drop > 0 && !out ? 10 : 1;
		for (let part = 0; part < parts; part++) {
			const lost = out || draw(points.length) < drop;
			points.push([atMs + (1000 / parts) * part, lost ? Number.NaN : latency]);
		}
	}
	const part = {
		uplink: "dish",
		class: "starlink",
		holdMs: 1500,
		signals,
		startUnixMs: Math.round(1000 * start),
	} as const;
	return trace(folder, path, [track(part, points)], "probes made from the dish's own pings");
}

/** Weaker than this a modem loses its cell. */
const LOST_DBM = -120;

/** A modem's figures once a second; probes made from them. */
function modem(folder: string, path: string, table: Table): Trace {
	const [timeAt, cellAt, rsrpAt, rsrqAt, sinrAt] = ["t_unix", "currentCellid", "rsrp", "rsrq", "sinr"].map(
		table.at,
	) as [number, number, number, number, number];
	const start = number(table.rows[0]?.[timeAt]);
	const points: Point[] = [];
	const signals: Signal[] = [];
	for (const row of table.rows) {
		const atMs = Math.round(1000 * (number(row[timeAt]) - start));
		const rsrp = number(row[rsrpAt]);
		const sinr = number(row[sinrAt]);
		if (!Number.isFinite(atMs)) continue;
		const values = { rsrp_dbm: rsrp, rsrq_db: number(row[rsrqAt]) / 10, sinr_db: sinr };
		signals.push({ atMs, values: finite(values), cell: row[cellAt] ?? "" });
		points.push([atMs, !(rsrp > LOST_DBM) ? Number.NaN : 35 + Math.max(0, 5 - sinr) * 10]);
	}
	const uplink = stem(path).replace(/^modem-\d+-\d+-\d+-/, "");
	return trace(
		folder,
		path,
		[track({ uplink, class: "cellular", holdMs: 1500, signals }, points)],
		"probes made from the signal",
	);
}

/** A client's frames once a second per access point; a probe is answered in seconds in which bytes arrived. */
function wifi(folder: string, path: string, table: Table): Trace[] {
	const names = ["senderId", "receiverId", "systime", "isIperfOn", "rssiMean", "nBytesReceived"];
	const [fromAt, toAt, timeAt, onAt, rssiAt, bytesAt] = names.map(table.at) as [
		number,
		number,
		number,
		number,
		number,
		number,
	];
	const links = new Map<string, (readonly string[])[]>();
	for (const row of table.rows) {
		const key = `${row[fromAt]}-${row[toAt]}`;
		const rows = links.get(key) ?? [];
		links.set(key, rows);
		rows.push(row);
	}
	return [...links].map(([name, rows]) => {
		const start = number(rows[0]?.[timeAt]);
		const points: Point[] = [];
		const signals: Signal[] = [];
		for (const row of rows) {
			if (number(row[onAt]) !== 1) continue;
			const atMs = 1000 * (number(row[timeAt]) - start);
			const rssi = number(row[rssiAt]);
			const heard = rssi > -100;
			signals.push({ atMs, values: { signal_dbm: heard ? rssi : null } });
			points.push([atMs, number(row[bytesAt]) > 0 ? 8 : Number.NaN]);
		}
		const one = trace(
			folder,
			path,
			[track({ uplink: name, class: "wifi", holdMs: 1000, signals }, points)],
			"probes made from frames",
		);
		return { ...one, name: `${one.name}-${name}`, group: name };
	});
}

/** Null: not a recording we know. */
export function readRecording(folder: string, path: string): readonly Trace[] | null {
	const head = readText(path).slice(0, 400).split(/\r?\n/)[0] ?? "";
	const comma = (): Table => parseTable(path, ",");
	if (head.startsWith("vehiclespeed,")) return [car(folder, path, comma())];
	if (head.startsWith("window,operator,")) return [operators(folder, path, comma())];
	if (head.startsWith("pub_time")) return [testTrack(folder, path, parseTable(path, " "))];
	if (head.startsWith("t_unix,") && head.includes("pop_ping_drop_rate")) return [dish(folder, path, comma())];
	if (head.startsWith("t_unix,") && head.includes("rsrp")) return [modem(folder, path, comma())];
	if (head.startsWith("senderId,")) return wifi(folder, path, comma());
	if (/^\d+\.\d+\s+\d+\s+-?\d/.test(head)) return [dishPing(folder, path)];
	return null;
}
