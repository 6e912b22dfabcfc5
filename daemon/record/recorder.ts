/**
 * The record: samples in three resolutions, events, decisions, actions and every input of the engine, all within
 * max_ram_mb, with a snapshot in /tmp that survives a restart of the daemon. Nothing here is ever written to flash.
 *
 * Shares of max_ram_mb: samples 50 %, inputs 20 %, lists 8 %, snapshot 7 % (it exists up to three times while one is
 * being replaced). Times inside are monotonic; for people they are put on the wall clock when asked, with the offset of
 * that moment: after NTP has set the clock, what happened before shows its true time too.
 */
import type { Action, Applied, Decision, EngineEvent, Input } from "../decide/types.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { createInputLog, type Replay } from "./input-log.ts";
import { createRecordList, type Entry, type RecordList } from "./list.ts";
import { METRICS, type SampleValues, wantedBytes } from "./metrics.ts";
import { latestSamples, type QueryResult, querySeries } from "./query.ts";
import { createSnapshotKeeper, type SnapshotStats } from "./snapshot-keeper.ts";
import { createSampleStore } from "./store.ts";

export interface RecorderSettings {
	/** 1-168. */
	readonly retentionHours: number;
	/** 1-128: bound of everything kept here, the snapshot file included. */
	readonly maxRamMb: number;
	readonly snapshotPath: string;
}

/** An event as kept: the engine's own, or a note of another room. */
export interface RecordedEvent {
	readonly id: string;
	readonly atMs: number;
	readonly type: string;
	readonly uplink: string | null;
	readonly from: string | null;
	readonly to: string | null;
	readonly reason: string;
	readonly decisionId: string | null;
}

export interface RecordedDecision {
	readonly decision: Decision;
	readonly actions: readonly Action[];
	readonly results: readonly Applied[];
}

export interface RecorderStats {
	readonly maxBytes: number;
	readonly samples: {
		readonly bytes: number;
		readonly budgetBytes: number;
		readonly rows: number;
		readonly dropped: number;
	};
	readonly inputs: {
		readonly bytes: number;
		readonly budgetBytes: number;
		readonly count: number;
		readonly oldestMs: number | null;
	};
	readonly lists: Readonly<
		Record<"events" | "decisions" | "actions" | "results", { readonly count: number; readonly bytes: number }>
	>;
	readonly snapshot: SnapshotStats;
	/** Retention and memory as asked for, against what `uplinks` watched once a second would need. */
	readonly wantedBytes: number;
}

export interface Recorder extends Closable {
	/** Call before the engine gets the input (input-log.ts). */
	input(input: Input): void;
	output(decisions: readonly Decision[], events: readonly EngineEvent[], actions: readonly Action[]): void;
	sample(uplink: string, atMs: number, values: SampleValues): void;
	/** An event that is not the engine's: a reload, an error, a problem with the configuration. */
	note(type: string, uplink: string | null, reason: string): void;
	/** Where checkpoints come from: the engine's state as JSON, null while there is none. */
	setCheckpointSource(stateJson: () => string | null): void;

	/** Null when nothing is known of this uplink. `points` 1-1000. */
	history(uplink: string, sinceMs: number, points: number): QueryResult | null;
	/** Latest raw samples, oldest first; null when nothing is known of this uplink. */
	samples(uplink: string, sinceMs: number, limit: number): ReturnType<typeof latestSamples> | null;
	/** Newest first. */
	events(limit: number, type?: string): readonly RecordedEvent[];
	/** Newest first. */
	decisions(limit: number): readonly Decision[];
	/** Without an id the latest. */
	decision(id?: string): RecordedDecision | null;
	inputs(sinceMs: number): Iterable<Input>;
	replay(sinceMs: number): Replay;
	/** Wall time of a monotonic time, by the clock's offset now. */
	toUnixMs(atMs: number): number;
	stats(): RecorderStats;
	configure(settings: Pick<RecorderSettings, "retentionHours" | "maxRamMb">): void;
	/** Writes a last snapshot. */
	close(): void;
}

const SHARES = { samples: 0.5, inputs: 0.2, lists: 0.08, snapshot: 0.07 } as const;
const LIST_SHARES = { events: 0.35, decisions: 0.45, actions: 0.12, results: 0.08 } as const;
const LIST_COUNTS = { events: 1_000, decisions: 500, actions: 500, results: 500 } as const;

type ListName = keyof typeof LIST_SHARES;

