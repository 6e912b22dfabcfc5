/**
 * A dish: gRPC on one port, gRPC-Web over HTTP/1.1 on the next, as real ones. What it says is set from outside and starts
 * as the recording of a healthy one; counters, uptimes and durations go on by themselves. It can also refuse, be slow,
 * fall silent or talk nonsense.
 */
import http from "node:http";
import type { Socket } from "node:net";
import {
	type handleUnaryCall,
	Server,
	ServerCredentials,
	type ServerUnaryCall,
	type sendUnaryData,
} from "@grpc/grpc-js";
import { METHOD, type Question } from "../../daemon/sense/starlink/wire.ts";
import { historyAnswer, mapAnswer, type Plain, statusAnswer } from "./answers.ts";
import { encodeAnswer } from "./encode.ts";

export interface DishState {
	/** Laid over the recorded dish_get_status; null takes a field away. */
	readonly status: Plain;
	/** An outage that goes on, by its cause (DishOutage.Cause). */
	readonly outage: string | number | null;
	readonly map: Plain;
	readonly diagnostics: Plain;
	readonly location: Plain | null;
	/** Questions answered with PERMISSION_DENIED, and with UNIMPLEMENTED. */
	readonly denied: readonly Question[];
	readonly unknown: readonly Question[];
	readonly delayMs: number;
	/** answering; silent: takes connections and never answers; garbage: bytes that are no reply. */
	readonly mode: "answering" | "silent" | "garbage";
	/** Added to every reply: bytes of fields this version does not know. */
	readonly extra: readonly number[];
}

export interface Dish {
	set(change: Partial<DishState>): void;
	/** Healthy again, with the recorded past. */
	reset(): void;
	/** How often each question came, gRPC and gRPC-Web together. */
	readonly asked: Readonly<Record<string, number>>;
	readonly connections: () => number;
	readonly port: number;
	readonly webPort: number;
	/** Ends every connection, as a dish does that restarts. */
	drop(): void;
	close(): Promise<void>;
}

export interface DishOptions {
	readonly host: string;
	/** 0 takes any; null: this port is closed. */
	readonly port: number | null;
	readonly webPort: number | null;
}

const GPS_OFFSET_S = 315_964_800 - 18;
const RING = 900;
const QUESTION_OF: Readonly<Record<number, Question>> = {
	1004: "get_status",
	1007: "get_history",
	1008: "get_device_info",
	1017: "get_location",
	2008: "dish_get_obstruction_map",
	6000: "get_diagnostics",
};

