/**
 * Packets of MQTT 3.1.1 and 5 (OASIS) from a client that publishes and listens to a few topics. Pure. "5: n.n" is a clause
 * of version 5, "3: n.n" of 3.1.1.
 */
import { AutonomyError } from "../error.ts";
import type { MqttOptions } from "../outlets.ts";
import { concat, encodeText } from "../text.ts";

export type Version = MqttOptions["protocol"];

const MAX_TEXT = 65_535;
/** The longest packet we take (5: 3.1.2.11.4); a version 3 broker cannot be told, the rest of a longer one is skipped. */
export const MAX_PACKET = 65_536;

function uint16(value: number): Uint8Array {
	return Uint8Array.of(value >> 8, value & 0xff);
}

/** Length and text (5: 1.5.4). Zero characters are forbidden there. */
function prefixed(text: string): Uint8Array {
	const bytes = encodeText(text.replaceAll("\0", "\ufffd"));
	if (bytes.length > MAX_TEXT) throw new AutonomyError("bad_argument", `MQTT takes texts of at most ${MAX_TEXT} bytes`);
	return concat([uint16(bytes.length), bytes]);
}

/** A variable byte integer (5: 1.5.5). */
function variable(value: number): Uint8Array {
	const bytes: number[] = [];
	for (let left = value; ; left = Math.floor(left / 128)) {
		if (left < 128) return Uint8Array.from([...bytes, left]);
		bytes.push((left % 128) | 0x80);
	}
}

function packet(head: number, parts: readonly Uint8Array[]): Uint8Array {
	const length = parts.reduce((sum, part) => sum + part.length, 0);
	return concat([Uint8Array.of(head), variable(length), ...parts]);
}

/** No properties, where version 5 wants their length. */
function none(version: Version): readonly Uint8Array[] {
	return version === "5" ? [Uint8Array.of(0)] : [];
}

export function connectPacket(options: MqttOptions): Uint8Array {
	const { protocol, username, password, will, keepaliveS, clientId } = options;
	// A clean start; a will of QoS 1, retained (5: 3.1.2.3).
	const flags = 0x02 | 0x04 | 0x08 | 0x20 | (username === null ? 0 : 0x80) | (password === null ? 0 : 0x40);
	const properties =
		protocol === "5" ? [Uint8Array.of(5, 0x27), uint16(MAX_PACKET >>> 16), uint16(MAX_PACKET & 0xffff)] : [];
	const payload = encodeText(will.payload);
	return packet(0x10, [
		prefixed("MQTT"),
		Uint8Array.of(protocol === "5" ? 5 : 4, flags),
		uint16(keepaliveS),
		...properties,
		prefixed(clientId),
		...none(protocol),
		prefixed(will.topic),
		uint16(payload.length),
		payload,
		...(username === null ? [] : [prefixed(username)]),
		...(password === null ? [] : [prefixed(password)]),
	]);
}

/** Id: any, when the QoS is 0. */
export function publishPacket(
	version: Version,
	topic: string,
	payload: string,
	{ qos, retain, id }: { readonly qos: 0 | 1 | 2; readonly retain: boolean; readonly id: number },
): Uint8Array {
	const number = qos === 0 ? [] : [uint16(id)];
	const parts = [prefixed(topic), ...number, ...none(version), encodeText(payload)];
	return packet(0x30 | (qos << 1) | (retain ? 1 : 0), parts);
}

/** Each topic with QoS 1 at most. */
export function subscribePacket(version: Version, id: number, topics: readonly string[]): Uint8Array {
	const wanted = topics.flatMap((topic) => [prefixed(topic), Uint8Array.of(1)]);
	return packet(0x82, [uint16(id), ...none(version), ...wanted]);
}

export function ackPacket(type: "puback" | "pubrel", id: number): Uint8Array {
	return packet(type === "puback" ? 0x40 : 0x62, [uint16(id)]);
}

export const PING = Uint8Array.of(0xc0, 0);
export const GOODBYE = Uint8Array.of(0xe0, 0);
