/**
 * Which notices become messages, and when. Pure: time comes in with every call. A notice passes in this order:
 * 1. its kind must be switched on and its level reach the threshold; the end of an alert is told when its beginning was
 *    (with its kind of end switched off only to channels that keep alerts themselves);
 * 2. cooldown: the same condition begins again too soon after it was told -> it waits, and is told when the pause is over
 *    if it still holds; if it has ended by then nobody hears of it;
 * 3. at night, during maintenance (emergencies excepted) and beyond the hourly limits it waits for the digest;
 * 4. grouping: the first message leaves at once, what follows within group_s leaves together.
 * Nothing is lost: the lists are bounded, and what does not fit is counted in the message that follows.
 */
import type { Config } from "../config/types.ts";
import { type AlertKindName, type AlertLevel, highest, isAtLeast, type Message, type Notice } from "./types.ts";

export interface TellerSettings {
	readonly notify: Config["notify"];
	isOn(kind: AlertKindName): boolean;
}

export interface Teller {
	take(notice: Notice, now: Now): void;
	/** Messages that are due, in order. */
	due(now: Now): readonly Message[];
	/** When due has something to do at the latest; null: when something comes. What waits for the digest is not counted. */
	nextMs(): number | null;
	/** How many notices wait, and why people hear nothing. */
	waiting(): { readonly count: number; readonly limited: number };
	/** When people were told that this condition holds; null: they were not yet, or it is over. */
	heardMs(key: string): number | null;
	/** For the daemon's next start. */
	memory(): TellerMemory;
	recall(memory: TellerMemory): void;
}

export interface Now {
	readonly atMs: number;
	/** Quiet hours or maintenance. */
	readonly hush: boolean;
}

const HOUR_MS = 3_600_000;
const MAX_WAITING = 200;
const MAX_TOLD = 500;

interface Told {
	/** When its beginning was taken to be told last. */
	atMs: number;
	/** The beginning that was told has not been followed by its end yet. */
	open: boolean;
	pending: Notice | null;
	/** When the message left that told of it. */
	heardMs: number | null;
}

export interface TellerMemory {
	readonly told: readonly (Told & { readonly key: string })[];
	readonly group: readonly Notice[];
	readonly digest: readonly Notice[];
	readonly leftOut: number;
	readonly messages: number;
}

