/**
 * One MQTT connection over a stream of bytes, from CONNECT to DISCONNECT. It does not come back by itself and stores nothing:
 * publish/ does both. Bounded: how much is on its way (the broker may allow less), how much waits for that, and how much the
 * broker may leave unread. Owns the stream and its timers; both end with it.
 */
import { AutonomyError, errorText } from "../error.ts";
import type { MqttHandlers, MqttLink, MqttOptions } from "../outlets.ts";
import type { ByteStream, Closable, StreamHandlers, Timers } from "../platform.ts";
import { createPacketReader, type Limits, type Packet, reasonWords } from "./mqtt-read.ts";
import { ackPacket, connectPacket, GOODBYE, PING, publishPacket, subscribePacket } from "./mqtt-write.ts";

const IN_FLIGHT = 20;
const MAX_WAITING = 1000;
const MAX_UNREAD = 262_144;
/** How long saying goodbye may take. */
const GOODBYE_MS = 2000;
const REFUSED = 128;

interface Flight {
	/** SUBSCRIBE, PUBLISH, or PUBREL of QoS 2. */
	stage: "subscribe" | "publish" | "release";
	readonly qos: number;
	resolve(): void;
	reject(error: unknown): void;
}

interface Waiting extends Omit<Flight, "stage"> {
	readonly packet: (id: number) => Uint8Array;
	readonly stage: "subscribe" | "publish";
}

