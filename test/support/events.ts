/**
 * Reporter of node:test for test/run.ts: what has begun, passed, failed or was skipped, a line of JSON each among what tests
 * print. On SIGUSR2 it tells what the process still holds: why one whose tests have all ended does not.
 */
import type { TestEvent } from "node:test/reporters";

/** No test prints it. */
export const MARK = "\u001e";
/** How a line on stderr begins that says why a test is done again (e2e/harness.ts). */
export const ONCE_MORE = "once more,";

export interface Begun {
	readonly begun: string;
	/** How many suites it is in. */
	readonly depth: number;
}

export interface Held {
	readonly held: readonly string[];
}

export interface Result {
	readonly name: string;
	readonly depth: number;
	readonly suite: boolean;
	/** Why it was skipped; empty when nobody said why; null when it ran. */
	readonly skip: string | null;
	/** What went wrong, with its stack; null when nothing did, or only in a test within that is told by itself. */
	readonly error: string | null;
	readonly ok: boolean;
}

function words(error: Error & { failureType?: string }): string | null {
	if (error.failureType === "subtestsFailed") return null;
	const cause = error.cause instanceof Error ? error.cause : error;
	return cause.stack ?? String(cause);
}

const line = (told: Begun | Held | Result): string => `\n${MARK}${JSON.stringify(told)}\n`;

export default async function* events(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
	process.on("SIGUSR2", () => process.stdout.write(line({ held: process.getActiveResourcesInfo() })));
	for await (const { type, data } of source) {
		if (type === "test:dequeue") yield line({ begun: data.name, depth: data.nesting });
		if (type !== "test:pass" && type !== "test:fail") continue;
		const { name, nesting, skip, details } = data;
		const result: Result = {
			name,
			depth: nesting,
			suite: details.type === "suite",
			skip: skip === undefined || skip === false ? null : skip === true ? "" : skip,
			error: type === "test:fail" ? words(data.details.error) : null,
			ok: type === "test:pass",
		};
		yield line(result);
	}
}
