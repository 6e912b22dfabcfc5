/** Time from the bytes of a dish's reply to facts with units: the median of many, on what a real dish answered. */
import { readHistory } from "../../daemon/sense/starlink/history.ts";
import { readMap } from "../../daemon/sense/starlink/map.ts";
import type { Raw } from "../../daemon/sense/starlink/raw.ts";
import { readStatus } from "../../daemon/sense/starlink/status.ts";
import { decodeAnswer, type Question } from "../../daemon/sense/starlink/wire.ts";
import { historyAnswer, mapAnswer, type Plain, statusAnswer } from "../../lab/dish/answers.ts";
import { encodeAnswer } from "../../lab/dish/encode.ts";
import { percentile } from "../bus/measure.ts";

export interface DecodeFigures {
	readonly medianMs: number;
	/** The first one ever: what a router pays when its dish is found. */
	readonly firstMs: number;
	readonly bytes: number;
}

function measure(question: Question, plain: Plain, read: (raw: Raw) => unknown, times: number): DecodeFigures {
	const bytes = encodeAnswer(plain);
	const taken = new Float64Array(times);
	let firstMs = 0;
	for (let n = 0; n < times; n++) {
		const startedMs = performance.now();
		if (!read(decodeAnswer(question, bytes))) throw new Error(`${question}: nothing was read`);
		taken[n] = performance.now() - startedMs;
		if (n === 0) firstMs = taken[n] ?? 0;
	}
	taken.sort();
	return { medianMs: percentile(taken, 0.5), firstMs, bytes: bytes.length };
}

export function decodeTimes(times: number): Readonly<Record<"status" | "history" | "map", DecodeFigures>> {
	return {
		status: measure("get_status", statusAnswer(), readStatus, times),
		history: measure("get_history", historyAnswer(), readHistory, times),
		map: measure("dish_get_obstruction_map", mapAnswer(), (raw) => readMap(raw, 0, 80), times),
	};
}
