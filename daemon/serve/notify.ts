/**
 * Notifications of the object, for `ubus subscribe autonomy` and uhttpd's event stream. Nothing is made while nobody
 * listens. A heartbeat every 20 s: 30 s after the last one uhttpd silently drops its subscription (measured). Bounded: what
 * comes faster than the limit is left out and counted, the count travels with the heartbeat; the truth is in `status`.
 */

import { NOTIFICATIONS, type Notification, type NotificationName } from "../../contract/api.ts";
import type { Fields } from "../../contract/api-schema.ts";
import type { ServedObject } from "../bus/bus.ts";
import type { Decision } from "../decide/types.ts";
import type { Closable } from "../platform/platform.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import type { ServeDeps } from "./deps.ts";
import { encodeReply } from "./encode.ts";
import { decisionReply, eventReply } from "./events.ts";
import { createRateLimit } from "./rate-limit.ts";
import { preferredOf, sentence, stateOf, viewOf } from "./status.ts";

export interface Notifier extends Closable {
	/** Somebody listens, or nobody any more. */
	setActive(active: boolean): void;
	/** After each step of the engine that had something to say. */
	output(decisions: readonly Decision[], events: readonly RecordedEvent[]): void;
	alert(alert: Notification<"alert">): void;
}

const HEARTBEAT_MS = 20_000;
const MAX_PER_WINDOW = 100;
const WINDOW_MS = 10_000;

export function createNotifier(deps: ServeDeps, object: () => ServedObject | null): Notifier {
	const { clock, timers } = deps.platform;
	const limit = createRateLimit(MAX_PER_WINDOW, WINDOW_MS);
	let heartbeat: Closable | null = null;
	let lastStatus = "";
	let lost = 0;

	function send<N extends NotificationName>(name: N, value: Notification<N>): void {
		const served = object();
		if (served === null || heartbeat === null) {
			return;
		}
		const tooMany = name !== "heartbeat" && limit.take(clock.monotonicMs()) !== null;
		const fields: Fields = NOTIFICATIONS[name].fields;
		if (tooMany || !served.notify(name, encodeReply(fields, value, name))) {
			lost++;
		}
	}

	/** Only when state, uplink or sentence changed. */
	function sendStatus(): void {
		const view = viewOf(deps);
		const preferred = preferredOf(deps.engine());
		const status = { state: stateOf(view, preferred), current: view.primary, text: sentence(view, preferred) };
		const text = `${status.state} ${status.current}`;
		if (text !== lastStatus) {
			lastStatus = text;
			send("status", { ts: clock.wallMs(), ...status });
		}
	}

	return {
		setActive(active) {
			heartbeat?.close();
			heartbeat = null;
			lastStatus = "";
			if (active) {
				heartbeat = timers.every(HEARTBEAT_MS, () => send("heartbeat", { ts: clock.wallMs(), lost }));
				sendStatus();
			}
		},
		output(decisions, events) {
			if (heartbeat === null) {
				return;
			}
			const unixMs = deps.recorder.toUnixMs;
			for (const event of events) {
				const subject = event.uplink === null ? "" : `${event.uplink}: `;
				const change = event.to === null ? "" : `${event.from ?? "new"} -> ${event.to}, `;
				send("event", { ...eventReply(event, unixMs), text: `${subject}${change}${event.reason}` });
			}
			for (const decision of decisions) {
				send("decision", decisionReply(decision, unixMs));
			}
			sendStatus();
		},
		alert(alert) {
			send("alert", alert);
		},
		close() {
			heartbeat?.close();
			heartbeat = null;
		},
	};
}
