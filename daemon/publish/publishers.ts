/**
 * All that publishes: Prometheus and MQTT, each loaded and started only when it is configured, and RutOS' event log where
 * there is one. None harms anybody when it fails.
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
import type { Mqtt } from "./mqtt.ts";
import type { Scrape } from "./scrape.ts";
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
	const scrape = createLate<Scrape>({
		wanted: () => config().metrics.enabled || config().metrics.textfile !== null,
		async load() {
			const { createScrape } = await import("./scrape.ts");
			return createScrape({ platform, log, config: () => config().metrics, source, counters });
		},
		failed,
	});
	const mqtt = createLate<Mqtt>({
		wanted: () => config().mqtt.enabled,
		async load() {
			const { createMqtt } = await import("./mqtt.ts");
			return createMqtt({ platform, log, config: () => config().mqtt, source });
		},
		failed,
	});
	const eventLog = createEventLog({ bus, log, clock: platform.clock });
	let broken = false;

	function failed(error: unknown): void {
		log.error("publish", { reason: `publishing does not start: ${errorText(error)}` });
	}

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
			mqtt.now()?.event({ id, ts: source.toUnixMs(atMs), type, name: uplink, from, to, reason });
		}
		for (const { id, atMs, kind, rule, from, to, text, observed } of decisions) {
			mqtt.now()?.decision({ id, ts: source.toUnixMs(atMs), kind, rule, from, to, text, observed });
		}
		mqtt.now()?.changed();
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
				mqtt.now()?.alert(alert);
			}),
		problems: () => [...(scrape.now()?.problems() ?? []), ...(mqtt.now()?.problems() ?? [])],
		close() {
			scrape.close();
			mqtt.close();
		},
	};
}

/** A part that is loaded when it is first wanted, and stays. */
function createLate<T extends Closable & { configure(): void }>(options: {
	wanted(): boolean;
	load(): Promise<T>;
	failed(error: unknown): void;
}): Closable & { configure(): void; now(): T | null } {
	let made: T | null = null;
	let loading = false;
	let closed = false;

	async function load(): Promise<void> {
		try {
			const one = await options.load();
			if (closed) return one.close();
			made = one;
			one.configure();
		} catch (error) {
			options.failed(error);
		} finally {
			loading = false;
		}
	}

	return {
		now: () => made,
		configure() {
			if (made !== null) made.configure();
			else if (options.wanted() && !loading) {
				loading = true;
				void load();
			}
		},
		close() {
			closed = true;
			made?.close();
		},
	};
}