export function createRecorder(options: {
	platform: Pick<Platform, "clock" | "timers" | "files">;
	log: Logger;
	settings: RecorderSettings;
	/** Told of every note after it is on record. */
	onNote?: (event: RecordedEvent) => void;
}): Recorder {
	const { clock } = options.platform;
	let limits = options.settings;
	let maxBytes = bytesOfMb(limits.maxRamMb);
	let stateJson: () => string | null = () => null;
	let notes = 0;

	const store = createSampleStore({ retentionHours: limits.retentionHours, budgetBytes: maxBytes * SHARES.samples });
	const inputs = createInputLog(maxBytes * SHARES.inputs, () => stateJson());
	const lists: Record<ListName, RecordList> = {
		events: newList("events"),
		decisions: newList("decisions"),
		actions: newList("actions"),
		results: newList("results"),
	};
	const snapshot = createSnapshotKeeper({
		platform: options.platform,
		log: options.log,
		path: limits.snapshotPath,
		contents: { store, lists },
		retentionHours: () => limits.retentionHours,
		limitBytes: () => maxBytes * SHARES.snapshot,
	});

	function newList(name: ListName): RecordList {
		return createRecordList(LIST_COUNTS[name], maxBytes * SHARES.lists * LIST_SHARES[name]);
	}

	function add(list: RecordList, id: string, atMs: number, type: string, record: object): void {
		list.add({ id, atMs, type, json: JSON.stringify(record) });
	}

	/** Gives back a record with its time as kept by the list, which a restart may have moved. */
	function parse<T extends object>(entry: Entry): T {
		return { ...(JSON.parse(entry.json) as T), atMs: entry.atMs };
	}

	function recordedDecision(entry: Entry | null | undefined): RecordedDecision | null {
		if (entry === null || entry === undefined) {
			return null;
		}
		const decision = parse<Decision>(entry);
		const actions = lists.actions
			.all()
			.map((action) => JSON.parse(action.json) as Action)
			.filter((action) => action.kind === "steer" && action.decisionId === decision.id);
		const ids = new Set(actions.map((action) => action.id));
		const results = lists.results.all().filter((result) => ids.has(result.id));
		return { decision, actions, results: results.map((result) => parse<Applied>(result)) };
	}

	return {
		input(input) {
			inputs.add(input);
			if (input.kind === "applied") {
				add(lists.results, input.actionId, input.atMs, "applied", input);
			}
		},
		output(decisions, events, actions) {
			for (const decision of decisions) {
				add(lists.decisions, decision.id, decision.atMs, decision.kind, decision);
			}
			for (const event of events) {
				add(lists.events, event.id, event.atMs, event.type, event);
			}
			for (const action of actions) {
				add(lists.actions, action.id, clock.monotonicMs(), action.kind, action);
			}
		},
		sample: store.sample,
		note(type, uplink, reason) {
			const atMs = clock.monotonicMs();
			const event: RecordedEvent = {
				id: `n${++notes}`,
				atMs,
				type,
				uplink,
				from: null,
				to: null,
				reason,
				decisionId: null,
			};
			add(lists.events, event.id, atMs, type, event);
			options.onNote?.(event);
		},
		setCheckpointSource(source) {
			stateJson = source;
		},
		history(uplink, sinceMs, points) {
			const series = store.series(uplink);
			// The end is excluded, the sample of this very moment is not.
			return series === null ? null : querySeries(series, sinceMs, clock.monotonicMs() + 1, points);
		},
		samples(uplink, sinceMs, limit) {
			const series = store.series(uplink);
			return series === null ? null : latestSamples(series, sinceMs, limit);
		},
		events: (limit, type) => lists.events.latest(limit, type).map((entry) => parse<RecordedEvent>(entry)),
		decisions: (limit) => lists.decisions.latest(limit).map((entry) => parse<Decision>(entry)),
		decision: (id) => recordedDecision(id === undefined ? lists.decisions.latest(1)[0] : lists.decisions.find(id)),
		inputs: inputs.since,
		replay: inputs.replay,
		toUnixMs: (atMs) => Math.round(clock.wallMs() + (atMs - clock.monotonicMs())),
		stats() {
			const samples = store.stats();
			const recorded = inputs.stats();
			return {
				maxBytes,
				samples: {
					bytes: samples.bytes,
					budgetBytes: samples.budgetBytes,
					rows: samples.rows,
					dropped: samples.dropped,
				},
				inputs: {
					bytes: recorded.bytes,
					budgetBytes: recorded.budgetBytes,
					count: recorded.inputs,
					oldestMs: recorded.oldestMs,
				},
				lists: {
					events: lists.events.stats(),
					decisions: lists.decisions.stats(),
					actions: lists.actions.stats(),
					results: lists.results.stats(),
				},
				snapshot: snapshot.stats(),
				wantedBytes: wantedBytes(limits.retentionHours, Math.max(1, samples.series), METRICS.length),
			};
		},
		configure(next) {
			limits = { ...limits, ...next };
			maxBytes = bytesOfMb(limits.maxRamMb);
			store.configure({ retentionHours: limits.retentionHours, budgetBytes: maxBytes * SHARES.samples });
			inputs.setBudget(maxBytes * SHARES.inputs);
			for (const name of Object.keys(lists) as ListName[]) {
				lists[name].setBudget(maxBytes * SHARES.lists * LIST_SHARES[name]);
			}
		},
		close: snapshot.close,
	};
}

function bytesOfMb(megabytes: number): number {
	return Math.max(1, megabytes) * 1_048_576;
}
