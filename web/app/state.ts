/**
 * What the views show: what is known of the router now, the alerts that hold, and, while it cannot be reached, what was
 * known last with its age. The last good state is kept on this phone, acknowledgements given meanwhile wait for it there.
 */
import type { Reply } from "../../contract/api.ts";
import { type Api, errorCode } from "../api.ts";
import { createLive, type LiveState } from "../live.ts";
import type { Member } from "../words.ts";
import { keep, kept } from "./keep.ts";

export type Alert = Reply<"alerts">["alerts"][number];

export interface AppState extends LiveState {
	readonly alerts: readonly Alert[];
	/** Wall clock of this phone when the figures were read; null: nothing is known yet. */
	readonly seenUnixMs: number | null;
	/** Alerts acknowledged here that the router does not know of yet. */
	readonly queued: readonly string[];
}

export interface Store {
	state(): AppState;
	/** Never rejects. */
	refresh(): Promise<AppState>;
	/** At once when the router answers, else as soon as it does; true: the router has it. */
	acknowledge(id: string): Promise<boolean>;
	/** Whoever uses it leaves: nothing is kept on this phone, of an answer that is still to come neither. */
	forget(): void;
}

const KEEP_EVERY_MS = 10_000;
const MOST_QUEUED = 50;
/** What was known longer ago says nothing any more. */
const TOO_OLD_MS = 7 * 86_400_000;
const NO_ONE: readonly string[] = ["offline", "timeout", "absent"];

/** Acknowledged here; the router is still to be told. */
export function isQueued({ queued }: AppState, id: string): boolean {
	return queued.includes(id) || queued.includes("all");
}

function readLast(): Pick<AppState, "status" | "members" | "alerts" | "seenUnixMs"> | null {
	const last = kept("last");
	const { status, members, alerts, seenUnixMs } = last ?? {};
	const fits = typeof status === "object" && status !== null && Array.isArray(members) && Array.isArray(alerts);
	if (!fits || typeof seenUnixMs !== "number" || Date.now() - seenUnixMs > TOO_OLD_MS) return null;
	return { status: status as Reply<"status">, members: members as Member[], alerts: alerts as Alert[], seenUnixMs };
}

function readQueue(): readonly string[] {
	const ids = kept("queue")?.ids;
	return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string").slice(0, MOST_QUEUED) : [];
}

export function createStore(api: Api, nowMs: () => number): Store {
	const live = createLive(api, nowMs);
	const last = readLast();
	let alerts = last?.alerts ?? [];
	let seenUnixMs = last?.seenUnixMs ?? null;
	let queued = readQueue();
	let keptAtMs = Number.NEGATIVE_INFINITY;
	let keptFor = "";
	let forgotten = false;
	let state = join(live.state());

	function join(now: LiveState): AppState {
		const known = now.status === null && last !== null ? { status: last.status, members: last.members } : {};
		return { ...now, ...known, alerts, seenUnixMs, queued };
	}

	function setQueue(ids: readonly string[]): void {
		queued = ids.slice(-MOST_QUEUED);
		if (!forgotten) keep("queue", queued.length === 0 ? null : { ids: queued });
	}

	/** What the router no longer knows is over: nothing to acknowledge. */
	async function flush(): Promise<void> {
		for (const id of queued) {
			try {
				await api.call("alert_ack", { id });
			} catch (error) {
				if (NO_ONE.includes(errorCode(error))) return;
			}
			setQueue(queued.filter((one) => one !== id));
		}
	}

	async function ask(): Promise<AppState> {
		const [now, told] = await Promise.all([live.refresh(), api.call("alerts").catch(() => null)]);
		if (now.trouble === null && told !== null) {
			alerts = told.alerts;
			seenUnixMs = Date.now();
			if (queued.length > 0) {
				await flush();
				alerts = (await api.call("alerts").catch(() => told)).alerts;
			}
			// At once when something happened, now and then for the figures.
			const { last_event: event, current, state: how } = now.status ?? {};
			const happened = JSON.stringify([alerts, event?.id, current, how]);
			if (forgotten) return state;
			if (happened !== keptFor || nowMs() - keptAtMs > KEEP_EVERY_MS) {
				keptAtMs = nowMs();
				keptFor = happened;
				keep("last", { status: now.status, members: now.members, alerts, seenUnixMs });
			}
		}
		state = join(now);
		return state;
	}

	return {
		state: () => state,
		refresh: ask,
		async acknowledge(id) {
			try {
				await api.call("alert_ack", { id });
			} catch (error) {
				if (!NO_ONE.includes(errorCode(error))) throw error;
				if (!queued.includes(id)) setQueue([...queued, id]);
				state = { ...state, queued };
				return false;
			}
			await ask();
			return true;
		},
		forget() {
			forgotten = true;
			keep("last", null);
			keep("queue", null);
		},
	};
}
