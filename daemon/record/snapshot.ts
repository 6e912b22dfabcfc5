/**
 * What of the record survives a restart: the newest rows of every resolution, events, decisions and actions, as far as
 * the snapshot's share of the memory goes (a file in /tmp is memory too). Recorded inputs do not: they belong to the
 * engine state of their run. Built in steps, so that a large store never holds up the loop.
 */
import { concat } from "../platform/text.ts";
import { rowBytes } from "./block.ts";
import { type ClockReading, clockReadingFrom, shiftBetween } from "./clocks.ts";
import type { RecordList } from "./list.ts";
import { tiersFor } from "./metrics.ts";
import {
	endBytes,
	headerBytes,
	jsonBytes,
	jsonFrom,
	readSections,
	type Section,
	sectionBytes,
} from "./snapshot-file.ts";
import { decodeRows, encodeRows } from "./snapshot-rows.ts";
import type { SampleStore, TierRows } from "./store.ts";

export interface Keeps {
	readonly store: SampleStore;
	readonly lists: Readonly<Record<string, RecordList>>;
}

/** How the rows' part of the budget is shared among raw, 10 s and 60 s rows of an uplink. */
const TIER_SHARE = [0.15, 0.25, 0.6] as const;
/** Part of the budget that events, decisions and actions may take. */
const LIST_SHARE = 0.4;

/** Yields between steps; the last value is the finished file. */
export function* buildSnapshot(
	keeps: Keeps,
	meta: ClockReading & { readonly run: number },
	budgetBytes: number,
): Generator<undefined, Uint8Array> {
	const parts = [headerBytes(), sectionBytes({ kind: "meta", content: jsonBytes(meta) })];
	const lists = Object.entries(keeps.lists);
	for (const [name, list] of lists) {
		parts.push(
			sectionBytes({ kind: "list", content: listContent(name, list, (budgetBytes * LIST_SHARE) / lists.length) }),
		);
		yield undefined;
	}
	const series = keeps.store.all();
	for (const one of series) {
		const share = (budgetBytes * (1 - LIST_SHARE)) / series.length;
		for (const [index, rows] of one.tiers.entries()) {
			const maxRows = Math.floor((share * (TIER_SHARE[index] ?? 0)) / bytesPerRow(rows));
			parts.push(sectionBytes({ kind: "rows", content: encodeRows(one, rows, maxRows) }));
			yield undefined;
		}
	}
	parts.push(endBytes(parts.length - 1));
	return concat(parts);
}

function bytesPerRow(rows: TierRows): number {
	return rowBytes(rows.tier.width, Math.max(1, ...rows.blocks.map((block) => block.layout.columns)));
}

function listContent(name: string, list: RecordList, budgetBytes: number): Uint8Array {
	const kept: string[] = [];
	let bytes = 0;
	for (const entry of list.latest(Number.MAX_SAFE_INTEGER)) {
		// Twice, since every quote inside is escaped once more.
		bytes += entry.json.length * 2 + 64;
		if (bytes > budgetBytes) {
			break;
		}
		kept.push(JSON.stringify([entry.id, entry.atMs, entry.type, entry.json]));
	}
	return jsonBytes([name, ...kept.reverse()]);
}

export interface Restored {
	/** Number of the run that wrote the snapshot. */
	readonly run: number;
	readonly rows: number;
	readonly entries: number;
	readonly gapMs: number;
}

/** Fills the (empty) keeps from a snapshot. All times are on this run's clock afterwards. */
export function restoreSnapshot(
	bytes: Uint8Array,
	keeps: Keeps,
	now: ClockReading,
	retentionHours: number,
): Restored | { readonly refused: string } {
	const read = readSections(bytes);
	if ("refused" in read) {
		return read;
	}
	const meta = read.sections[0];
	const head = meta?.kind === "meta" ? jsonFrom(meta.content) : null;
	const old = clockReadingFrom(head);
	const run = (head as { readonly run?: unknown } | null)?.run;
	if (old === null || typeof run !== "number") {
		return { refused: "damaged" };
	}
	const shift = shiftBetween(old, now, retentionHours * 3_600_000);
	if ("unknown" in shift) {
		return { refused: shift.unknown };
	}
	let rows = 0;
	let entries = 0;
	for (const section of read.sections) {
		if (section.kind === "rows") {
			rows += restoreRows(section, keeps.store, shift.shiftMs, now.monotonicMs);
		} else if (section.kind === "list") {
			entries += restoreList(section, keeps.lists, shift.shiftMs, now.monotonicMs, run);
		}
	}
	return { run, rows, entries, gapMs: now.monotonicMs - (old.monotonicMs + shift.shiftMs) };
}

function restoreRows(section: Section, store: SampleStore, shiftMs: number, nowMs: number): number {
	const tiers = tiersFor(1);
	const decoded = decodeRows(section.content, (name) => tiers.find((tier) => tier.name === name)?.width ?? null);
	if (decoded === null) {
		return 0;
	}
	const tierIndex = tiers.findIndex((tier) => tier.name === decoded.tier);
	let rows = 0;
	decoded.each((atMs, row) => {
		const shifted = atMs + shiftMs;
		if (Number.isFinite(shifted) && shifted <= nowMs) {
			store.restoreRow(decoded.uplink, tierIndex, shifted, row);
			rows++;
		}
	});
	return rows;
}

function restoreList(section: Section, lists: Keeps["lists"], shiftMs: number, nowMs: number, run: number): number {
	const content = jsonFrom(section.content);
	if (!Array.isArray(content)) {
		return 0;
	}
	const list = typeof content[0] === "string" ? lists[content[0]] : undefined;
	let entries = 0;
	for (const line of list === undefined ? [] : content.slice(1)) {
		const entry: unknown = typeof line === "string" ? JSON.parse(line) : null;
		if (!Array.isArray(entry)) {
			continue;
		}
		const [id, atMs, type, json] = entry as unknown[];
		if (typeof id === "string" && typeof atMs === "number" && typeof type === "string" && typeof json === "string") {
			list?.add({ id: ofRun(id, run), atMs: Math.min(nowMs, atMs + shiftMs), type, json: idsOfRun(json, run) });
			entries++;
		}
	}
	return entries;
}

/** The engine counts from 1 in each run; what an earlier run called d5 is r1-d5 from then on. */
function ofRun(id: string, run: number): string {
	return /^r\d+-/.test(id) ? id : `r${run}-${id}`;
}

function idsOfRun(json: string, run: number): string {
	const record = JSON.parse(json) as Record<string, unknown>;
	for (const name of ["id", "decisionId", "actionId"]) {
		const id = record[name];
		if (typeof id === "string") {
			record[name] = ofRun(id, run);
		}
	}
	return JSON.stringify(record);
}
