/**
 * The forecast of all uplinks: fed with every observation, asked once per tick. No clock, no I/O; time comes with the
 * calls. What is not known makes the answer unknown: too few probes, too old ones, a jump of the clock, a dish that
 * reports an outage while probes are answered.
 */
import type { Observation } from "../health/types.ts";
import { type Anomaly, createAnomaly } from "./anomaly.ts";
import { reasonOf } from "./cause.ts";
import { FEATURE_INDEX, FEATURES, features } from "./features.ts";
import { type History, newHistory, remember } from "./history.ts";
import type { Model } from "./model.ts";
import type { Forecast } from "./types.ts";

export interface Forecaster {
	take(observation: Observation): void;
	/** The link went away or came: what was known of it is void. */
	forget(uplink: string): void;
	/** Uplinks not listed any more are forgotten. */
	keep(uplinks: readonly string[]): void;
	tick(atMs: number): readonly Forecast[];
	latest(): readonly Forecast[];
}

const MAX_UPLINKS = 64;
/** Before, the usual round trip is not known. */
const LEAST_REPLIES = 10;
const LEAST_KNOWN_MS = 10_000;
const FRESH_GAPS = 4;
const FRESH_MS = 5000;
/** Nobody was asked for so long: the clock jumped, or the router slept. */
const JUMP_MS = 60_000;
/** A dish in an outage does not answer probes. */
const LIAR_MS = 1500;

interface Known {
	readonly history: History;
	readonly anomaly: Anomaly;
}

export function createForecaster(model: Model): Forecaster {
	const uplinks = new Map<string, Known>();
	const x = new Float64Array(FEATURES.length);
	let latest: readonly Forecast[] = [];
	let lastMs = Number.NaN;

	function one(uplink: string, { history, anomaly }: Known, atMs: number): Forecast {
		const knownMs = atMs - history.firstMs;
		const ageMs = atMs - history.lastProbeMs;
		const freshMs = Math.max(FRESH_MS, FRESH_GAPS * history.gapMs);
		const base = { uplink, atMs, anomaly: anomaly.text() };
		if (!(history.replies.length >= LEAST_REPLIES && knownMs >= LEAST_KNOWN_MS && ageMs <= freshMs)) {
			const text = ageMs > freshMs ? "nothing was heard of its probes lately" : "not enough is known yet";
			return { ...base, risks: null, cause: "unknown", confidence: 0, text, figures: [] };
		}
		features(history, atMs, x);
		if (atMs - history.lastReplyMs <= LIAR_MS) x[FEATURE_INDEX.dish_outage] = Number.NaN;
		anomaly.minute(atMs, history.baseMs, x[FEATURE_INDEX.loss60] ?? Number.NaN);
		const { cause, text, figures } = reasonOf(x, history.baseMs);
		// A minute of quick probes tells most; slow ones tell less of the seconds.
		const grown = Math.min(1, 0.5 + knownMs / 120_000);
		const dense = Math.min(1, 0.5 + 1000 / Math.max(1, history.gapMs));
		return { ...base, risks: model.risks(x), cause, confidence: grown * dense, text, figures };
	}

	return {
		take(observation) {
			let known = uplinks.get(observation.uplink);
			if (known === undefined) {
				if (uplinks.size >= MAX_UPLINKS) return;
				known = { history: newHistory(), anomaly: createAnomaly() };
				uplinks.set(observation.uplink, known);
			}
			remember(known.history, observation);
		},
		forget(uplink) {
			const known = uplinks.get(uplink);
			if (known !== undefined) uplinks.set(uplink, { ...known, history: newHistory() });
		},
		keep(ids) {
			for (const id of uplinks.keys()) if (!ids.includes(id)) uplinks.delete(id);
		},
		tick(atMs) {
			if (atMs < lastMs || atMs - lastMs > JUMP_MS) {
				for (const [id, known] of uplinks) uplinks.set(id, { ...known, history: newHistory() });
			}
			lastMs = atMs;
			latest = [...uplinks].map(([uplink, known]) => one(uplink, known, atMs));
			return latest;
		},
		latest: () => latest,
	};
}