export function createTeller(settings: () => TellerSettings): Teller {
	const told = new Map<string, Told>();
	const sentAtMs: Record<AlertLevel, number[]> = { info: [], warning: [], critical: [], emergency: [] };
	let group: Notice[] = [];
	let digest: Notice[] = [];
	let leftOut = 0;
	let limited = 0;
	let lastMessageMs = Number.NEGATIVE_INFINITY;
	let messages = 0;

	function cooldownMs(level: AlertLevel): number {
		const { cooldownInfoS, cooldownWarningS, cooldownCriticalS, cooldownEmergencyS } = settings().notify;
		const seconds = {
			info: cooldownInfoS,
			warning: cooldownWarningS,
			critical: cooldownCriticalS,
			emergency: cooldownEmergencyS,
		};
		return seconds[level] * 1000;
	}

	function hourly(level: AlertLevel): number {
		const { infoPerHour, warningPerHour, criticalPerHour, emergencyPerHour } = settings().notify;
		return { info: infoPerHour, warning: warningPerHour, critical: criticalPerHour, emergency: emergencyPerHour }[
			level
		];
	}

	function isLimited(level: AlertLevel, atMs: number): boolean {
		for (const [one, times] of Object.entries(sentAtMs)) {
			sentAtMs[one as AlertLevel] = times.filter((time) => atMs - time < HOUR_MS);
		}
		if (sentAtMs[level].length >= hourly(level)) return true;
		const others = sentAtMs.info.length + sentAtMs.warning.length + sentAtMs.critical.length;
		return level !== "emergency" && others >= settings().notify.maxPerHour;
	}

	function take(notice: Notice, now: Now): void {
		const { alert, change } = notice;
		const { isOn, notify } = settings();
		const record = told.get(alert.key);
		if (change === "cleared" || change === "acknowledged") {
			if (record?.pending != null && change === "cleared") record.pending = null;
			// Never told, or told as over already.
			if (record === undefined || !record.open) return;
			if (change === "cleared") record.open = false;
			pass({ ...notice, silent: change === "acknowledged" || !isOn(endKind(alert.kind)) }, now);
			return;
		}
		if (!isOn(alert.kind) || !isAtLeast(alert.level, notify.threshold)) return;
		const inPause = record !== undefined && now.atMs - record.atMs < cooldownMs(alert.level);
		if (inPause && change === "raised") {
			record.pending = notice;
			return;
		}
		if (inPause && change === "repeated" && record.open === false) {
			record.pending = notice;
			return;
		}
		begin(notice, now);
	}

	function begin(notice: Notice, now: Now): void {
		told.delete(notice.alert.key);
		told.set(notice.alert.key, { atMs: now.atMs, open: true, pending: null, heardMs: null });
		if (told.size > MAX_TOLD) told.delete(told.keys().next().value ?? "");
		pass(notice, now);
	}

	function pass(notice: Notice, now: Now): void {
		const urgent = notice.alert.level === "emergency";
		if (notice.silent || (!isLimited(notice.alert.level, now.atMs) && (!now.hush || urgent))) {
			group.push(notice);
			if (group.length > MAX_WAITING) {
				group.shift();
				leftOut++;
			}
			return;
		}
		if (!now.hush || urgent) limited++;
		digest.push(notice);
		if (digest.length > MAX_WAITING) {
			digest.shift();
			leftOut++;
		}
	}

	function message(kind: Message["kind"], notices: readonly Notice[], atMs: number): Message {
		const heard = notices.filter((one) => !one.silent);
		const level = highest(heard.map((one) => one.alert.level));
		if (heard.length > 0) {
			lastMessageMs = atMs;
			sentAtMs[level].push(atMs);
		}
		for (const { alert, change } of heard) {
			const record = told.get(alert.key);
			if (record !== undefined && change !== "cleared") record.heardMs ??= atMs;
		}
		const missing = leftOut === 0 ? {} : { leftOut };
		leftOut = 0;
		return { id: `m${++messages}`, kind, atMs: notices[0]?.atMs ?? atMs, level, notices, lead: null, ...missing };
	}

	function due(now: Now): readonly Message[] {
		const result: Message[] = [];
		for (const record of told.values()) {
			const { pending } = record;
			if (pending === null || now.atMs - record.atMs < cooldownMs(pending.alert.level)) continue;
			begin(pending, now);
		}
		const urgent = group.some((one) => one.silent || one.alert.level === "emergency");
		if (group.length > 0 && (urgent || now.atMs - lastMessageMs >= settings().notify.groupS * 1000)) {
			const notices = group;
			group = [];
			result.push(message("alert", notices, now.atMs));
		}
		if (digest.length > 0 && !now.hush && !isLimited(highest(digest.map((one) => one.alert.level)), now.atMs)) {
			const notices = digest;
			digest = [];
			limited = 0;
			result.push(message("digest", notices, now.atMs));
		}
		return result;
	}

	function nextMs(): number | null {
		const times: number[] = [];
		for (const { pending, atMs } of told.values()) {
			if (pending !== null) times.push(atMs + cooldownMs(pending.alert.level));
		}
		if (group.length > 0) times.push(lastMessageMs + settings().notify.groupS * 1000);
		return times.length === 0 ? null : Math.min(...times);
	}

	return {
		take,
		due,
		nextMs,
		waiting: () => ({ count: group.length + digest.length + leftOut, limited }),
		heardMs(key) {
			const record = told.get(key);
			return record?.open ? record.heardMs : null;
		},
		memory: () => ({
			told: [...told].map(([key, record]) => ({ key, ...record })),
			group,
			digest,
			leftOut,
			messages,
		}),
		recall(memory) {
			for (const { key, ...record } of memory.told.slice(-MAX_TOLD)) told.set(key, record);
			group = memory.group.slice(-MAX_WAITING);
			digest = memory.digest.slice(-MAX_WAITING);
			leftOut = memory.leftOut;
			messages = memory.messages;
		},
	};
}

/** The switch that decides whether people hear of its end. */
function endKind(kind: AlertKindName): AlertKindName {
	if (kind === "failover" || kind === "predictive") return "failback";
	return kind === "member_down" ? "member_up" : "recovery";
}
