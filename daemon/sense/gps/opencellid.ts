/**
 * Asks opencellid.org where a cell is (GET /cell/get) and, if the owner wants that, tells it what the modem hears where
 * (POST /measure/uploadJson), as often as pace.ts allows. What it said is kept (cell-cache.ts). Off unless enabled with a key.
 * The key goes into the request only, never into a log or an error.
 */
import type { GpsConfig } from "../../config/types.ts";
import { AutonomyError } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import { at, numberIn, wordOf } from "../values.ts";
import { createCellCache } from "./cell-cache.ts";
import { advanceM, type Cell, cellKey, type KnownCell, type LocatedCell } from "./cells.ts";
import type { Measurement } from "./contribution.ts";
import type { Place } from "./fix.ts";
import { createPace } from "./pace.ts";

const URL = "https://opencellid.org";
const HOUR_MS = 3_600_000;
const BOUNDARY = "autonomy-measurements";
/** Times of measurements that are further off are worth nothing. */
const MOST_CLOCK_ERROR_MS = 15 * 60_000;

export interface OpenCellId {
	/** Of these cells those it knows, in this order; asks for what is not known yet, as far as its pace allows. */
	locate(cells: readonly Cell[], config: GpsConfig): Promise<readonly LocatedCell[]>;
	/** True when they were taken. Throws when it refuses or does not answer. */
	contribute(measurements: readonly Measurement[], config: GpsConfig): Promise<boolean>;
	/** Minutes by which this router's clock is wrong, when so wrong that times of measurements are; by its replies. */
	clockErrorMin(): number | null;
	purge(here: Place): void;
	stats(): OpenCellIdStats;
	/** To be kept over a restart. */
	record(): object;
	restore(saved: unknown, elapsedMs: number): void;
	/** The cells are forgotten; the pace holds. */
	clear(): void;
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
	const pace = createPace(clock);
	/** Its wall clock minus our monotonic one. */
	let offsetMs: number | null = null;

	/** Throws what its owner can do something about. */
	function judge(status: number): void {
		if (status === 401 || status === 403) {
			pace.refused();
			throw new AutonomyError(
				"bus_denied",
				"opencellid.org refuses the key: check option opencellid_api_key in section gps",
			);
		}
		if (status === 429 || status >= 500) {
			pace.failed();
			throw new AutonomyError("connection_failed", `opencellid.org: HTTP status ${status}`);
		}
	}

	async function ask(cell: Cell, config: GpsConfig): Promise<KnownCell | null | undefined> {
		pace.asked();
		const { radio, mcc, mnc, area, cellId } = cell;
		const query = `mcc=${mcc}&mnc=${mnc}&lac=${area}&cellid=${cellId}&radio=${radio}&format=json`;
		const url = `${URL}/cell/get?key=${config.opencellidApiKey ?? ""}&${query}`;
		const { status, body } = await request({ url, timeoutMs: 5_000, maxBytes: 16_384 });
		judge(status);
		const found = status === 404 ? null : parseCell(body);
		if (found === undefined) pace.failed();
		else pace.answered();
		return found;
	}

	/** What goes wrong on the way names no address: the key is in it. */
	async function request(what: Parameters<typeof http.request>[0]): ReturnType<typeof http.request> {
		try {
			const reply = await http.request(what);
			const date = Date.parse(reply.headers.date ?? "");
			if (Number.isFinite(date)) offsetMs = date - clock.monotonicMs();
			return reply;
		} catch (error) {
			pace.failed();
			const code = error instanceof AutonomyError ? error.code : "connection_failed";
			throw new AutonomyError(code, "opencellid.org does not answer");
		}
	}

	return {
		async locate(cells, config) {
			const found: LocatedCell[] = [];
			const ratio = config.opencellidContribute ? config.opencellidRatioLimit : null;
			const limits = { lookupsPerHour: config.opencellidMaxLookupsPerHour, ratio };
			for (const cell of cells.slice(0, config.opencellidMaxCellsPerLookup)) {
				const key = cellKey(cell);
				let known = cache.get(key, clock.monotonicMs());
				if (known === undefined && pace.mayAsk(limits)) {
					const waitMs = pace.waitMs();
					if (waitMs > 0) await new Promise<void>((resolve) => timers.after(waitMs, resolve));
					known = await ask(cell, config);
					const negativeMs = config.opencellidNegativeCacheTtlHours * HOUR_MS;
					if (known !== undefined) cache.put(key, known, clock.monotonicMs(), negativeMs, random.uint32() / 2 ** 32);
				}
				if (known) found.push({ ...known, serving: cell.serving, advanceM: advanceM(cell) });
			}
			return found;
		},
		async contribute(measurements, config) {
			if (!pace.maySubmit()) return false;
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
			pace.submitted();
			pace.answered();
			return true;
		},
		clockErrorMin() {
			if (offsetMs === null) return null;
			const errorMs = clock.wallMs() - (clock.monotonicMs() + offsetMs);
			return Math.abs(errorMs) > MOST_CLOCK_ERROR_MS ? Math.round(errorMs / 60_000) : null;
		},
		purge: (here) => cache.purge(here),
		stats: () => ({
			lookupsLastHour: pace.lookupsLastHour(),
			contributionsLastDay: pace.submissionsLastDay(),
			cached: cache.size,
			resting: pace.resting(),
		}),
		record: () => ({ cells: cache.rows(clock.monotonicMs()), pace: pace.record() }),
		restore(saved, elapsedMs) {
			cache.restore(at(saved, "cells"), clock.monotonicMs(), elapsedMs);
			pace.restore(at(saved, "pace"), elapsedMs);
		},
		clear: () => cache.clear(),
	};
}
