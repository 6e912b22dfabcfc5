/**
 * The words of this room. A signal says that a condition holds or has ended; an alert is that condition with its life; a
 * notice is one step of the life worth telling; a message is what a channel sends, made of one or more notices.
 * Times are monotonic ms; they become times of day when a message leaves, because the wall clock may be wrong before.
 */
import type { AlertKindName, AlertLevel } from "../../contract/options-alerts.ts";
import { ALERT_LEVELS } from "../../contract/options-alerts.ts";

export type { AlertKindName, AlertLevel } from "../../contract/options-alerts.ts";

export interface Signal {
	/** Two signals with the same key are about the same condition. */
	readonly key: string;
	readonly kind: AlertKindName;
	readonly uplink: string | null;
	readonly atMs: number;
	readonly active: boolean;
	/** Null: as configured for the kind. */
	readonly level: AlertLevel | null;
	/** One or two sentences; without a full stop. */
	readonly text: string;
	/** Booked, but not told: the operator did it himself, or it is a part of flapping. */
	readonly quiet?: true;
	/** Tell again although the condition held already. */
	readonly again?: true;
	/** It has no end of its own: it leaves the list after this time, and nobody is told. */
	readonly lastsMs?: number;
}

export type AlertState = "active" | "acknowledged" | "cleared";

export interface Alert {
	readonly id: string;
	readonly key: string;
	readonly kind: AlertKindName;
	readonly uplink: string | null;
	readonly level: AlertLevel;
	readonly text: string;
	readonly state: AlertState;
	readonly raisedAtMs: number;
	/** Last step of its life. */
	readonly changedAtMs: number;
	readonly clearedAtMs: number | null;
	readonly acknowledgedAtMs: number | null;
	/** "ubus", or the channel it came by. */
	readonly acknowledgedBy: string | null;
	/** How often it was raised while it held. */
	readonly count: number;
	readonly quiet: boolean;
	/** When it leaves the list by itself; null: when its condition ends. */
	readonly endsAtMs: number | null;
}

export type Change = "raised" | "repeated" | "escalated" | "unacknowledged" | "acknowledged" | "cleared";

export interface Notice {
	readonly change: Change;
	readonly alert: Alert;
	readonly atMs: number;
	/** Only for channels that keep the life of an alert themselves (PagerDuty, MQTT); people are not told. */
	readonly silent: boolean;
}

export interface Message {
	readonly id: string;
	/** digest: what had to wait; escalation: nobody has acknowledged; test: somebody tries the channel. */
	readonly kind: "alert" | "digest" | "escalation" | "test" | "report";
	/** When the first of it happened. */
	readonly atMs: number;
	/** The most severe part. */
	readonly level: AlertLevel;
	readonly notices: readonly Notice[];
	/** What stands before the notices, or is all there is (test, report). */
	readonly lead: string | null;
	/** Older notices that found no room. */
	readonly leftOut?: number;
	/** The same as a page, for channels that can show one. */
	readonly html?: string;
}

export function isAtLeast(level: AlertLevel, least: AlertLevel): boolean {
	return ALERT_LEVELS.indexOf(level) >= ALERT_LEVELS.indexOf(least);
}

export function highest(levels: readonly AlertLevel[]): AlertLevel {
	return levels.reduce<AlertLevel>((best, one) => (isAtLeast(one, best) ? one : best), "info");
}
