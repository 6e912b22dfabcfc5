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
import { createRepeat, type Moment, NOWHERE, type Repeat, type Repeated, untilSlotS } from "./repeat.ts";
import type { Forecast, Glance, Risks } from "./types.ts";

export interface Forecaster {
	take(observation: Observation): void;
	/** The link went away or came: what was known of it is void. */
	forget(uplink: string): void;
	/** Uplinks not listed any more are forgotten; `dishes`: those of them that are dishes. */
	keep(uplinks: readonly string[], dishes?: readonly string[]): void;
	/** `inUse`: others that are well are asked now and then only (CALM_MS); null: all are asked. */
	tick(atMs: number, moment?: Moment, inUse?: string | null): readonly Forecast[];
	latest(): readonly Forecast[];
	/** What was learnt of the uplink (all: of all): patterns and what is usual. */
	reset(uplink: string | null): void;
}

export interface ForecasterOptions {
	/** Time of day, place and heading are remembered. */
	readonly patterns: boolean;
	/** What a dish says of itself counts, and where it was obstructed. */
	readonly dish: boolean;
	/** How far back "usual" reaches. */
	readonly memoryHours: number;
}

export const USUAL_OPTIONS: ForecasterOptions = { patterns: true, dish: true, memoryHours: 24 };

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

/**
 * A standby that answers is asked this often, and at once when it lost something, while its risk within 30 s is at most half of what
 * counts against a standby (`riskyLater` of decide/foresight.ts).
 */
const CALM_MS = 3000;
const CALM_RISK = 0.1;

/** A silence so long is one that repeats. */
const TROUBLE_MS = 2000;
/** Of a passage by time of day this part is the next half minute. */
const SLOT_SHARE = 0.1;

interface Known {
	readonly history: History;
	readonly anomaly: Anomaly;
	readonly repeat: Repeat;
	readonly glance: (features: Float64Array) => Glance;
	last: Forecast | null;
}

