/** Reporter of node:test for test/run.ts: what has passed, failed or was skipped, a line of JSON each among what tests print. */
import type { TestEvent } from "node:test/reporters";

/** No test prints it. */
export const MARK = "\u001e";

export interface Result {
	readonly name: string;
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

export default async function* events(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
	for await (const { type, data } of source) {
		if (type !== "test:pass" && type !== "test:fail") continue;
		const { name, skip, details } = data;
		const result: Result = {
			name,
			suite: details.type === "suite",
			skip: skip === undefined || skip === false ? null : skip === true ? "" : skip,
			error: type === "test:fail" ? words(data.details.error) : null,
			ok: type === "test:pass",
		};
		yield `\n${MARK}${JSON.stringify(result)}\n`;
	}
}
