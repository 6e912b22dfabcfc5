/**
 * All that publishes: Prometheus and MQTT, each started only when it is configured, and RutOS' event log where there is one.
 * None harms anybody when it fails.
 */
import type { Notification } from "../../contract/api.ts";
import type { Bus } from "../bus/bus.ts";
import type { Config } from "../config/types.ts";
import type { Decision } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import { createEventLog } from "./event-log.ts";
import { createMqtt } from "./mqtt.ts";
import { createScrape } from "./scrape.ts";
import { createCounters, type Source } from "./source.ts";

export interface Publishers extends Closable {
	configure(): void;
	output(decisions: readonly Decision[], events: readonly RecordedEvent[]): void;
	/** A step in the life of an alert. */
	alert(alert: Notification<"alert">): void;
	/** What does not work, in words; without secrets. */
	problems(): readonly string[];
}

export function createPublishers(options: {
	readonly platform: Platform;
	readonly bus: Bus;
	readonly log: Logger;
	readonly config: () => Config;
	readonly source: Source;
}): Publishers {
	const { platform, bus, log, config, source } = options;
	const counters = createCounters();
	const scrape = createScrape({ platform, log, config: () => config().metrics, source, counters });
	const mqtt = createMqtt({ platform, log, config: () => config().mqtt, source });
	const eventLog = createEventLog({ bus, log, clock: platform.clock });
	let broken = false;

	/** Said once; then silent until it works again. */
	function guarded(work: () => void): void {
		try {
			work();
			broken = false;
		} catch (error) {
			if (!broken) log.error("publish", { reason: `publishing does not work as it should: ${errorText(error)}` });
			broken = true;
		}
	}

	function told(decisions: readonly Decision[], events: readonly RecordedEvent[]): void {
		counters.take(decisions, events);
		eventLog.decisions(decisions);
		for (const { id, atMs, type, uplink, from, to, reason } of events) {
			mqtt.event({ id, ts: source.toUnixMs(atMs), type, name: uplink, from, to, reason });
		}
		for (const { id, atMs, kind, rule, from, to, text, observed } of decisions) {
			mqtt.decision({ id, ts: source.toUnixMs(atMs), kind, rule, from, to, text, observed });
		}
		mqtt.changed();
	}

	return {
		configure() {
			guarded(() => scrape.configure());
			guarded(() => mqtt.configure());
		},
		output: (decisions, events) => guarded(() => told(decisions, events)),
		alert: (alert) =>
			guarded(() => {
				eventLog.alert(alert);
				mqtt.alert(alert);
			}),
		problems: () => [...scrape.problems(), ...mqtt.problems()],
		close() {
			scrape.close();
			mqtt.close();
		},
	};
}