export function createForecaster(model: Model, options: () => ForecasterOptions = () => USUAL_OPTIONS): Forecaster {
	let dishes: readonly string[] = [];
	const uplinks = new Map<string, Known>();
	const x = new Float64Array(FEATURES.length);
	let latest: readonly Forecast[] = [];
	let lastMs = Number.NaN;

	const fresh = (): Known => ({
		history: newHistory(),
		anomaly: createAnomaly(() => options().memoryHours),
		repeat: createRepeat(),
		glance: model.follow(),
		last: null,
	});

	function one(uplink: string, { history, anomaly, repeat, glance }: Known, atMs: number, moment: Moment): Forecast {
		const knownMs = atMs - history.firstMs;
		const ageMs = atMs - history.lastProbeMs;
		const freshMs = Math.max(FRESH_MS, FRESH_GAPS * history.gapMs);
		const base = { uplink, atMs, anomaly: anomaly.text() };
		const { patterns, dish } = options();
		const isDish = dishes.includes(uplink);
		if (patterns)
			repeat.meet(
				atMs,
				isDish && !dish ? { ...moment, place: null, headingDeg: null } : moment,
				isTroubled(history, atMs),
			);
		if (!(history.replies.length >= LEAST_REPLIES && knownMs >= LEAST_KNOWN_MS && ageMs <= freshMs)) {
			const text = ageMs > freshMs ? "nothing was heard of its probes lately" : "not enough is known yet";
			return { ...base, risks: null, cause: "unknown", confidence: 0, text, figures: [] };
		}
		features(history, atMs, x);
		if (!dish || atMs - history.lastReplyMs <= LIAR_MS) x[FEATURE_INDEX.dish_outage] = Number.NaN;
		anomaly.minute(atMs, history.baseMs, x[FEATURE_INDEX.loss60] ?? Number.NaN);
		const { cause, text, figures } = reasonOf(x, history.baseMs);
		// A minute of quick probes tells most; slow ones tell less of the seconds.
		const grown = Math.min(1, 0.5 + knownMs / 120_000);
		const dense = Math.min(1, 0.5 + 1000 / Math.max(1, history.gapMs));
		const confidence = grown * dense;
		const slotS = isDish && moment.unixMs !== null ? untilSlotS(moment.unixMs) : null;
		const more = slotS === null ? [] : [{ name: "next_slot", value: Math.round(10 * slotS) / 10, unit: "s" }];
		const repeated = patterns ? repeat.expects(moment) : null;
		if (repeated !== null) {
			const forecast = { ...base, risks: model.risks(x), cause, confidence, text, figures };
			const told = withPattern(forecast, repeated, isDish, moment.ahead !== null);
			return slotS === null ? told : { ...told, figures: [...told.figures, ...more] };
		}
		const asked = x.slice();
		let risks: Risks | null = null;
		return {
			uplink,
			atMs,
			anomaly: base.anomaly,
			get risks() {
				risks ??= model.risks(asked);
				return risks;
			},
			glance: glance(asked),
			cause,
			confidence,
			text,
			figures: slotS === null ? figures : [...figures, ...more],
		};
	}

	return {
		take(observation) {
			let known = uplinks.get(observation.uplink);
			if (known === undefined) {
				if (uplinks.size >= MAX_UPLINKS) return;
				known = fresh();
				uplinks.set(observation.uplink, known);
			}
			remember(known.history, observation);
		},
		forget(uplink) {
			const known = uplinks.get(uplink);
			if (known !== undefined) uplinks.set(uplink, { ...known, history: newHistory(), last: null });
		},
		keep(ids, among = []) {
			dishes = among;
			for (const id of uplinks.keys()) if (!ids.includes(id)) uplinks.delete(id);
		},
		tick(atMs, moment = NOWHERE, inUse = null) {
			if (atMs < lastMs || atMs - lastMs > JUMP_MS) {
				for (const [id, known] of uplinks) uplinks.set(id, { ...known, history: newHistory(), last: null });
			}
			lastMs = atMs;
			latest = [...uplinks].map(([uplink, known]) => {
				if (known.last !== null && inUse !== null && uplink !== inUse && isCalm(known, known.last, atMs))
					return known.last;
				known.last = one(uplink, known, atMs, moment);
				return known.last;
			});
			return latest;
		},
		latest: () => latest,
		reset(uplink) {
			for (const [id, known] of uplinks) {
				if (uplink === null || id === uplink) uplinks.set(id, { ...fresh(), history: known.history });
			}
		},
	};
}

function isCalm({ history }: Known, last: Forecast, atMs: number): boolean {
	if (atMs - last.atMs >= CALM_MS || (last.glance?.later ?? 1) >= CALM_RISK || history.verdict !== "up") return false;
	return !(history.losses.at(0) > last.atMs || history.stalls.at(0) > last.atMs);
}

/** While it is silent only: what is learnt of a silence at its end belongs to another place. */
function isTroubled(h: History, atMs: number): boolean {
	return h.verdict === "dead" && atMs - h.lastReplyMs >= TROUBLE_MS;
}

/**
 * A place that is passed takes half a minute; of the time of day, and of a heading, the next half minute is but a part. The
 * risk of the next seconds is left to what is seen of the link: nothing is left because of a pattern alone.
 */
function withPattern(
	f: Forecast & { readonly risks: Risks },
	{ share, kind, hits, passages, text }: Repeated,
	isDish: boolean,
	moving: boolean,
): Forecast {
	const later = Math.max(f.risks.any_2s_in_30s, kind === "place" && moving ? share : share * SLOT_SHARE);
	const figures = [
		...f.figures,
		{ name: "passages", value: passages, unit: "" },
		{ name: "silent_in", value: hits, unit: "" },
	];
	const risks = { ...f.risks, any_2s_in_30s: later };
	if (f.cause !== "unknown" && f.cause !== "pattern") return { ...f, risks, figures };
	const cause = isDish && kind !== "time" ? "obstruction" : "pattern";
	return { ...f, risks, figures, cause, text: f.cause === "pattern" ? `${text}; ${f.text}` : text };
}
