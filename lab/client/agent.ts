/**
 * The LAN client: a process in the client's namespace that sends small UDP packets to the echo on the internet, some as
 * new flows (a new source port each), some on one flow that stays open, and keeps what became of each. Spoken to over
 * stdio. Holds at most an hour of packets.
 */
import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { ECHO_PORT, ECHO_V4, ECHO_V6 } from "../net/plan.ts";
import { rpcPeer } from "../net/rpc.ts";
import { leftAtMs, type Sent, tally } from "./tally.ts";

interface StartParams {
	readonly family?: "ipv4" | "ipv6";
	/** ms between packets of each kind. Default 10. */
	readonly intervalMs?: number;
	readonly newFlows?: boolean;
	readonly openFlow?: boolean;
}

interface Stream {
	readonly packets: Sent[];
	/** Index of packets[0] in the count of all that were sent. */
	readonly openFlow: boolean;
	socket: Socket | null;
}

interface Traffic {
	readonly streams: { fresh: Stream | null; open: Stream | null };
	readonly timer: NodeJS.Timeout;
	readonly errorsAtStart: number;
	readonly target: string;
}

const MAX_PACKETS = 360_000;
/** How long the socket of a new flow waits for its echo. */
const PATIENCE_MS = 3000;
/** A report waits so long for the echoes of what was just sent: on a busy machine they are on their way for a while. */
const IN_FLIGHT_MS = 2500;
const traffics = new Map<number, Traffic>();
let nextId = 1;
/**
 * Source ports of new flows, in turn: a port taken again too soon would meet the router's memory of the flow before it,
 * and be no new flow. 50 000 of them last for 500 s at one packet per 10 ms.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 60_000;
let nextPort = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));

function nowMs(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}

/** "Destination unreachable" messages this namespace received, both families. */
function unreachables(): number {
	let total = 0;
	const snmp = readFileSync("/proc/net/snmp", "utf8")
		.split("\n")
		.filter((line) => line.startsWith("Icmp:"));
	const column = snmp[0]?.split(" ").indexOf("InDestUnreachs") ?? -1;
	total += Number(snmp[1]?.split(" ")[column] ?? 0);
	const snmp6 = /Icmp6InDestUnreachs\s+(\d+)/.exec(readFileSync("/proc/net/snmp6", "utf8"));
	return total + Number(snmp6?.[1] ?? 0);
}

function payload(index: number): Buffer {
	const data = Buffer.alloc(32);
	data.writeUInt32BE(index, 4);
	return data;
}

function received(stream: Stream, data: Buffer): void {
	const packet = stream.packets[data.readUInt32BE(4)];
	if (!packet || packet.rttMs !== null) return;
	packet.rttMs = nowMs() - packet.atMs;
	packet.isp = data[0] ?? 0;
}

function openSocket(stream: Stream, target: string): Socket {
	const socket = createSocket(target.includes(":") ? "udp6" : "udp4");
	socket.on("message", (data) => received(stream, data));
	socket.on("error", () => {});
	return socket;
}

function sendOne(stream: Stream, target: string): void {
	if (stream.packets.length >= MAX_PACKETS) return;
	const index = stream.packets.length;
	const packet: Sent = { atMs: nowMs(), rttMs: null, isp: null };
	stream.packets.push(packet);
	const send = (socket: Socket): void => socket.send(payload(index), ECHO_PORT, target, () => {});
	if (stream.openFlow) {
		stream.socket ??= openSocket(stream, target);
		send(stream.socket);
		return;
	}
	const socket = openSocket(stream, target);
	nextPort = nextPort >= LAST_PORT ? FIRST_PORT : nextPort + 1;
	socket.bind(nextPort, () => send(socket));
	setTimeout(() => socket.close(), PATIENCE_MS);
}

