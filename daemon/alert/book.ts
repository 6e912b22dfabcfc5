/**
 * The life of alerts, pure. By key: no alert -> raised -> (escalated: its level rose) -> (acknowledged) -> cleared, and
 * then into the history. A condition that is signalled again while it holds stays one alert; one that comes back after
 * its end is a new alert. An acknowledged alert whose level rises is active again: what somebody took note of was less.
 * Both lists are bounded; when too much holds at once the least severe, oldest one gives way.
 */
import { type Alert, type AlertLevel, isAtLeast, type Notice, type Signal } from "./types.ts";

const MAX_ACTIVE = 100;
const MAX_HISTORY = 200;
/** Of these the next start knows so many. */
const KEPT_HISTORY = 50;

export interface Book {
	/** What is to be told; null when nothing changed that anybody should hear of. */
	signal(signal: Signal, level: AlertLevel): Notice | null;
	/** `id` of one alert, or "all". */
	acknowledge(id: string, by: string, atMs: number): readonly Notice[];
	/** Lets go of what has no end of its own. */
	expire(atMs: number): void;
	/** When expire has something to do next; null: nothing. */
	nextEndMs(): number | null;
	/** Oldest first. */
	active(): readonly Alert[];
	/** Newest first. */
	history(limit: number): readonly Alert[];
	find(id: string): Alert | null;
	/** For the daemon's next start. */
	memory(): BookMemory;
	/** Gives what holds. */
	recall(memory: BookMemory): readonly Alert[];
}

export interface BookMemory {
	readonly alerts: readonly Alert[];
	/** Newest last. */
	readonly past: readonly Alert[];
	readonly count: number;
}

export function createBook(): Book {
	const alerts = new Map<string, Alert>();
	const past: Alert[] = [];
	let count = 0;

	function end(alert: Alert, atMs: number): Alert {
		const ended: Alert = { ...alert, state: "cleared", clearedAtMs: atMs, changedAtMs: atMs };
		alerts.delete(alert.key);
		past.push(ended);
		if (past.length > MAX_HISTORY) past.shift();
		return ended;
	}

	function makeRoom(atMs: number): void {
		if (alerts.size < MAX_ACTIVE) return;
		const all = [...alerts.values()];
		const victim = all.reduce((least, one) => (isAtLeast(one.level, least.level) ? least : one));
		end(victim, atMs);
	}

	function raise(signal: Signal, level: AlertLevel): Notice | null {
		makeRoom(signal.atMs);
		const { key, kind, uplink, text, atMs } = signal;
		const alert: Alert = {
			id: `a${++count}`,
			key,
			kind,
			uplink,
			level,
			text,
			state: "active",
			raisedAtMs: atMs,
			changedAtMs: atMs,
			clearedAtMs: null,
			acknowledgedAtMs: null,
			acknowledgedBy: null,
			count: 1,
			quiet: signal.quiet === true,
			endsAtMs: signal.lastsMs === undefined ? null : atMs + signal.lastsMs,
		};
		alerts.set(key, alert);
		return alert.quiet ? null : { change: "raised", alert, atMs, silent: false };
	}

	function again(known: Alert, signal: Signal, level: AlertLevel): Notice | null {
		const { text, atMs } = signal;
		const rises = level !== known.level && isAtLeast(level, known.level);
		const told = signal.again === true && signal.quiet !== true;
		const changed = rises || signal.again === true;
		const alert: Alert = {
			...known,
			level,
			text,
			quiet: known.quiet && !rises && !told,
			count: known.count + (signal.again === true ? 1 : 0),
			...(changed ? { changedAtMs: atMs } : {}),
			...(signal.lastsMs === undefined ? {} : { endsAtMs: atMs + signal.lastsMs }),
			...(rises ? { state: "active", acknowledgedAtMs: null, acknowledgedBy: null } : {}),
		};
		alerts.set(known.key, alert);
		if (rises && signal.quiet !== true) return { change: "escalated", alert, atMs, silent: false };
		return told ? { change: "repeated", alert, atMs, silent: false } : null;
	}

	return {
		signal(signal, level) {
			const known = alerts.get(signal.key);
			if (signal.active) return known === undefined ? raise(signal, level) : again(known, signal, level);
			if (known === undefined) return null;
			const { quiet } = known;
			const alert = end({ ...known, text: signal.text }, signal.atMs);
			return quiet || signal.quiet === true ? null : { change: "cleared", alert, atMs: signal.atMs, silent: false };
		},
		acknowledge(id, by, atMs) {
			const chosen = [...alerts.values()].filter((one) => one.state === "active" && (id === "all" || one.id === id));
			return chosen.map((one): Notice => {
				const alert: Alert = {
					...one,
					state: "acknowledged",
					acknowledgedAtMs: atMs,
					acknowledgedBy: by,
					changedAtMs: atMs,
				};
				alerts.set(one.key, alert);
				return { change: "acknowledged", alert, atMs, silent: true };
			});
		},
		expire(atMs) {
			for (const one of alerts.values()) if (one.endsAtMs !== null && one.endsAtMs <= atMs) end(one, atMs);
		},
		nextEndMs() {
			const ends = [...alerts.values()].flatMap(({ endsAtMs }) => (endsAtMs === null ? [] : [endsAtMs]));
			return ends.length === 0 ? null : Math.min(...ends);
		},
		active: () => [...alerts.values()],
		history: (limit) => past.slice(-limit).reverse(),
		memory: () => ({ alerts: [...alerts.values()], past: past.slice(-KEPT_HISTORY), count }),
		recall(memory) {
			for (const one of memory.alerts.slice(-MAX_ACTIVE)) alerts.set(one.key, one);
			past.push(...memory.past.slice(-KEPT_HISTORY));
			count = memory.count;
			return [...alerts.values()];
		},
		find: (id) => [...alerts.values()].find((one) => one.id === id) ?? past.find((one) => one.id === id) ?? null,
	};
}
