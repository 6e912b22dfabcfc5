/**
 * What a sensor is: a small module that asks one source what a link knows about itself (a dish, a modem, a radio, an
 * interface counter) and tells it with units. A kind says which uplinks it can serve and what it costs; an instance
 * serves one uplink, from `create` to `close()`. It never throws at its caller, never waits without a limit, and keeps
 * its own health; everything it has to say goes through its sink. Whoever reads a source converts there and then:
 * absent is absent, a value outside its physical range is absent too (ranges.ts).
 */
import type { Bus } from "../bus/bus.ts";
import type { Config } from "../config/types.ts";
import type { RiskInput } from "../decide/types.ts";
import type { SenseValues } from "../health/senses.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import type { Classified } from "../uplink/classify.ts";
import type { Peer, Uplink } from "../uplink/types.ts";

/**
 * - starting: no answer yet;
 * - ok: the last question was answered;
 * - absent: the source does not exist here (no dish, no modem): looked for again now and then;
 * - denied: it exists and refuses; asked again rarely;
 * - failing: it answered before, or should; tried again later and later, at most 5 minutes apart.
 */
export type SensorState = "starting" | "ok" | "absent" | "denied" | "failing";

export interface SensorHealth {
	readonly state: SensorState;
	/** Since when in this state, monotonic ms. */
	readonly sinceMs: number;
	/** Last good answer; null when there was none. */
	readonly lastOkMs: number | null;
	/** When it is asked next; null while an answer is awaited or nothing is planned. */
	readonly nextTryMs: number | null;
	/** One sentence for people, without a full stop; what to do about it when something is wrong. */
	readonly text: string;
}

/** A JSON value for replies of the API: whatever a source knows beyond numbers. Names snake_case with units. */
export type Detail = string | number | boolean | null | readonly Detail[] | { readonly [name: string]: Detail };
export type Details = { readonly [name: string]: Detail };

/** Where a sensor's words go. All may be called at any time until `close()`. */
export interface SensorSink {
	/** Figures of this moment. Kept until newer ones come, at most 3 minutes. */
	observe(values: SenseValues): void;
	/** Trouble that is coming, for the predictive rule: a reboot that was announced, a link that fades. */
	risk(risk: Omit<RiskInput, "kind" | "atMs" | "uplink">): void;
	/** Trouble that may have begun this moment: the prober looks at once. */
	suspect(reason: string): void;
	/** Something happened that belongs into the list of events: a cell change, a roam, an alert of the dish. */
	event(type: string, reason: string): void;
}

export interface SensorContext extends SensorSink {
	readonly platform: Platform;
	readonly bus: Bus;
	readonly log: Logger;
	readonly uplink: Uplink;
	/** What the source proves about the kind of link; null: nothing any more. The owner's own word counts more. */
	classify(found: Classified | null): void;
	/** An address that must be asked through this uplink and no other: its rule and route are made. Null: none any more. */
	reach(peer: Peer | null): void;
	/** The configuration in force; ask each time, it may have been read again. */
	readonly config: () => Config;
}

/** Large, kept beside the details and asked for by few. */
export interface SensorPicture {
	/** When it was made, monotonic ms. */
	readonly atMs: number;
	/** What its cells mean. */
	readonly facts: Details;
	readonly cells: Uint8Array;
}

export interface Sensor extends Closable {
	/** The same uplink with new facts (address, state), and whether it carries traffic now. */
	follow(uplink: Uplink, active: boolean): void;
	/** The router is at another place: what was known of its surroundings is void. */
	moved?(distanceM: number): void;
	health(): SensorHealth;
	/** The whole picture for the API; null while there is none. */
	details(): Details | null;
	picture?(): SensorPicture | null;
}

export interface SensorKind {
	/** starlink, cellular, wifi, wired ...: the key in `members` and in status. */
	readonly name: string;
	/** For people: programs started, bytes and questions per minute. */
	readonly cost: string;
	/** Why it can serve this uplink ("eth1 is Ethernet: a dish may be behind it"), or null. */
	serves(uplink: Uplink): string | null;
	create(context: SensorContext): Sensor;
	/** The daemon stops in order, all instances are closed: what they share may be kept now. */
	close?(): void;
}