function start(params: StartParams): { id: number; atMs: number } {
	const target = params.family === "ipv6" ? ECHO_V6 : ECHO_V4;
	const every = params.intervalMs ?? 10;
	const make = (openFlow: boolean): Stream => ({ packets: [], openFlow, socket: null });
	const streams = {
		fresh: params.newFlows === false ? null : make(false),
		open: params.openFlow === false ? null : make(true),
	};
	const began = nowMs();
	let due = 0;
	const timer = setInterval(
		() => {
			// Catches up when the process was held up, but never with a burst of more than 100 ms.
			const behind = Math.floor((nowMs() - began) / every) - due;
			if (behind > 100 / every) due += behind - Math.floor(100 / every);
			for (let n = Math.min(behind, Math.floor(100 / every)); n >= 0; n--, due++) {
				if (streams.fresh) sendOne(streams.fresh, target);
				if (streams.open) sendOne(streams.open, target);
			}
		},
		Math.max(1, every / 2),
	);
	const id = nextId++;
	traffics.set(id, { streams, timer, errorsAtStart: unreachables(), target });
	return { id, atMs: began };
}

function traffic(id: number): Traffic {
	const found = traffics.get(id);
	if (!found) throw new Error(`no traffic ${id}`);
	return found;
}

/** The way of the newest echo and how many of the last packets (older than 200 ms) are lost. */
function peek(stream: Stream | null): { isp: number | null; atMs: number | null; lostInRow: number } {
	let lostInRow = 0;
	const settled = nowMs() - 200;
	for (let i = (stream?.packets.length ?? 0) - 1; i >= 0; i--) {
		const packet = stream?.packets[i];
		if (packet && packet.isp !== null) return { isp: packet.isp, atMs: packet.atMs, lostInRow };
		if (packet && packet.atMs < settled) lostInRow++;
	}
	return { isp: null, atMs: null, lostInRow };
}

/** Until every packet up to then has its echo, or had its time to get one. */
async function settled(id: number, untilMs: number): Promise<void> {
	const { fresh, open } = traffic(id).streams;
	function inFlight(stream: Stream | null): boolean {
		const fromMs = nowMs() - IN_FLIGHT_MS;
		for (let i = (stream?.packets.length ?? 0) - 1; i >= 0; i--) {
			const { atMs = 0, isp = null } = stream?.packets[i] ?? {};
			if (atMs < fromMs) return false;
			if (isp === null && atMs <= untilMs) return true;
		}
		return false;
	}
	while (inFlight(fresh) || inFlight(open)) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function report(id: number, sinceMs: number, untilMs: number, leaving: number | null): Promise<unknown> {
	await settled(id, untilMs);
	const { streams, errorsAtStart } = traffic(id);
	const part = (stream: Stream | null): Sent[] =>
		stream?.packets.filter((packet) => packet.atMs >= sinceMs && packet.atMs <= untilMs) ?? [];
	const fresh = part(streams.fresh);
	const open = part(streams.open);
	return {
		fresh: tally(fresh),
		open: tally(open),
		freshLeftMs: leaving === null ? null : leftAtMs(fresh, leaving),
		openLeftMs: leaving === null ? null : leftAtMs(open, leaving),
		rejected: unreachables() - errorsAtStart,
	};
}

rpcPeer({
	input: process.stdin,
	output: process.stdout,
	name: "client",
	onEnd: () => process.exit(0),
	handlers: {
		start,
		peek: ({ id }: { id: number }) => {
			const { streams } = traffic(id);
			return { nowMs: nowMs(), fresh: peek(streams.fresh), open: peek(streams.open) };
		},
		report: (p: { id: number; sinceMs?: number; untilMs?: number; leaving?: number }) =>
			report(p.id, p.sinceMs ?? 0, p.untilMs ?? nowMs(), p.leaving ?? null),
		stop: ({ id }: { id: number }) => {
			const { timer, streams } = traffic(id);
			clearInterval(timer);
			streams.open?.socket?.close();
			traffics.delete(id);
		},
	},
});
