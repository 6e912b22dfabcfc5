/** Running a modem tool to its end and reading the JSON it prints. By argv, with a limit of time and of output. */
import { AutonomyError } from "../../platform/error.ts";
import type { Argv, Platform } from "../../platform/platform.ts";

const MAX_BYTES = 65_536;
const DENIED = /permission denied|access denied|not authori[sz]ed|not allowed/i;
const GONE = /couldn't find|no such (?:file|device)|not found|no modems|failed to open/i;

/** What one kind of program complains about becomes the same few codes for all. */
export function complaint(program: string, words: string): AutonomyError {
	const text = words.trim().split("\n")[0]?.slice(0, 160) ?? "";
	const told = `${program}: ${text === "" ? "no answer" : text}`;
	if (DENIED.test(text)) return new AutonomyError("bus_denied", told);
	return new AutonomyError(GONE.test(text) ? "not_found" : "process_failed", told);
}

export async function runText(
	platform: Platform,
	name: string,
	args: readonly string[],
	limitMs: number,
): Promise<string> {
	const program = platform.processes.find(name);
	if (program === null) throw new AutonomyError("not_found", `${name} is not installed`);
	const argv: Argv = [program, ...args];
	const result = await platform.processes.run(argv, { timeoutMs: limitMs, maxOutputBytes: MAX_BYTES });
	if (result.timedOut) throw new AutonomyError("timeout", `${name}: no answer within ${limitMs} ms`);
	if (result.truncated) throw new AutonomyError("process_failed", `${name}: printed more than ${MAX_BYTES} bytes`);
	if (result.code !== 0) throw complaint(name, result.stderr === "" ? result.stdout : result.stderr);
	return result.stdout;
}

export async function runJson(
	platform: Platform,
	name: string,
	args: readonly string[],
	limitMs: number,
): Promise<unknown> {
	const text = await runText(platform, name, args, limitMs);
	try {
		return JSON.parse(text);
	} catch {
		throw new AutonomyError("process_failed", `${name}: printed something that is not JSON`);
	}
}
