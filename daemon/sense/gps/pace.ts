/**
 * How often opencellid.org may be asked and told something: 200 ms between two questions and three within two seconds, the
 * owner's limit an hour, while contributing a ratio of questions to contributions over 48 hours once ten were free, six
 * contributions an hour and fifty a day; 1 s to 5 min of rest after 429 and failures, an hour after a refused key. Holds over
 * restarts of the daemon (`record`, `restore`), else a restart would be a way around it. Pure but for its clock.
 */
import type { Clock } from "../../platform/platform.ts";
import { at, numberIn } from "../values.ts";

const GAP_MS = 200;
const BURST = 3;
const BURST_MS = 2_000;
const HOUR_MS = 3_600_000;
const WINDOW_MS = 48 * HOUR_MS;
const FREE_LOOKUPS = 10;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;
const SUBMISSIONS_PER_HOUR = 6;
const SUBMISSIONS_PER_DAY = 50;
/** 100 questions an hour is the most the owner can allow. */
const MOST_TIMES = 4_800;

export interface PaceLimits {
	readonly lookupsPerHour: number;
	/** Questions for each contribution; null when nothing is contributed. */
	readonly ratio: number | null;
}

/** Times as "so many ms ago". */
export interface PaceRecord {
	readonly asked: number;
	readonly lookupsAgoMs: readonly number[];
	readonly submissionsAgoMs: readonly number[];
	readonly restMs: number;
}

export interface Pace {
	mayAsk(limits: PaceLimits): boolean;
	/** Until the next question may leave, so that none come in bursts. */
	waitMs(): number;
	asked(): void;
	maySubmit(): boolean;
	submitted(): void;
	answered(): void;
	failed(): void;
	refused(): void;
	lookupsLastHour(): number;
	submissionsLastDay(): number;
	resting(): boolean;
	record(): PaceRecord;
	/** What `record` gave, in whatever state it comes back, `elapsedMs` later. */
	restore(saved: unknown, elapsedMs: number): void;
}

export function createPace(clock: Clock): Pace {
	let lookups: number[] = [];
	let submissions: number[] = [];
	let asked = 0;
	let restUntilMs = Number.NEGATIVE_INFINITY;
	let backoffMs = FIRST_BACKOFF_MS;

	const now = (): number => clock.monotonicMs();
	const resting = (): boolean => now() < restUntilMs;
	const within = (times: readonly number[], ms: number): number => times.filter((time) => time > now() - ms).length;

	function forget(): void {
		lookups = lookups.filter((time) => time > now() - WINDOW_MS).slice(-MOST_TIMES);
		submissions = submissions.filter((time) => time > now() - WINDOW_MS);
	}

	return {
		resting,
		mayAsk({ lookupsPerHour, ratio }) {
			forget();
			if (resting() || within(lookups, HOUR_MS) >= lookupsPerHour) return false;
			if (ratio === null || asked < FREE_LOOKUPS) return true;
			return lookups.length < ratio * Math.max(1, submissions.length);
		},
		waitMs() {
			const last = lookups.at(-1) ?? Number.NEGATIVE_INFINITY;
			const third = lookups.at(-BURST) ?? Number.NEGATIVE_INFINITY;
			return Math.max(0, last + GAP_MS - now(), third + BURST_MS - now());
		},
		asked() {
			lookups.push(now());
			asked++;
		},
		maySubmit() {
			forget();
			return (
				!resting() &&
				within(submissions, HOUR_MS) < SUBMISSIONS_PER_HOUR &&
				within(submissions, 24 * HOUR_MS) < SUBMISSIONS_PER_DAY
			);
		},
		submitted() {
			submissions.push(now());
		},
		answered() {
			backoffMs = FIRST_BACKOFF_MS;
		},
		failed() {
			restUntilMs = now() + backoffMs;
			backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
		},
		refused() {
			restUntilMs = now() + HOUR_MS;
		},
		lookupsLastHour: () => within(lookups, HOUR_MS),
		submissionsLastDay: () => within(submissions, 24 * HOUR_MS),
		record() {
			forget();
			const ago = (times: readonly number[]): number[] => times.map((time) => Math.round(now() - time));
			const restMs = resting() ? Math.round(restUntilMs - now()) : 0;
			return { asked, lookupsAgoMs: ago(lookups), submissionsAgoMs: ago(submissions), restMs };
		},
		restore(saved, elapsedMs) {
			const times = (name: string): number[] => {
				const list = at(saved, name);
				if (!Array.isArray(list)) return [];
				const known = list.slice(-MOST_TIMES).flatMap((ago) => numberIn(ago, 0, WINDOW_MS) ?? []);
				return known.map((ago) => now() - elapsedMs - ago).sort((a, b) => a - b);
			};
			lookups = [...times("lookupsAgoMs"), ...lookups];
			submissions = [...times("submissionsAgoMs"), ...submissions];
			asked += Math.round(numberIn(at(saved, "asked"), 0, 1e9) ?? 0);
			const restMs = (numberIn(at(saved, "restMs"), 0, HOUR_MS) ?? 0) - elapsedMs;
			if (restMs > 0) restUntilMs = Math.max(restUntilMs, now() + restMs);
		},
	};
}