/** The field number of the first field with a message in it. */
function questionOf(bytes: Uint8Array): Question | null {
	let at = 0;
	let key = 0;
	for (let shift = 0; shift < 35; shift += 7) {
		const byte = bytes[at++] ?? 0;
		key |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	return QUESTION_OF[key >>> 3] ?? null;
}

/** How the recorded dish looks now. */
function createSky(): {
	set(change: Partial<DishState>): void;
	reset(): void;
	state(): DishState;
	answer(question: Question): Plain;
} {
	const recorded = statusAnswer().dish_get_status as Plain;
	const rings = historyAnswer().dish_get_history as Plain;
	const startedMs = Date.now();
	const bootSeconds = 15_065;
	let outageSinceMs = 0;
	let outages: Plain[] = [...(rings.outages as Plain[])];
	const healthy: DishState = {
		status: {},
		outage: null,
		map: mapAnswer().dish_get_obstruction_map as Plain,
		diagnostics: { hardware_self_test: "PASSED", disablement_code: "OKAY" },
		location: null,
		denied: [],
		unknown: [],
		delayMs: 0,
		mode: "answering",
		extra: [],
	};
	let state = healthy;
	const outageNow = (nowMs: number): Plain => ({
		cause: state.outage,
		start_timestamp_ns: String(BigInt(Math.round(outageSinceMs - GPS_OFFSET_S * 1000)) * 1_000_000n),
		duration_ns: String(BigInt(Math.round(nowMs - outageSinceMs)) * 1_000_000n),
	});
	const status = (): Plain => {
		const nowMs = Date.now();
		const uptime = bootSeconds + Math.floor((nowMs - startedMs) / 1000);
		const all: Plain = { ...recorded, device_state: { uptime_s: uptime }, ...state.status };
		if (state.outage !== null) all.outage = outageNow(nowMs);
		return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
	};
	const history = (): Plain => {
		const shift = Math.floor((Date.now() - startedMs) / 1000);
		const turned = (name: string): number[] => {
			const ring = [...(rings[name] as number[])];
			const cut = shift % RING;
			return [...ring.slice(RING - cut), ...ring.slice(0, RING - cut)];
		};
		const names = ["pop_ping_drop_rate", "pop_ping_latency_ms", "downlink_throughput_bps", "uplink_throughput_bps"];
		const now = state.outage === null ? [] : [outageNow(Date.now())];
		return {
			current: Number(rings.current) + shift,
			...Object.fromEntries(names.map((name) => [name, turned(name)])),
			power_in: turned("power_in"),
			outages: [...outages, ...now],
			event_log: { ...(rings.event_log as Plain), current_timestamp_ns: `${Date.now()}000000` },
		};
	};
	const answers: Readonly<Record<Question, () => Plain>> = {
		get_status: () => ({ dish_get_status: status() }),
		get_history: () => ({ dish_get_history: history() }),
		get_device_info: () => ({ get_device_info: { device_info: status().device_info } }),
		get_diagnostics: () => ({ dish_get_diagnostics: state.diagnostics }),
		dish_get_obstruction_map: () => ({ dish_get_obstruction_map: state.map }),
		get_location: () => ({ get_location: state.location ?? {} }),
	};
	const set = (change: Partial<DishState>): void => {
		const before = state.outage;
		const ended = before !== null && change.outage !== undefined && change.outage !== before;
		if (ended) outages.push(outageNow(Date.now()));
		state = { ...state, ...change, status: { ...state.status, ...change.status } };
		if (state.outage !== null && state.outage !== before) outageSinceMs = Date.now();
	};
	return {
		state: () => state,
		set,
		reset() {
			state = healthy;
			outages = [...(rings.outages as Plain[])];
		},
		answer: (question) => ({ api_version: 42, ...answers[question]() }),
	};
}

/** A reply's bytes, or the gRPC status it is refused with. */
type Outcome = { readonly bytes: Uint8Array } | { readonly code: number; readonly text: string };

export async function startDish(options: DishOptions): Promise<Dish> {
	const sky = createSky();
	const asked: Record<string, number> = {};
	const sockets = new Set<Socket>();

	async function outcome(message: Uint8Array): Promise<Outcome | null> {
		const question = questionOf(message);
		if (question !== null) asked[question] = (asked[question] ?? 0) + 1;
		const { mode, delayMs, denied, unknown, location, extra } = sky.state();
		if (mode === "silent") return null;
		if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
		if (mode === "garbage") return { bytes: Uint8Array.from([0xff, 0xff, 0x03, 0x61, 0x00, 0x80]) };
		if (question === null || unknown.includes(question)) return { code: 12, text: "Unimplemented" };
		if (denied.includes(question)) return { code: 7, text: "Permission denied" };
		if (question === "get_location" && location === null) {
			return { code: 7, text: "GetLocation requests are not enabled on this device" };
		}
		return { bytes: Uint8Array.from([...encodeAnswer(sky.answer(question)), ...extra]) };
	}

	const server = new Server();
	const handle = async (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): Promise<void> => {
		const result = await outcome(call.request);
		if (result === null) return;
		if ("bytes" in result) done(null, Buffer.from(result.bytes));
		else done({ code: result.code, details: result.text });
	};
	const asBuffer = (bytes: Buffer): Buffer => bytes;
	const answer: handleUnaryCall<Buffer, Buffer> = (call, done) => void handle(call, done);
	server.register(METHOD, answer, asBuffer, asBuffer, "unary");

	const web = http.createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", async () => {
			const result = request.url === METHOD ? await outcome(Buffer.concat(chunks).subarray(5)) : { code: 12, text: "" };
			if (result === null) return;
			const headers = { "content-type": "application/grpc-web+proto" };
			if ("code" in result) {
				response.writeHead(200, { ...headers, "grpc-status": String(result.code), "grpc-message": result.text }).end();
				return;
			}
			response.writeHead(200, headers);
			response.end(Buffer.concat([frame(0, result.bytes), frame(0x80, Buffer.from("grpc-status:0\r\n"))]));
		});
	});
	web.on("connection", (socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
	});

	const port =
		options.port === null
			? 0
			: await new Promise<number>((resolve, reject) => {
					server.bindAsync(`${options.host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
						error ? reject(error) : resolve(bound),
					);
				});
	const webPort =
		options.webPort === null
			? 0
			: await new Promise<number>((resolve) => {
					web.listen(options.webPort ?? 0, options.host, () => {
						const address = web.address();
						resolve(typeof address === "object" && address !== null ? address.port : 0);
					});
				});

	const dropWeb = (): void => {
		for (const socket of sockets) socket.destroy();
	};
	return {
		set: sky.set,
		reset: sky.reset,
		asked,
		connections: () => sockets.size,
		port,
		webPort,
		drop() {
			dropWeb();
			if (options.port !== null) server.drain(`${options.host}:${port}`, 0);
		},
		async close() {
			server.forceShutdown();
			dropWeb();
			if (options.webPort !== null) await new Promise((resolve) => web.close(resolve));
		},
	};
}

function frame(flags: number, bytes: Uint8Array): Buffer {
	const head = Buffer.alloc(5);
	head[0] = flags;
	head.writeUInt32BE(bytes.length, 1);
	return Buffer.concat([head, bytes]);
}
