/**
 * Alerts outlive the daemon, though not the router: what holds, what was told and what waits to be told is noted in /tmp
 * (RAM), with times of the monotonic clock, which begins anew with each process: they are put on the new one's when read.
 * Written when something changed, at most every few seconds, and at an orderly end; after a crash the last seconds are
 * missing. What cannot be understood is left out: then it is as if the daemon had been started for the first time.
 */
import { ALERT_KINDS, ALERT_LEVELS } from "../../contract/options-alerts.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import { clockReadingFrom, readClocks, shiftBetween } from "../record/clocks.ts";
import type { BookMemory } from "./book.ts";
import { at } from "./channels/http.ts";
import type { ChannelMemory } from "./delivery.ts";
import type { Calls } from "./escalation.ts";
import type { TellerMemory } from "./teller.ts";
import type { Alert, Message, Notice } from "./types.ts";

export interface AlertsMemory {
	readonly book: BookMemory;
	readonly teller: TellerMemory;
	readonly calls: readonly Calls[];
	readonly channels: readonly ChannelMemory[];
}

const SHAPE = 1;
const MAX_BYTES = 4_000_000;
const MAX_AGE_MS = 7 * 86_400_000;
/** Names of times of the monotonic clock. */
const TIME = /^(?:[a-z]+AtMs|atMs|heardMs)$/;
/** How much later than now a time may be: the kernel's clock counts hundredths of seconds. */
const SLACK_MS = 20;

export interface Keeper {
	/** What an earlier run left; null: nothing, or nothing of use. */
	read(): AlertsMemory | null;
	/** Writes only what is different from the last time. */
	note(memory: AlertsMemory): void;
}

export function createKeeper(options: {
	readonly platform: Pick<Platform, "clock" | "files">;
	readonly log: Logger;
	readonly path: string;
}): Keeper {
	const { platform, log, path } = options;
	const { clock, files } = platform;
	let noted = "";
	let told = false;
	return {
		read() {
			try {
				const text = files.readTextIfAny(path);
				if (text === null || text.length > MAX_BYTES) return null;
				const then = clockReadingFrom(at(JSON.parse(text) as unknown, "clocks"));
				const shift = then === null ? null : shiftBetween(then, readClocks(clock, files), MAX_AGE_MS);
				if (shift === null || "unknown" in shift) return null;
				const moved = (key: string, value: unknown): unknown =>
					typeof value === "number" && TIME.test(key) ? value + shift.shiftMs : value;
				return memoryOf(JSON.parse(text, moved) as unknown, clock.monotonicMs());
			} catch {
				return null; // torn or foreign: as if nothing had been left
			}
		},
		note(memory) {
			const text = JSON.stringify(memory);
			if (text === noted || text.length > MAX_BYTES) return;
			try {
				const clocks = JSON.stringify(readClocks(clock, files));
				files.writeAtomic(path, `{"shape":${SHAPE},"clocks":${clocks},${text.slice(1)}`);
				noted = text;
			} catch (error) {
				if (!told) log.warn("alert", { reason: `what is open will not be known after a restart: ${errorText(error)}` });
				told = true;
			}
		},
	};
}

function memoryOf(value: unknown, nowMs: number): AlertsMemory | null {
	const [book, teller] = [at(value, "book"), at(value, "teller")];
	if (at(value, "shape") !== SHAPE || !isCount(at(book, "count")) || !isCount(at(teller, "messages"))) return null;
	const isPast = (one: { readonly atMs: number }): boolean => one.atMs <= nowMs + SLACK_MS;
	const alerts = list(at(book, "alerts")).filter(isAlert);
	const told = list(at(teller, "told")).filter(isTold);
	const [group, digest] = [list(at(teller, "group")).filter(isNotice), list(at(teller, "digest")).filter(isNotice)];
	// Times to come are those of another clock.
	if (alerts.some((one) => one.changedAtMs > nowMs + SLACK_MS) || ![...told, ...group, ...digest].every(isPast))
		return null;
	return {
		book: { count: count(at(book, "count")), alerts, past: list(at(book, "past")).filter(isAlert) },
		teller: { told, group, digest, leftOut: count(at(teller, "leftOut")), messages: count(at(teller, "messages")) },
		calls: list(at(value, "calls")).filter(isCalls).filter(isPast),
		channels: list(at(value, "channels")).flatMap((one) => {
			const name = at(one, "name");
			const messages = list(at(one, "waiting")).filter(isMessage).filter(isPast);
			return typeof name === "string" ? [{ name, waiting: messages, memory: at(one, "memory") ?? null }] : [];
		}),
	};
}

const CHANGES: readonly unknown[] = ["raised", "repeated", "escalated", "unacknowledged", "acknowledged", "cleared"];
const STATES: readonly unknown[] = ["active", "acknowledged", "cleared"];
const KINDS: readonly unknown[] = ["alert", "digest", "escalation", "test", "report"];

function list(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

function isCount(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function count(value: unknown): number {
	return isCount(value) ? value : 0;
}

const isTime = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown): boolean => typeof value === "string";
const isNull = (value: unknown): boolean => value === null;

/** Every field there must be, with what it may be. */
function has(value: unknown, fields: Readonly<Record<string, readonly ((one: unknown) => boolean)[]>>): boolean {
	return Object.entries(fields).every(([name, kinds]) => kinds.some((kind) => kind(at(value, name))));
}

function isAlert(value: unknown): value is Alert {
	return has(value, {
		id: [isText],
		key: [isText],
		uplink: [isText, isNull],
		text: [isText],
		raisedAtMs: [isTime],
		changedAtMs: [isTime],
		clearedAtMs: [isTime, isNull],
		acknowledgedAtMs: [isTime, isNull],
		acknowledgedBy: [isText, isNull],
		count: [isCount],
		quiet: [(one) => typeof one === "boolean"],
		endsAtMs: [isTime, isNull],
		kind: [(one) => isText(one) && Object.hasOwn(ALERT_KINDS, String(one))],
		level: [isLevel],
		state: [(one) => STATES.includes(one)],
	});
}

function isLevel(value: unknown): boolean {
	return (ALERT_LEVELS as readonly unknown[]).includes(value);
}

function isNotice(value: unknown): value is Notice {
	const fields = { atMs: [isTime], alert: [isAlert], change: [(one: unknown) => CHANGES.includes(one)] };
	return has(value, { ...fields, silent: [(one) => typeof one === "boolean"] });
}

function isTold(value: unknown): value is TellerMemory["told"][number] {
	return has(value, {
		key: [isText],
		atMs: [isTime],
		heardMs: [isTime, isNull],
		open: [(one) => typeof one === "boolean"],
		pending: [isNotice, isNull],
	});
}

function isCalls(value: unknown): value is Calls {
	return has(value, { id: [isText], count: [isCount], atMs: [isTime] });
}

function isMessage(value: unknown): value is Message {
	return has(value, {
		id: [isText],
		kind: [(one) => KINDS.includes(one)],
		atMs: [isTime],
		level: [isLevel],
		lead: [isText, isNull],
		leftOut: [isCount, (one) => one === undefined],
		html: [isText, (one) => one === undefined],
		notices: [(one) => Array.isArray(one) && one.every(isNotice)],
	});
}
