/** MQTT on QuickJS: our own session over socat, or over openssl where the broker wants TLS. */
import type { MqttHandlers, MqttLink, MqttOptions } from "../outlets.ts";
import { qjsTimers } from "./clock.ts";
import { openSession } from "./mqtt-session.ts";
import { qjsStreams } from "./streams.ts";

export async function openMqtt(options: MqttOptions, handlers: MqttHandlers): Promise<MqttLink> {
	const { host, port, tls } = options;
	if (tls === null) {
		const connect = qjsStreams.connect.bind(null, { kind: "tcp", host, port });
		return openSession(options, handlers, { timers: qjsTimers, connect });
	}
	const { connectTls } = await import("./tls.ts");
	const connect = connectTls.bind(null, { host, port, ...tls });
	return openSession(options, handlers, { timers: qjsTimers, connect });
}
