/**
 * All sensors of all uplinks. Every kind that can serve an uplink gets an instance for it as long as the uplink stays;
 * what an instance says is stamped, checked against the physical ranges and handed on; what it throws ends nobody else.
 * Owns the instances; `close()` ends them.
 */
import type { Bus } from "../bus/bus.ts";
import type { Config } from "../config/types.ts";
import type { RiskInput } from "../decide/types.ts";
import { possible, type SenseValues } from "../health/senses.ts";
import type { SenseObservation } from "../health/types.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { Classified } from "../uplink/classify.ts";
import type { Peer, Uplink } from "../uplink/types.ts";
import type { Details, Sensor, SensorHealth, SensorKind, SensorPicture } from "./sensor.ts";
import { saidOf } from "./values.ts";

export interface SensesOptions {
	readonly platform: Platform;
	readonly bus: Bus;
	readonly log: Logger;
	readonly kinds: readonly SensorKind[];
	readonly config: () => Config;
	readonly onInput: (input: SenseObservation | RiskInput) => void;
	/** The prober should look at this uplink now. */
	readonly onSuspect: (uplink: string, reason: string) => void;
	readonly onClass: (uplink: string, found: Classified | null) => void;
	readonly onReach: (uplink: string, peer: Peer | null) => void;
	readonly onEvent: (uplink: string, type: string, reason: string) => void;
}

export interface SensorStatus {
	readonly sensor: string;
	/** Why it serves this uplink. */
	readonly why: string;
	readonly cost: string;
	readonly health: SensorHealth;
	readonly details: Details | null;
}

export interface Senses extends Closable {
	setUplinks(uplinks: readonly Uplink[]): void;
	setActive(ids: readonly string[]): void;
	/** The router is at another place. */
	moved(distanceM: number): void;
	status(uplink: string): readonly SensorStatus[];
	/** Of the first sensor of this uplink that has one. */
	picture(uplink: string): SensorPicture | null;
}

interface Entry {
	readonly kind: SensorKind;
	readonly sensor: Sensor;
	why: string;
}

export function createSenses(options: SensesOptions): Senses {
	const { platform, bus, log, kinds } = options;
	const now = (): number => platform.clock.monotonicMs();
	const entries = new Map<string, Map<string, Entry>>();
	const told = new Set<string>();
	let uplinks: readonly Uplink[] = [];
	let active: ReadonlySet<string> = new Set();
	let closed = false;

	/** A defect of one sensor is told once and stays its own. */
	function contained<T>(kind: SensorKind, uplink: string, work: () => T): T | null {
		try {
			return work();
		} catch (error) {
			const reason = `the ${kind.name} sensor failed inside: ${saidOf(error)}`;
			const key = `${uplink} ${reason}`;
			if (!told.has(key) && told.size < 100) log.error("provider", { member: uplink, reason });
			told.add(key);
			return null;
		}
	}

	function begin(kind: SensorKind, uplink: Uplink): Sensor | null {
		const id = uplink.id;
		const alive = (): boolean => !closed && entries.get(id)?.has(kind.name) === true;
		return contained(kind, id, () =>
			kind.create({
				platform,
				bus,
				log: log.child(kind.name),
				uplink,
				config: options.config,
				observe: (values: SenseValues) => {
					if (alive()) options.onInput({ kind: "sense", uplink: id, atMs: now(), values: possible(values) });
				},
				risk: (risk) => {
					if (alive()) options.onInput({ kind: "risk", uplink: id, atMs: now(), ...risk });
				},
				suspect: (reason) => {
					if (alive()) options.onSuspect(id, reason);
				},
				classify: (found) => {
					if (alive()) options.onClass(id, found);
				},
				// Also while the sensor is being made.
				reach: (peer) => {
					if (!closed) options.onReach(id, peer);
				},
				event: (type, reason) => {
					if (alive()) options.onEvent(id, type, reason);
				},
			}),
		);
	}

	function follow(): void {
		for (const uplink of uplinks) {
			const mine = entries.get(uplink.id) ?? new Map<string, Entry>();
			entries.set(uplink.id, mine);
			for (const kind of kinds) {
				const why = contained(kind, uplink.id, () => kind.serves(uplink));
				const old = mine.get(kind.name);
				if (why === null) {
					mine.delete(kind.name);
					if (old) contained(kind, uplink.id, () => old.sensor.close());
					continue;
				}
				const sensor = old?.sensor ?? begin(kind, uplink);
				if (!sensor) continue;
				mine.set(kind.name, { kind, sensor, why });
				contained(kind, uplink.id, () => sensor.follow(uplink, active.has(uplink.id)));
			}
		}
		for (const [id, mine] of entries) {
			if (uplinks.some((uplink) => uplink.id === id)) continue;
			entries.delete(id);
			for (const { kind, sensor } of mine.values()) contained(kind, id, () => sensor.close());
		}
	}

	return {
		setUplinks(next) {
			uplinks = next;
			follow();
		},
		setActive(ids) {
			active = new Set(ids);
			follow();
		},
		moved(distanceM) {
			for (const [id, mine] of entries) {
				for (const { kind, sensor } of mine.values()) contained(kind, id, () => sensor.moved?.(distanceM));
			}
		},
		status(uplink) {
			return [...(entries.get(uplink)?.values() ?? [])].flatMap(({ kind, sensor, why }) => {
				const health = contained(kind, uplink, () => sensor.health());
				const details = contained(kind, uplink, () => sensor.details());
				return health ? [{ sensor: kind.name, why, cost: kind.cost, health, details }] : [];
			});
		},
		picture(uplink) {
			for (const { kind, sensor } of entries.get(uplink)?.values() ?? []) {
				const found = contained(kind, uplink, () => sensor.picture?.() ?? null);
				if (found !== null) return found;
			}
			return null;
		},
		close() {
			closed = true;
			for (const [id, mine] of entries) {
				for (const { kind, sensor } of mine.values()) contained(kind, id, () => sensor.close());
			}
			entries.clear();
			for (const kind of kinds) contained(kind, "all", () => kind.close?.());
		},
	};
}
