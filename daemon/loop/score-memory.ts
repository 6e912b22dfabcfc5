/**
 * How predictions ended outlives the daemon, though not the router: the sums are noted in /tmp when one was judged, and those of
 * before the restart are added to what the engine counts. A file that is torn or foreign counts as none.
 */
import type { EngineState } from "../decide/state.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Files } from "../platform/platform.ts";

export interface Sums {
	readonly right: number;
	readonly early: number;
	readonly wrong: number;
}

export interface ScoreMemory {
	/** Called with every new state; writes only when a prediction was judged. */
	remember(state: EngineState): void;
	/** Of this run and those before. */
	sums(state: EngineState): Sums;
	reset(state: EngineState): void;
}

const NONE: Sums = { right: 0, early: 0, wrong: 0 };

export function createScoreMemory(options: {
	readonly files: Pick<Files, "readTextIfAny" | "writeAtomic">;
	readonly log: Logger;
	readonly path: string;
}): ScoreMemory {
	const { files, log, path } = options;
	let before = read();
	let noted = JSON.stringify(before);
	let told = false;

	function read(): Sums {
		try {
			const value: unknown = JSON.parse(files.readTextIfAny(path) ?? "{}");
			if (typeof value !== "object" || value === null) return NONE;
			const of = (name: keyof Sums): number => {
				const count: unknown = name in value ? (value as Record<string, unknown>)[name] : 0;
				return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : 0;
			};
			return { right: of("right"), early: of("early"), wrong: of("wrong") };
		} catch {
			return NONE;
		}
	}

	function sums({ foresight: { right, early, wrong } }: EngineState): Sums {
		return { right: before.right + right, early: before.early + early, wrong: before.wrong + wrong };
	}

	function remember(state: EngineState): void {
		const text = JSON.stringify(sums(state));
		if (text === noted) return;
		try {
			files.writeAtomic(path, text);
			noted = text;
		} catch (error) {
			if (!told) log.warn("forecast", { reason: `its score will not be known after a restart: ${errorText(error)}` });
			told = true;
		}
	}

	return {
		remember,
		sums,
		reset(state) {
			const { right, early, wrong } = state.foresight;
			before = { right: -right, early: -early, wrong: -wrong };
			remember(state);
		},
	};
}
