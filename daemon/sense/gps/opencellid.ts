/**
 * Asks opencellid.org where a cell is (GET /cell/get) and, if the owner wants that, tells it what the modem hears where
 * (POST /measure/uploadJson). Paces: 200 ms between questions, a limit an hour, backing off from 1 s to 5 min on 429 and
 * failures, and while contributing a ratio of questions to contributions over 48 hours once ten were free. Off unless
 * enabled with a key. The key goes into the request only, never into a log or an error.
 */
import type { GpsConfig } from "../../config/types.ts";
import { AutonomyError } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import { at, numberIn, wordOf } from "../values.ts";
import { createCellCache } from "./cell-cache.ts";
import { type Cell, cellKey, type KnownCell } from "./cells.ts";
import type { Measurement } from "./contribution.ts";
import type { Place } from "./fix.ts";

const URL = "https://opencellid.org";
const GAP_MS = 200;
const HOUR_MS = 3_600_000;
const RATIO_WINDOW_MS = 48 * HOUR_MS;
const FREE_LOOKUPS = 10;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;
const SUBMISSIONS_PER_HOUR = 6;
const SUBMISSIONS_PER_DAY = 50;
const BOUNDARY = "autonomy-measurements";

export interface OpenCellId {
	/** Of these cells those it knows, in this order; asks for what is not known yet, as far as its pace allows. */
	locate(cells: readonly Cell[], config: GpsConfig): Promise<readonly KnownCell[]>;
	/** True when they were taken. Throws when it refuses or does not answer. */
	contribute(measurements: readonly Measurement[], config: GpsConfig): Promise<boolean>;
	purge(here: Place): void;
	stats(): OpenCellIdStats;
}

export interface OpenCellIdStats {
	readonly lookupsLastHour: number;
	readonly contributionsLastDay: number;
	readonly cached: number;
	readonly resting: boolean;
}

/** undefined: the reply says nothing about the cell. */
export function parseCell(body: string): KnownCell | null | undefined {
	let value: unknown;
	try {
		value = JSON.parse(body);
	} catch {
		return undefined;
	}
	const latitude = numberIn(at(value, "lat"), -90, 90);
	const longitude = numberIn(at(value, "lon"), -180, 180);
	if (latitude !== null && longitude !== null && !(latitude === 0 && longitude === 0)) {
		const rangeM = numberIn(at(value, "range"), 1, 100_000) ?? 5_000;
		return { latitude, longitude, rangeM, samples: Math.round(numberIn(at(value, "samples"), 0, 1e9) ?? 0) };
	}
	const words = `${wordOf(at(value, "error")) ?? ""} ${wordOf(at(value, "message")) ?? ""}`;
	return /cell (?:is )?not found|no matches/i.test(words) ? null : undefined;
}

