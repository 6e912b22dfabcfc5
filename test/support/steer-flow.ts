/**
 * Traffic for steering tests. `echo`: answers every UDP packet with the address it came from, which tells the ISP.
 * `send`: sends one numbered packet every `everyMs` from one socket (an open flow) or from a new socket each (new
 * flows), until stdin ends; then prints one JSON object: sent, lost, rejected, and each packet's way. A number on stdin:
 * says so when that many packets sent from now on have come back.
 */
import dgram from "node:dgram";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

interface FlowOptions {
	readonly mode: "echo" | "send";
	readonly address: string;
	readonly port: number;
	readonly everyMs: number;
	readonly newFlows: boolean;
}

export interface FlowResult {
	readonly sent: number;
	readonly lost: number;
	/** ICMP "destination unreachable" the sender's kernel got. */
	readonly rejected: number;
	/** For each packet: monotonic ms when it was sent, and the source address the internet saw (null: lost). */
	readonly packets: readonly (readonly [number, string | null])[];
}

const options = JSON.parse(process.argv[2] ?? "{}") as FlowOptions;
const type = options.address.includes(":") ? "udp6" : "udp4";
/** After the last packet: how long answers are waited for, if one is missing. An echo may be kept from running, too. */
const LINGER_MS = 15_000;
/** A sender that was kept from running skips what it missed: so many at once overflow no socket's buffer. */
const MOST_AT_ONCE = 20;
/** Nor may an echo that was kept from running find more of several flows than its socket holds (277); older ones are lost. */
const MOST_IN_FLIGHT = 50;
const IN_FLIGHT_MS = 10_000;

function unreachables(): number {
	const v4 = /^Icmp: (?!InMsgs)(.*)$/m.exec(readFileSync("/proc/net/snmp", "utf8"))?.[1]?.split(" ")[2] ?? "0";
	const v6 = /^Icmp6InDestUnreachs\s+(\d+)/m.exec(readFileSync("/proc/net/snmp6", "utf8"))?.[1] ?? "0";
	return Number(v4) + Number(v6);
}

function echo(): void {
	const socket = dgram.createSocket(type);
	socket.on("message", (message, from) =>
		socket.send(`${message.toString()} ${from.address}`, from.port, from.address),
	);
	socket.bind(options.port, options.address, () => process.stdout.write("ready\n"));
	process.stdin.on("end", () => process.exit(0)).resume();
}

function send(): void {
	const sentAt: number[] = [];
	const ways: (string | null)[] = [];
	const before = unreachables();
	let more: { readonly from: number; left: number } | null = null;
	const open = (localPort = 0): dgram.Socket => {
		const socket = dgram.createSocket(type);
		if (localPort > 0) socket.bind(localPort);
		socket.on("error", () => undefined); // counted in the kernel
		socket.on("message", (message) => {
			const [n, way] = message.toString().split(" ");
			if (ways[Number(n)] === null && Number(n) >= settled) flying--;
			ways[Number(n)] = way ?? null;
			if (more !== null && Number(n) >= more.from && --more.left === 0) process.stdout.write("more\n");
			if (options.newFlows) socket.close();
		});
		return socket;
	};
	let skipped = 0;
	/** All before it are answered or lost; of those from there on so many are not yet answered. */
	let settled = 0;
	let flying = 0;
	function inFlight(): number {
		const old = performance.now() - IN_FLIGHT_MS;
		for (; settled < sentAt.length && (ways[settled] !== null || (sentAt[settled] ?? 0) < old); settled++) {
			if (ways[settled] === null) flying--;
		}
		return flying;
	}
	const flow = open();
	const startMs = performance.now();
	const timer = setInterval(() => {
		const due = Math.floor((performance.now() - startMs) / options.everyMs) - skipped;
		const most = Math.min(MOST_AT_ONCE, Math.max(0, MOST_IN_FLIGHT - inFlight()));
		skipped += Math.max(0, due - sentAt.length - most);
		const upTo = Math.min(due, sentAt.length + most);
		while (sentAt.length < upTo) {
			const n = sentAt.length;
			sentAt.push(performance.now());
			ways.push(null);
			flying++;
			// A port of its own each: one that comes again is, to the kernel, the open flow it was before.
			(options.newFlows ? open(10_000 + (n % 50_000)) : flow).send(
				String(n),
				options.port,
				options.address,
				() => undefined,
			);
		}
	}, 1);
	process.stdout.write("ready\n");
	createInterface({ input: process.stdin })
		.on("line", (line) => {
			more = { from: sentAt.length, left: Number(line) };
		})
		.on("close", () => {
			clearInterval(timer);
			const endMs = performance.now() + LINGER_MS;
			const waiting = setInterval(() => {
				const lost = ways.filter((way) => way === null).length;
				if (lost > 0 && performance.now() < endMs) return;
				clearInterval(waiting);
				const packets = sentAt.map((at, i) => [Math.round(at * 10) / 10, ways[i] ?? null] as const);
				const result: FlowResult = { sent: sentAt.length, lost, rejected: unreachables() - before, packets };
				process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
			}, 50);
		});
}

if (options.mode === "echo") echo();
else send();
