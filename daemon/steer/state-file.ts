/**
 * What we changed on this router, in a file on tmpfs: enough for a successor (or `autonomyd --give-back`) to take it
 * over or undo it after a kill -9. Written before each change, so that it may name more than was done but never less.
 * Gone after a reboot, like everything it describes.
 */
import type { Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Files } from "../platform/platform.ts";
import type { Drain } from "./drain.ts";
import type { MetricOverride } from "./mwan3-state.ts";
import type { PolicyFamily } from "./plan.ts";
import type { RouteChange } from "./routes.ts";
import type { SourceRule } from "./source-rules.ts";

const VERSION = 1;

/** What is needed to give mwan3's chains back without asking anybody. */
export interface ChainsTouched {
	readonly mask: number;
	readonly families: readonly Family[];
	readonly targets: readonly PolicyFamily[];
}

export interface SteerMemory {
	readonly rules: readonly SourceRule[];
	readonly routes: readonly RouteChange[];
	readonly overrides: readonly MetricOverride[];
	/** Uplinks whose open connections are held to them. */
	readonly drains: readonly Drain[];
	/** Null while mwan3's chains are as mwan3 made them. */
	readonly chains: ChainsTouched | null;
}

export const NOTHING: SteerMemory = { rules: [], routes: [], overrides: [], drains: [], chains: null };

export interface StateFile {
	/** What was found at start; null when there is no file, a problem text when it cannot be understood. */
	load(): { readonly found: boolean; readonly problem: string | null };
	get(): SteerMemory;
	set(change: Partial<SteerMemory>): void;
	/** Null, or why the file cannot be written (tmpfs full): then a kill -9 would leave things behind. */
	problem(): string | null;
}

function isEmpty(memory: SteerMemory): boolean {
	const lists = [memory.rules, memory.routes, memory.overrides, memory.drains];
	return lists.every((list) => list.length === 0) && memory.chains === null;
}

/** Shape check of the parts; the values are checked again by the encoders before they reach any program. */
export function parseMemory(text: string): SteerMemory | null {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return null;
	}
	if (typeof value !== "object" || value === null) return null;
	const { version, memory } = value as { version?: unknown; memory?: Partial<SteerMemory> };
	if (version !== VERSION || typeof memory !== "object" || memory === null) return null;
	const { rules, routes, overrides, drains, chains } = memory;
	if (!Array.isArray(rules) || !Array.isArray(routes)) return null;
	if (!Array.isArray(overrides) || !Array.isArray(drains)) return null;
	if (chains !== null && (typeof chains !== "object" || !Array.isArray(chains.targets))) return null;
	return { rules, routes, overrides, drains, chains };
}

export function createStateFile(files: Files, path: string, log: Logger): StateFile {
	let memory: SteerMemory = NOTHING;
	let written: string | null = null;
	let problem: string | null = null;

	const write = (): void => {
		const text = isEmpty(memory) ? null : JSON.stringify({ version: VERSION, memory });
		if (text === written && problem === null) return;
		try {
			if (text === null) files.remove(path);
			else {
				files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
				files.writeAtomic(path, text, 0o600);
			}
			written = text;
			problem = null;
		} catch (error) {
			const reason = errorText(error);
			if (problem === null) log.warn("steering state cannot be kept", { path, reason });
			problem = `${path} cannot be written (${reason}): free space in /tmp, else a crash leaves our changes behind`;
		}
	};

	return {
		load() {
			const text = files.readTextIfAny(path);
			if (text === null) return { found: false, problem: null };
			const parsed = parseMemory(text);
			written = text;
			if (!parsed)
				return { found: false, problem: `${path} is torn or of another version: nothing taken over from it` };
			memory = parsed;
			return { found: true, problem: null };
		},
		get: () => memory,
		set(change) {
			memory = { ...memory, ...change };
			write();
		},
		problem: () => problem,
	};
}
