/**
 * What is known of the router right now, kept fresh by asking only for what is new: `status` and the latest samples of
 * each uplink every time, `members` and the senses when something changed or half a minute went by. All questions of one
 * refresh leave in the same moment, so that the transport can send them as one. A refresh never rejects: what went wrong
 * is part of the state, and the last good figures stay.
 */
import type { Reply } from "../contract/api.ts";
import { type Api, type ApiErrorCode, errorCode, errorText } from "./api.ts";
import { mergeSamples, type Sample } from "./series.ts";
import type { Member } from "./words.ts";

const MEMBERS_EVERY_MS = 30_000;
/** Sparklines show so much. */
export const SERIES_S = 600;
/** Samples asked for at first; later only the new ones. */
const FIRST_SAMPLES = 200;

export interface Trouble {
	readonly code: ApiErrorCode;
	readonly text: string;
	/** Monotonic ms of the first failure in a row. */
	readonly sinceMs: number;
}

export interface Risk {
	/** 0-1, of being unusable for two seconds or more, beginning within ten. */
	readonly share: number;
	/** The evidence, in the daemon's words. */
	readonly text: string;
}

export interface LiveState {
	readonly status: Reply<"status"> | null;
	readonly members: readonly Member[];
	/** Oldest first, the last SERIES_S seconds. */
	readonly series: ReadonlyMap<string, readonly Sample[]>;
	/** By uplink, as far as it is foretold. */
	readonly risks: Readonly<Record<string, Risk>>;
	readonly trouble: Trouble | null;
	/** Monotonic ms of the last good answer; null: never yet. */
	readonly atMs: number | null;
}

export interface Live {
	state(): LiveState;
	/** While one is under way that one. */
	refresh(): Promise<LiveState>;
	/** Of after this moment: what was just ordered is in it. */
	again(): Promise<LiveState>;
}

/** `nowMs` is monotonic. */
export function createLive(api: Api, nowMs: () => number): Live {
	let state: LiveState = { status: null, members: [], series: new Map(), risks: {}, trouble: null, atMs: null };
	let running: Promise<LiveState> | null = null;
	let membersAtMs = Number.NEGATIVE_INFINITY;
	let membersFor = "";
	let foretells = true;
	const askedAtMs = new Map<string, number>();

	async function samplesOf(name: string, atMs: number): Promise<readonly [string, readonly Sample[]]> {
		const before = askedAtMs.get(name);
		const sinceS = before === undefined ? SERIES_S : Math.min(SERIES_S, Math.ceil((atMs - before) / 1000) + 1);
		try {
			const { samples } = await api.call("metrics", { name, since_s: sinceS, limit: FIRST_SAMPLES });
			askedAtMs.set(name, atMs);
			return [name, samples];
		} catch (error) {
			// Of an uplink that has no samples yet nothing is known; anything else shows in the status too.
			if (errorCode(error) !== "not_found") throw error;
			return [name, []];
		}
	}

	/** Of the one uplink, or of all. An earlier daemon foretells nothing, and is not asked again. */
	async function risksOf(name?: string): Promise<Record<string, Risk>> {
		if (!foretells) return {};
		const { uplinks } = await api
			.call("forecast", name === undefined ? {} : { interface: name })
			.catch((error: unknown) => {
				if (["absent", "denied"].includes(errorCode(error))) foretells = false;
				return { uplinks: {} } as Reply<"forecast">;
			});
		const risks: Record<string, Risk> = {};
		for (const [name, { known, risk_2s_in_10s, text }] of Object.entries(uplinks)) {
			if (known && typeof risk_2s_in_10s === "number") risks[name] = { share: risk_2s_in_10s, text };
		}
		return risks;
	}

	async function ask(): Promise<LiveState> {
		const atMs = nowMs();
		const known = state.members.map((member) => member.name);
		const current = state.status?.current;
		const [status, soon, ...fresh] = await Promise.all([
			api.call("status"),
			// What is foretold for seconds must be of now; only the one that carries the traffic matters so much.
			current && state.trouble === null ? risksOf(current) : null,
			...known.map((name) => samplesOf(name, atMs)),
		]);
		const series = new Map(state.series);
		for (const [name, samples] of fresh) series.set(name, mergeSamples(series.get(name) ?? [], samples, SERIES_S));
		let { members } = state;
		let risks: Readonly<Record<string, Risk>> = soon && current ? without(state.risks, current, soon) : state.risks;
		const signature = changes(status);
		if (signature !== membersFor || atMs - membersAtMs >= MEMBERS_EVERY_MS) {
			members = (await api.call("members")).members;
			const added = members.filter((member) => !known.includes(member.name));
			const [first, seen] = await Promise.all([Promise.all(added.map(({ name }) => samplesOf(name, atMs))), risksOf()]);
			for (const [name, samples] of first) series.set(name, mergeSamples([], samples, SERIES_S));
			for (const name of series.keys()) if (!members.some((member) => member.name === name)) series.delete(name);
			risks = seen;
			membersFor = signature;
			membersAtMs = atMs;
		}
		return { status, members, series, risks, trouble: null, atMs };
	}

	const live: Live = {
		state: () => state,
		async again() {
			await running;
			return live.refresh();
		},
		refresh() {
			running ??= ask()
				.catch((error: unknown): LiveState => {
					const sinceMs = state.trouble?.sinceMs ?? nowMs();
					return { ...state, trouble: { code: errorCode(error), text: errorText(error), sinceMs } };
				})
				.then((next) => {
					// A daemon that came back may be another one.
					if (next.trouble !== null) {
						membersFor = "";
						foretells = true;
					}
					state = next;
					running = null;
					return state;
				});
			return running;
		},
	};
	return live;
}

/** What was known of the others, and what is known of this one now. */
function without(risks: LiveState["risks"], name: string, fresh: LiveState["risks"]): Readonly<Record<string, Risk>> {
	return { ...Object.fromEntries(Object.entries(risks).filter(([one]) => one !== name)), ...fresh };
}

/** Changes when an uplink, a decision or an order of the operator did. */
function changes(status: Reply<"status">): string {
	return JSON.stringify([
		status.rank.map(({ name, state, eligible }) => [name, state, eligible]),
		status.current,
		status.last_event?.id,
		status.last_decision?.id,
		status.pin,
		status.hold,
		status.promoted,
	]);
}
