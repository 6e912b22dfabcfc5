/**
 * What must not get lost while the broker is away: events, decisions, alerts, answers to commands. In order, bounded by
 * bytes (the oldest goes first and is counted), and gone only when the broker has confirmed it: after a lost link it is
 * sent again, so QoS 1 means at least once here too.
 */
import { isAutonomyError } from "../platform/error.ts";
import type { MqttLink } from "../platform/outlets.ts";

interface Item {
	readonly topic: string;
	readonly payload: string;
	readonly qos: 0 | 1 | 2;
	readonly bytes: number;
	sent: boolean;
}

export interface MqttQueue {
	push(topic: string, payload: string, qos: 0 | 1 | 2): void;
	/** Sends over this link until it ends; null: there is none. */
	use(link: MqttLink | null): void;
	setLimit(bytes: number): void;
	stats(): { readonly queued: number; readonly bytes: number; readonly dropped: number; readonly sent: number };
}

/** On their way at a time. */
const WINDOW = 20;
/** A string of these texts takes at most so many bytes per character on the wire, and two in memory. */
const OVERHEAD = 64;

export function createMqttQueue(limitBytes: number): MqttQueue {
	const items: Item[] = [];
	let limit = limitBytes;
	let bytes = 0;
	let dropped = 0;
	let sent = 0;
	let current: MqttLink | null = null;
	let flying = 0;

	function trim(): void {
		while (bytes > limit && items.length > 0) {
			const at = items.findIndex((one) => !one.sent);
			const [gone] = items.splice(Math.max(0, at), 1);
			bytes -= gone?.bytes ?? 0;
			dropped++;
		}
	}

	function pump(): void {
		const link = current;
		if (link === null) return;
		for (const item of items) {
			if (flying >= WINDOW) return;
			if (item.sent) continue;
			item.sent = true;
			flying++;
			link.publish(item.topic, item.payload, { qos: item.qos, retain: false }).then(
				() => settled(link, item, true),
				(error) => {
					// The end of the link is told by the link itself. What the broker refuses it would refuse again.
					if (isAutonomyError(error, "refused") || isAutonomyError(error, "bad_argument")) settled(link, item, false);
				},
			);
		}
	}

	function settled(link: MqttLink, item: Item, arrived: boolean): void {
		if (link !== current) return;
		flying--;
		if (arrived) sent++;
		else dropped++;
		const at = items.indexOf(item);
		if (at >= 0) {
			items.splice(at, 1);
			bytes -= item.bytes;
		}
		pump();
	}

	return {
		push(topic, payload, qos) {
			const size = 2 * (topic.length + payload.length) + OVERHEAD;
			items.push({ topic, payload, qos, bytes: size, sent: false });
			bytes += size;
			trim();
			pump();
		},
		use(link) {
			current = link;
			flying = 0;
			for (const item of items) item.sent = false;
			pump();
		},
		setLimit(next) {
			limit = next;
			trim();
		},
		stats: () => ({ queued: items.length, bytes, dropped, sent }),
	};
}
