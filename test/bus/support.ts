/**
 * Brokers to test against (the stand-in always, a real ubusd when UBUSD names one), clients on the real Node platform,
 * and a bare client that shows every byte.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { createFrameReader } from "../../daemon/bus/frame.ts";
import { FrameWriter, type Message, MSG, parseMessage } from "../../daemon/bus/message.ts";
import type { LogFields, Logger } from "../../daemon/platform/log.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { startUbusd } from "../../lab/ubusd/ubusd.ts";

/** Generous: a loaded machine is slow, a test that waits this long has failed. */
export const LIMIT_MS = 120_000;

export function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

export function unhex(text: string): Uint8Array {
	return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ""), "hex"));
}

/** Waits for a condition, with a limit. */
export async function until(what: string, condition: () => boolean): Promise<void> {
	const end = Date.now() + LIMIT_MS;
	while (!condition()) {
		if (Date.now() > end) assert.fail(`not within ${LIMIT_MS} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

export interface LogLine {
	readonly level: string;
	readonly msg: string;
	readonly fields: LogFields;
}

export interface RecordingLog extends Logger {
	readonly lines: LogLine[];
}

export function recordingLog(): RecordingLog {
	const lines: LogLine[] = [];
	const at =
		(level: string) =>
		(msg: string, fields: LogFields = {}): void =>
			void lines.push({ level, msg, fields });
	const log: RecordingLog = {
		lines,
		debug: at("debug"),
		info: at("info"),
		warn: at("warn"),
		error: at("error"),
		child: () => log,
		setLevel: () => undefined,
		alsoTo: () => undefined,
		level: () => "debug" as const,
		isDebug: () => true,
	};
	return log;
}

export interface TestBroker {
	readonly path: string;
	/** Ends it as a crash would. */
	stop(): Promise<void>;
	start(): Promise<void>;
}

export interface BrokerKind {
	readonly name: string;
	/** Why it cannot be used here, or null. */
	readonly missing: string | null;
	start(t: TestContext): Promise<TestBroker>;
}

function socketPath(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "bus-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "ubus.sock");
}

async function startStandIn(t: TestContext): Promise<TestBroker> {
	const path = socketPath(t);
	let broker = await startUbusd({ path });
	t.after(() => broker.close());
	return {
		path,
		stop: () => broker.close(),
		async start() {
			broker = await startUbusd({ path });
		},
	};
}

function connects(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = net.createConnection(path);
		socket.on("connect", () => resolve(true));
		socket.on("error", () => resolve(false));
		socket.on("connect", () => socket.destroy());
	});
}

async function startReal(t: TestContext): Promise<TestBroker> {
	const path = socketPath(t);
	let child: ChildProcess | null = null;
	const broker = {
		path,
		async start() {
			child = spawn(process.env.UBUSD ?? "", ["-s", path], { stdio: "ignore" });
			const end = Date.now() + LIMIT_MS;
			while (!(await connects(path))) assert.ok(Date.now() < end, "ubusd did not start");
		},
		stop: () =>
			new Promise<void>((resolve) => {
				if (child === null || child.exitCode !== null) return resolve();
				child.once("exit", () => resolve());
				child.kill("SIGKILL");
			}),
	};
	t.after(() => broker.stop());
	await broker.start();
	return broker;
}

function whyNoReal(): string | null {
	const path = process.env.UBUSD;
	if (path === undefined) return "UBUSD does not name a real ubusd";
	return existsSync(path) ? null : `UBUSD names ${path}, which is not there`;
}

export const brokers: readonly BrokerKind[] = [
	{ name: "stand-in", missing: null, start: startStandIn },
	{ name: "real ubusd", missing: whyNoReal(), start: startReal },
];

export const standIn = brokers[0]!;

/** A client of the daemon's kind; closed after the test. */
export function client(t: TestContext, path: string, log = recordingLog(), reconnectMs = 30): Bus {
	const bus = createBus({ platform: createNodePlatform(), log, paths: [path], reconnectMs });
	t.after(() => bus.close());
	return bus;
}

export async function connected(t: TestContext, path: string, log = recordingLog()): Promise<Bus> {
	const bus = client(t, path, log);
	await bus.whenConnected(LIMIT_MS);
	return bus;
}

/** A client that is only a socket: what it sends and gets is bytes. */
export interface RawClient {
	readonly socket: net.Socket;
	readonly writer: FrameWriter;
	/** From HELLO. */
	id: number;
	readonly frames: Uint8Array[];
	closed: boolean;
	send(frame: Uint8Array | string): void;
	/** The next frame not taken yet. */
	next(): Promise<Uint8Array>;
	nextMessage(): Promise<Message>;
	/** Sends and collects everything up to and including the STATUS with this seq. */
	ask(frame: Uint8Array): Promise<Message[]>;
	/** Everything the broker had to say by now: asks it something and returns what came before the answer. */
	settle(): Promise<Message[]>;
}

export async function rawClient(t: TestContext, path: string): Promise<RawClient> {
	const socket = net.createConnection(path);
	t.after(() => socket.destroy());
	const frames: Uint8Array[] = [];
	const reader = createFrameReader((frame) => void frames.push(frame.slice()));
	let pingSeq = 0xf000;
	const raw: RawClient = {
		socket,
		writer: new FrameWriter(),
		id: 0,
		frames,
		closed: false,
		send: (frame) => void socket.write(typeof frame === "string" ? unhex(frame) : frame),
		async next() {
			await until("a frame from the broker", () => frames.length > 0);
			return frames.shift()!;
		},
		nextMessage: async () => parseMessage(await raw.next()),
		async ask(frame) {
			const seq = (frame[2]! << 8) | frame[3]!;
			raw.send(frame);
			const messages: Message[] = [];
			for (;;) {
				const message = await raw.nextMessage();
				messages.push(message);
				if (message.type === MSG.status && message.seq === seq) return messages;
			}
		},
		async settle() {
			const messages = await raw.ask(raw.writer.begin(MSG.ping, ++pingSeq, 0).end());
			return messages.filter((message) => message.seq !== pingSeq);
		},
	};
	socket.on("data", (bytes) => reader.push(bytes));
	socket.on("close", () => {
		raw.closed = true;
	});
	socket.on("error", () => undefined);
	raw.id = parseMessage(await raw.next()).peer;
	return raw;
}
