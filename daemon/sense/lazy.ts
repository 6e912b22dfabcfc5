/**
 * A kind of sensor whose code is loaded when the first uplink needs it: most routers have no modem, or no Wi-Fi uplink. Until
 * then its instances wait with what they were told last; one that cannot be loaded says so, once in the log and in its health.
 */
import { errorText } from "../platform/error.ts";
import type { Sensor, SensorContext, SensorHealth, SensorKind } from "./sensor.ts";

export type KindHead = Pick<SensorKind, "name" | "cost" | "serves">;

export function lazyKind(head: KindHead, load: () => Promise<SensorKind>): SensorKind {
	let loading: Promise<SensorKind> | null = null;
	let loaded: SensorKind | null = null;

	function get(): Promise<SensorKind> {
		loading ??= load().then((kind) => {
			loaded = kind;
			return kind;
		});
		return loading;
	}

	return {
		...head,
		create: (context) => loaded?.create(context) ?? createWaiting(head.name, context, get()),
		close: () => loaded?.close?.(),
	};
}

function createWaiting(name: string, context: SensorContext, kind: Promise<SensorKind>): Sensor {
	let inner: Sensor | null = null;
	let last: Parameters<Sensor["follow"]> | null = null;
	let closed = false;
	let health: SensorHealth = {
		state: "starting",
		sinceMs: context.platform.clock.monotonicMs(),
		lastOkMs: null,
		nextTryMs: null,
		text: "its code is being loaded",
	};

	kind
		.then((made) => {
			if (closed) return;
			inner = made.create(context);
			if (last !== null) inner.follow(...last);
		})
		.catch((error) => {
			const text = `the ${name} sensor does not start: ${errorText(error)}`;
			health = { ...health, state: "failing", sinceMs: context.platform.clock.monotonicMs(), text };
			context.log.error("provider", { member: context.uplink.id, reason: text });
		});

	return {
		follow(uplink, active) {
			last = [uplink, active];
			inner?.follow(uplink, active);
		},
		moved: (distanceM) => inner?.moved?.(distanceM),
		health: () => inner?.health() ?? health,
		details: () => inner?.details() ?? null,
		picture: () => inner?.picture?.() ?? null,
		close() {
			closed = true;
			inner?.close();
		},
	};
}