export function openSession(
	options: MqttOptions,
	handlers: MqttHandlers,
	world: { readonly timers: Timers; connect(handlers: StreamHandlers): ByteStream },
): MqttLink {
	const { protocol, keepaliveS } = options;
	const { timers } = world;
	const flights = new Map<number, Flight>();
	let waiting: Waiting[] = [];
	let limits: Limits = { keepaliveS: null, inFlight: null, packetBytes: null, qos: null, retain: true };
	let state: "connecting" | "open" | "ending" | "over" = "connecting";
	let lastId = 0;
	let isAnswered = true;
	let saidGoodbye = false;
	let pinger: Closable | null = null;

	/** The end, for whatever reason; null: we wanted it. */
	function finish(why: string | null): void {
		if (state === "over") return;
		const told = why !== null && state !== "ending";
		state = "over";
		limit.close();
		pinger?.close();
		stream.close();
		const all = [...flights.values(), ...waiting];
		flights.clear();
		waiting = [];
		for (const one of all) one.reject(new AutonomyError("connection_closed", why ?? "closed"));
		if (told) handlers.onClose(why);
	}

	function write(bytes: Uint8Array): void {
		stream.write(bytes);
		if (stream.pendingBytes > MAX_UNREAD) finish("the broker does not read what it is sent");
	}

	function checked(bytes: Uint8Array): Uint8Array {
		if (bytes.length <= (limits.packetBytes ?? bytes.length)) return bytes;
		throw new AutonomyError("refused", "the broker takes no packet as long as this");
	}

	function nextId(): number {
		do lastId = (lastId % 65_535) + 1;
		while (flights.has(lastId));
		return lastId;
	}

	function pump(): void {
		const most = Math.min(IN_FLIGHT, limits.inFlight ?? IN_FLIGHT);
		while ((state === "open" || state === "ending") && flights.size < most) {
			const next = waiting.shift();
			if (next === undefined) break;
			const { stage, qos, resolve, reject } = next;
			const id = nextId();
			try {
				const bytes = checked(next.packet(id));
				flights.set(id, { stage, qos, resolve, reject });
				write(bytes);
			} catch (error) {
				reject(error);
			}
		}
		if (state === "ending" && waiting.length === 0 && flights.size === 0 && !saidGoodbye) {
			saidGoodbye = true;
			write(GOODBYE);
		}
	}
	function queue(one: Waiting): void {
		if (waiting.length >= MAX_WAITING) one.reject(new AutonomyError("queue_full", "too much waits for the broker"));
		else {
			waiting.push(one);
			pump();
		}
	}

	function settle(id: number, stage: Flight["stage"], code: number): void {
		const flight = flights.get(id);
		// What nobody sent, or is not yet so far: a broker that answers twice.
		if (flight?.stage !== stage) return;
		flights.delete(id);
		if (code < REFUSED) flight.resolve();
		else flight.reject(new AutonomyError("refused", `the broker refuses it: ${reasonWords(code)}`));
		pump();
	}

	function accepted(packet: Packet & { readonly type: "connack" }): void {
		if (packet.code !== 0) {
			finish(`Connection refused: ${reasonWords(packet.code, packet.words)}`);
			return;
		}
		limits = packet.limits;
		state = "open";
		limit.close();
		const pauseS = limits.keepaliveS ?? keepaliveS;
		if (pauseS > 0) pinger = timers.every(pauseS * 1000 * 0.9, ping);
		handlers.onOpen();
		pump();
	}

	function ping(): void {
		if (!isAnswered) {
			finish("the broker does not answer any more");
			return;
		}
		isAnswered = false;
		write(PING);
	}

	function take(packet: Packet): void {
		if (state === "over") return;
		if (state === "connecting" && packet.type !== "connack") throw new Error("the broker does not begin with CONNACK");
		switch (packet.type) {
			case "connack":
				if (state !== "connecting") throw new Error("the broker sends CONNACK twice");
				accepted(packet);
				return;
			case "publish":
				if (packet.qos === 1) write(ackPacket("puback", packet.id));
				if (packet.payload !== null && state === "open")
					handlers.onMessage(packet.topic, packet.payload, packet.retained);
				return;
			case "puback":
				if (flights.get(packet.id)?.qos === 1) settle(packet.id, "publish", packet.code);
				return;
			case "pubrec": {
				const flight = flights.get(packet.id);
				if (flight?.qos !== 2) return;
				if (packet.code >= REFUSED) settle(packet.id, "publish", packet.code);
				else {
					flight.stage = "release";
					write(ackPacket("pubrel", packet.id));
				}
				return;
			}
			case "pubcomp":
				settle(packet.id, "release", packet.code);
				return;
			case "suback":
				settle(packet.id, "subscribe", Math.max(0, ...packet.codes.subarray(0, MAX_WAITING)));
				return;
			case "pingresp":
				isAnswered = true;
				return;
			case "disconnect":
				finish(`the broker ends the connection: ${reasonWords(packet.code, packet.words)}`);
				return;
		}
	}

	const reader = createPacketReader(protocol, take);
	const hello = connectPacket(options);
	const stream = world.connect({
		onOpen: () => write(hello),
		onData(bytes) {
			if (state === "over") return;
			try {
				reader.push(bytes);
			} catch (error) {
				finish(errorText(error));
			}
		},
		onClose: (error) =>
			finish(error ?? "the broker closed the connection (it may forbid the name, or a topic by its access list)"),
	});
	const limit = timers.after(options.connectTimeoutMs, () => finish("the broker does not answer"));

	return {
		publish(topic, payload, { qos: wanted, retain }) {
			return new Promise((resolve, reject) => {
				if (state !== "open") throw new AutonomyError("connection_closed", "no connection");
				const qos = Math.min(wanted, limits.qos ?? 2) as 0 | 1 | 2;
				const packet = (id: number): Uint8Array =>
					publishPacket(protocol, topic, payload, { qos, retain: retain && limits.retain, id });
				if (qos > 0) queue({ stage: "publish", qos, packet, resolve, reject });
				else {
					write(checked(packet(0)));
					resolve();
				}
			});
		},
		subscribe(topics) {
			return new Promise((resolve, reject) => {
				if (state !== "open") throw new AutonomyError("connection_closed", "no connection");
				const packet = (id: number): Uint8Array => subscribePacket(protocol, id, topics);
				queue({ stage: "subscribe", qos: 0, packet, resolve, reject });
			});
		},
		end() {
			if (state !== "open") {
				finish(null);
				return;
			}
			state = "ending";
			pinger?.close();
			// The broker closes the connection when it has read the goodbye.
			pinger = timers.after(GOODBYE_MS, () => finish(null));
			pump();
		},
		close: () => finish(null),
	};
}