export function createOpenCellId(platform: Pick<Platform, "clock" | "timers" | "http" | "random">): OpenCellId {
	const { clock, timers, http, random } = platform;
	const cache = createCellCache();
	let lookups: number[] = [];
	let submissions: number[] = [];
	let asked = 0;
	let restUntilMs = Number.NEGATIVE_INFINITY;
	let backoffMs = FIRST_BACKOFF_MS;

	const within = (times: readonly number[], ms: number): number =>
		times.filter((time) => time > clock.monotonicMs() - ms).length;

	function mayAsk(config: GpsConfig): boolean {
		lookups = lookups.filter((time) => time > clock.monotonicMs() - RATIO_WINDOW_MS);
		submissions = submissions.filter((time) => time > clock.monotonicMs() - RATIO_WINDOW_MS);
		if (clock.monotonicMs() < restUntilMs) return false;
		if (within(lookups, HOUR_MS) >= config.opencellidMaxLookupsPerHour) return false;
		if (!config.opencellidContribute || asked < FREE_LOOKUPS) return true;
		return lookups.length < config.opencellidRatioLimit * Math.max(1, submissions.length);
	}

	function rest(): void {
		restUntilMs = clock.monotonicMs() + backoffMs;
		backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
	}

	/** Throws what its owner can do something about. */
	function judge(status: number): void {
		if (status === 401 || status === 403) {
			restUntilMs = clock.monotonicMs() + HOUR_MS;
			throw new AutonomyError(
				"bus_denied",
				"opencellid.org refuses the key: check option opencellid_api_key in section gps",
			);
		}
		if (status === 429 || status >= 500) {
			rest();
			throw new AutonomyError("connection_failed", `opencellid.org: HTTP status ${status}`);
		}
	}

	async function ask(cell: Cell, config: GpsConfig): Promise<KnownCell | null | undefined> {
		lookups.push(clock.monotonicMs());
		asked++;
		const { radio, mcc, mnc, area, cellId } = cell;
		const query = `mcc=${mcc}&mnc=${mnc}&lac=${area}&cellid=${cellId}&radio=${radio}&format=json`;
		const url = `${URL}/cell/get?key=${config.opencellidApiKey ?? ""}&${query}`;
		const { status, body } = await request({ url, timeoutMs: 5_000, maxBytes: 16_384 });
		judge(status);
		const found = status === 404 ? null : parseCell(body);
		if (found === undefined) rest();
		else backoffMs = FIRST_BACKOFF_MS;
		return found;
	}

	/** What goes wrong on the way names no address: the key is in it. */
	async function request(what: Parameters<typeof http.request>[0]): ReturnType<typeof http.request> {
		try {
			return await http.request(what);
		} catch (error) {
			rest();
			const code = error instanceof AutonomyError ? error.code : "connection_failed";
			throw new AutonomyError(code, "opencellid.org does not answer");
		}
	}

	return {
		async locate(cells, config) {
			const found: KnownCell[] = [];
			let first = true;
			for (const cell of cells.slice(0, config.opencellidMaxCellsPerLookup)) {
				const key = cellKey(cell);
				let known = cache.get(key, clock.monotonicMs());
				if (known === undefined && mayAsk(config)) {
					if (!first) await new Promise<void>((resolve) => timers.after(GAP_MS, resolve));
					first = false;
					known = await ask(cell, config);
					const negativeMs = config.opencellidNegativeCacheTtlHours * HOUR_MS;
					if (known !== undefined) cache.put(key, known, clock.monotonicMs(), negativeMs, random.uint32() / 2 ** 32);
				}
				if (known) found.push(known);
			}
			return found;
		},
		async contribute(measurements, config) {
			if (clock.monotonicMs() < restUntilMs) return false;
			if (within(submissions, HOUR_MS) >= SUBMISSIONS_PER_HOUR) return false;
			if (within(submissions, 24 * HOUR_MS) >= SUBMISSIONS_PER_DAY) return false;
			const file = JSON.stringify({ measurements });
			const part = (head: string, content: string): string =>
				`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
			const body =
				part('name="key"', config.opencellidApiKey ?? "") +
				part('name="datafile"; filename="measurements.json"', file) +
				`--${BOUNDARY}--\r\n`;
			const headers = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
			const url = `${URL}/measure/uploadJson`;
			const { status } = await request({ url, method: "POST", headers, body, timeoutMs: 10_000, maxBytes: 16_384 });
			judge(status);
			if (status >= 300) throw new AutonomyError("connection_failed", `opencellid.org: HTTP status ${status}`);
			submissions.push(clock.monotonicMs());
			backoffMs = FIRST_BACKOFF_MS;
			return true;
		},
		purge: (here) => cache.purge(here),
		stats: () => ({
			lookupsLastHour: within(lookups, HOUR_MS),
			contributionsLastDay: within(submissions, 24 * HOUR_MS),
			cached: cache.size,
			resting: clock.monotonicMs() < restUntilMs,
		}),
	};
}
