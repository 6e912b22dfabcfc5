/**
 * One dish while it answers: the status by whoever paces us, and beside it, each at its own pace, its history, its
 * diagnostics, its map of the sky and (only where the owner wants positions) its location. One slow or refused question
 * delays no other but those behind it in this list, and never the status. Loaded when a dish has been found.
 */
import { errorText, isAutonomyError } from "../../platform/error.ts";
import type { Closable } from "../../platform/platform.ts";
import { createPoller } from "../poller.ts";
import type { Details, SensorContext, SensorPicture } from "../sensor.ts";
import { createDishClient } from "./client.ts";
import { describeDish, type Extras, factsOf } from "./describe.ts";
import { type DishDiagnostics, type DishPosition, readDiagnostics, readLocation } from "./diagnostics.ts";
import { type HistorySummary, readHistory, summaryOf } from "./history.ts";
import { createDishJudge } from "./judge.ts";
import type { DishAddress } from "./knock.ts";
import { type ObstructionMap, readMap } from "./map.ts";
import type { Raw } from "./raw.ts";
import { type DishStatus, readStatus } from "./status.ts";
import type { Question } from "./wire.ts";

export interface DishSession extends Closable {
	/** Asks for the status and uses it, when still wanted. Rejects as the client does. */
	ask(stillWanted: () => boolean): Promise<string>;
	setActive(active: boolean): void;
	/** An outage goes on, or something threatens. */
	troubled(): boolean;
	/** It does not answer any more. */
	lose(): void;
	moved(): void;
	details(): Details | null;
	picture(): SensorPicture | null;
}

/** How often the second questions are looked at; each has its own interval in EXTRAS. */
const LOOK_MS = 5_000;
const HISTORY_MS = { active: 60_000, standby: 300_000 } as const;
const DIAGNOSTICS_MS = 600_000;
const MAP_MS = 600_000;

interface Extra {
	readonly question: Question;
	/** Null: not wanted now. */
	everyMs(): number | null;
	take(raw: Raw, atMs: number): void;
}

