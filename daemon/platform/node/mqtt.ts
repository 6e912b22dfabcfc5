/**
 * One MQTT connection with mqtt.js. Its own reconnecting and its unbounded store of what could not be sent are switched
 * off: publish/ does both, within limits.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { AutonomyError } from "../error.ts";
import type { MqttHandlers, MqttLink, MqttOptions } from "../outlets.ts";
import { nodeFiles } from "./files.ts";

const MAX_PAYLOAD = 65_536;
/** How long saying goodbye may take: a broker may never say that it has the last message. */
const GOODBYE_MS = 2_000;

function optionsOf(options: MqttOptions): IClientOptions {
	const { tls } = options;
	const read = (path: string | null | undefined): string | null => (path == null ? null : nodeFiles.readText(path));
	const [ca, cert, key] = [tls?.caFile, tls?.certFile, tls?.keyFile].map(read);
	return {
		protocol: tls === null ? "mqtt" : "mqtts",
		host: options.host,
		port: options.port,
		protocolVersion: options.protocol === "5" ? 5 : 4,
		clientId: options.clientId,
		...(options.username === null ? {} : { username: options.username }),
		...(options.password === null ? {} : { password: options.password }),
		...(tls === null ? {} : { rejectUnauthorized: true }),
		...(ca == null ? {} : { ca }),
		...(cert == null ? {} : { cert }),
		...(key == null ? {} : { key }),
		clean: true,
		keepalive: options.keepaliveS,
		connectTimeout: options.connectTimeoutMs,
		reconnectPeriod: 0,
		queueQoSZero: false,
		resubscribe: false,
		will: { topic: options.will.topic, payload: Buffer.from(options.will.payload), qos: 1, retain: true },
	};
}

/** The broker's own code (MQTT 5, 2.4) about this one message. */
function isRefusal(error: Error): boolean {
	return "code" in error && typeof error.code === "number" && error.code >= 128;
}

export function openMqtt(options: MqttOptions, handlers: MqttHandlers): MqttLink {
	let client: MqttClient | null = null;
	let reason = "the broker closed the connection (it may forbid the name, or a topic by its access list)";
	let over = false;
	const waiting = new Set<(error: AutonomyError) => void>();

	function finish(why: string): void {
		if (over) return;
		over = true;
		for (const reject of waiting) reject(new AutonomyError("connection_closed", why));
		waiting.clear();
		client?.end(true);
		handlers.onClose(why);
	}

	/** What we wanted to end. */
	function drop(): void {
		for (const reject of waiting) reject(new AutonomyError("connection_closed", "closed"));
		waiting.clear();
		client?.end(true);
		// One that is ending already does not hear that.
		client?.stream.destroy();
	}

	try {
		client = connect(optionsOf(options));
		client.on("connect", () => {
			if (!over) handlers.onOpen();
		});
		client.on("error", (error) => {
			reason = error.message.slice(0, 200);
			finish(reason);
		});
		client.on("close", () => finish(reason));
		client.on("message", (topic, payload, packet) => {
			if (!over && payload.length <= MAX_PAYLOAD) handlers.onMessage(topic, payload.toString("utf8"), packet.retain);
		});
	} catch (error) {
		reason = error instanceof Error ? error.message : String(error);
		queueMicrotask(() => finish(reason));
	}

	/** Either answered by the library, or by the end of the link. */
	function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
		return new Promise((resolve, reject) => {
			if (over || client === null) {
				reject(new AutonomyError("connection_closed", reason));
				return;
			}
			waiting.add(reject);
			start((error) => {
				waiting.delete(reject);
				if (error) reject(new AutonomyError(isRefusal(error) ? "refused" : "connection_closed", error.message));
				else resolve();
			});
		});
	}

	return {
		publish: (topic, payload, { qos, retain }) =>
			settled((done) => client?.publish(topic, payload, { qos, retain }, (error) => done(error ?? null))),
		subscribe: (topics) => settled((done) => client?.subscribe([...topics], { qos: 1 }, (error) => done(error))),
		end() {
			if (over) return;
			over = true;
			const limit = setTimeout(drop, GOODBYE_MS);
			client?.end(false, () => {
				clearTimeout(limit);
				drop();
			});
		},
		close() {
			if (over) return;
			over = true;
			drop();
		},
	};
}
