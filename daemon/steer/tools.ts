/**
 * Starts the programs steering needs (iptables, ip, uci, conntrack, sh), counts them and gives each a time limit. `ip`
 * takes many changes in one process where it can (`-batch`; busybox's cannot and is started once per change).
 */
import type { Family } from "../health/types.ts";
import { AutonomyError, isAutonomyError } from "../platform/error.ts";
import type { Argv, Processes, RunOptions, RunResult } from "../platform/platform.ts";

const TIMEOUT_MS = 5000;
const OUTPUT_BYTES = 4 << 20;
/** Begins what is told of a batch as a whole. */
const BATCH = "ip -batch";
/** What `ip` says when the thing to remove is already gone: as wanted. */
const GONE = /No such (process|file|device)|Cannot find device|does not exist/i;

export interface Tools {
	/** Rejects with tool_missing when the program is not there, with spawn_failed when it cannot be started. */
	run(argv: Argv, options?: RunOptions): Promise<RunResult>;
	has(program: string): boolean;
	started(): number;
	/** `ip -4|-6 WORDS`: its output; rejects with process_failed. */
	ipShow(family: Family, words: readonly string[]): Promise<string>;
	/** Carries out lines of `ip` commands in order, all of them; returns what failed, one text per line. */
	ipChange(family: Family, lines: readonly string[]): Promise<string[]>;
	/** Both, the changes first, in one process where that is possible; rejects with process_failed as ipShow does. */
	ipChangeAndShow(family: Family, lines: readonly string[], shows: readonly string[]): Promise<ChangedAndShown>;
}

export interface ChangedAndShown {
	readonly failed: string[];
	/** What all `shows` printed, one after the other. */
	readonly text: string;
}

/** First line of what a program complained about, for reports. */
export function complaint(result: RunResult): string {
	if (result.timedOut) return "it did not end in time";
	const line = result.stderr.split("\n").find((text) => text.trim() !== "");
	return line?.trim().slice(0, 200) ?? `exit code ${result.code ?? "none"}`;
}

/** `onHang`: a program did not end in time and was killed; said again only after it had worked. */
export function createTools(processes: Processes, onHang: (program: string) => void = () => undefined): Tools {
	const hanging = new Set<string>();
	let started = 0;
	let batch = true;

	const run = async (argv: Argv, options: RunOptions = {}): Promise<RunResult> => {
		started++;
		try {
			const result = await processes.run(argv, { timeoutMs: TIMEOUT_MS, maxOutputBytes: OUTPUT_BYTES, ...options });
			const program = argv[0];
			if (!result.timedOut) hanging.delete(program);
			else if (!hanging.has(program)) onHang(program);
			if (result.timedOut) hanging.add(program);
			return result;
		} catch (error) {
			if (!isAutonomyError(error, "spawn_failed")) throw error;
			// One that is there and cannot be started now (no process, no memory left) is not missing: who took it for that
			// would think that nothing of ours is in the kernel.
			if (processes.find(argv[0]) !== null) throw error;
			throw new AutonomyError("tool_missing", `${argv[0]} is not installed`, { program: argv[0] });
		}
	};
	const familyFlag = (family: Family): string => (family === "ipv4" ? "-4" : "-6");

	const single = async (family: Family, line: string): Promise<string | null> => {
		const result = await run(["ip", familyFlag(family), ...line.split(" ")]);
		if (result.code === 0 || (/^\S+ (del|flush) /.test(line) && GONE.test(result.stderr))) return null;
		return `ip ${line}: ${complaint(result)}`;
	};

	/** Null where `ip` knows no -batch. */
	const inBatch = async (family: Family, lines: readonly string[]): Promise<ChangedAndShown | null> => {
		const result = await run(["ip", familyFlag(family), "-force", "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
		if (result.code === 0) return { failed: [], text: result.stdout };
		const failed: string[] = [];
		let named = false;
		let said = "";
		for (const text of result.stderr.split("\n")) {
			const at = /^Command failed -:(\d+)/.exec(text);
			if (!at) {
				said = text.trim() || said;
				continue;
			}
			named = true;
			const line = lines[Number(at[1]) - 1] ?? "";
			if (!(/^\S+ (del|flush) /.test(line) && GONE.test(said))) failed.push(`ip ${line}: ${said || "failed"}`);
			said = "";
		}
		if (/BusyBox|[Uu]sage:|[Oo]ption .*batch/.test(result.stderr)) return null;
		if (result.timedOut || !named) failed.push(`${BATCH}: ${complaint(result)}`);
		return { failed, text: result.stdout };
	};

	const ipShow = async (family: Family, words: readonly string[]): Promise<string> => {
		const result = await run(["ip", familyFlag(family), ...words]);
		if (result.code === 0) return result.stdout;
		const text = `ip ${words.join(" ")}: ${complaint(result)}`;
		throw new AutonomyError("process_failed", text, { family });
	};

	const ipChange = async (family: Family, lines: readonly string[]): Promise<string[]> => {
		if (lines.length === 0) return [];
		if (batch && lines.length > 1) {
			const done = await inBatch(family, lines);
			if (done) return done.failed;
			batch = false;
		}
		const failed: string[] = [];
		for (const line of lines) {
			const text = await single(family, line);
			if (text) failed.push(text);
		}
		return failed;
	};

	return {
		run,
		has: (program) => processes.find(program) !== null,
		started: () => started,
		ipShow,
		ipChange,
		async ipChangeAndShow(family, lines, shows) {
			if (batch && lines.length + shows.length > 1) {
				const done = await inBatch(family, [...lines, ...shows]);
				const needed = [BATCH, ...shows.map((show) => `ip ${show}`)];
				const bad = done?.failed.find((text) => needed.some((one) => text.startsWith(`${one}: `)));
				if (bad !== undefined) throw new AutonomyError("process_failed", bad, { family });
				if (done) return done;
				batch = false;
			}
			const failed = await ipChange(family, lines);
			const texts: string[] = [];
			for (const show of shows) texts.push(await ipShow(family, show.split(" ")));
			return { failed, text: texts.join("") };
		},
	};
}