export function createDishSession(context: SensorContext, addressNow: () => DishAddress): DishSession {
	const { platform, config, log } = context;
	const { clock } = platform;
	const client = createDishClient(platform, addressNow);
	const judge = createDishJudge(context, () => config().starlink.rebootLeadS * 1000);
	const askedMs = new Map<Question, number>();
	const told = new Map<Question, string>();
	let active = false;
	let status: DishStatus | null = null;
	let history: HistorySummary | null = null;
	let diagnostics: DishDiagnostics | null = null;
	let position: { readonly where: DishPosition; readonly atMs: number } | null = null;
	let map: { readonly map: ObstructionMap; readonly atMs: number } | null = null;

	const timeoutMs = (): number => config().starlink.timeoutS * 1000;
	const extras: readonly Extra[] = [
		{
			question: "get_history",
			everyMs: () => (active ? HISTORY_MS.active : HISTORY_MS.standby),
			take(raw, atMs) {
				const whole = readHistory(raw);
				history = summaryOf(whole);
				judge.history(atMs, clock.wallMs(), whole);
			},
		},
		{
			question: "dish_get_obstruction_map",
			everyMs: () => (config().starlink.obstructionMap ? MAP_MS : null),
			take(raw, atMs) {
				const { azimuthDeg = null, elevationDeg = null } = status?.pointing ?? {};
				const read = readMap(raw, azimuthDeg, elevationDeg);
				map = read && { map: read, atMs };
				judge.sky(read?.towardPct ?? null);
			},
		},
		{
			question: "get_diagnostics",
			everyMs: () => DIAGNOSTICS_MS,
			take(raw) {
				diagnostics = readDiagnostics(raw);
			},
		},
		{
			question: "get_location",
			everyMs: () => (config().gps.enabled ? config().gps.collectionIntervalS * 1000 : null),
			take(raw, atMs) {
				const where = readLocation(raw);
				position = where && { where, atMs };
			},
		},
	];

	function isDue({ question, everyMs }: Extra): boolean {
		const interval = everyMs();
		if (interval === null || client.refused(question) !== null) return false;
		return clock.monotonicMs() - (askedMs.get(question) ?? Number.NEGATIVE_INFINITY) >= interval;
	}

	/** Told when it changes: a refusal would stand in the log every few seconds (and did, in other clients). */
	function say(question: Question, text: string): void {
		if ((told.get(question) ?? "") === text) return;
		told.set(question, text);
		if (text !== "") log.info("provider", { member: context.uplink.id, question, reason: text });
	}

	async function askExtras(wanted: () => boolean): Promise<string> {
		if (status === null) return "waiting for the status";
		let failed: unknown = null;
		for (const extra of extras) {
			if (!wanted()) return "";
			if (!isDue(extra)) continue;
			askedMs.set(extra.question, clock.monotonicMs());
			try {
				const raw = await client.ask(extra.question, timeoutMs());
				if (!wanted()) return "";
				extra.take(raw, clock.monotonicMs());
				say(extra.question, "");
			} catch (error) {
				say(extra.question, errorText(error));
				const permanent = isAutonomyError(error, "rpc_denied") || isAutonomyError(error, "rpc_unsupported");
				if (!permanent) failed = error;
			}
		}
		if (failed !== null) throw failed;
		return "ok";
	}

	const extrasPoller = createPoller({
		platform,
		intervalMs: () => LOOK_MS,
		limitMs: 5 * 60_000,
		work: askExtras,
	});

	/** Old positions are worth nothing on a van. */
	function positionNow(): DishPosition | null {
		if (!config().gps.enabled) return null;
		const freshMs = 2 * config().gps.collectionIntervalS * 1000;
		if (position !== null && clock.monotonicMs() - position.atMs < freshMs) return position.where;
		return diagnostics?.position ?? null;
	}

	return {
		async ask(wanted) {
			const raw = await client.ask("get_status", timeoutMs());
			if (!wanted()) return "";
			const first = status === null;
			// Polls see an outage in steps of a second; its own list knows how long it was.
			const over = status?.outage != null;
			status = readStatus(raw);
			if (over && status.outage === null) askedMs.delete("get_history");
			client.firmware(status.firmware);
			judge.status(clock.monotonicMs(), clock.wallMs(), status);
			if (first) extrasPoller.soon();
			return sentence(status);
		},
		setActive(next) {
			active = next;
		},
		troubled: () => status?.outage != null || judge.picture(clock.monotonicMs()).danger !== null,
		lose() {
			status = null;
			// What it knew may be of before a restart: all is asked for again when it is back.
			askedMs.clear();
			judge.lose();
		},
		moved() {
			map = null;
			askedMs.delete("dish_get_obstruction_map");
			judge.moved();
			judge.sky(null);
		},
		details() {
			if (status === null) return null;
			const nowMs = clock.monotonicMs();
			const extra: Extras = {
				door: client.door(),
				host: config().starlink.host,
				history,
				diagnostics,
				position: positionNow(),
				map: map?.map ?? null,
				refused: extras.map((one) => one.question).filter((question) => client.refused(question) !== null),
				picture: judge.picture(nowMs),
				wallMs: clock.wallMs(),
			};
			return describeDish(status, extra);
		},
		picture: () => map && { atMs: map.atMs, facts: factsOf(map.map), cells: map.map.picture },
		close() {
			extrasPoller.close();
			client.close();
		},
	};
}

function sentence(status: DishStatus): string {
	if (status.outage !== null) return `the dish reports an outage: ${status.outage.cause}`;
	const drop = status.dropPct === null ? "" : `, drops ${status.dropPct.toFixed(1)} %`;
	const blocked = status.obstruction?.skyPct;
	return `connected${drop}${blocked === null || blocked === undefined ? "" : `, ${blocked.toFixed(1)} % of the sky blocked`}`;
}
