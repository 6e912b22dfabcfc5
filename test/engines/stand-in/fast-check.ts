/** fast-check with fewer runs: an engine without a compiler takes some twenty times as long, and Node runs them all. */
import fc from "fast-check";

const MAX_RUNS = process.env.AUTONOMY_QJS_LONG === "1" ? 10_000 : 25;

const assert: typeof fc.assert = ((property: never, options?: { numRuns?: number }) =>
	fc.assert(property, { ...options, numRuns: Math.min(options?.numRuns ?? 100, MAX_RUNS) })) as typeof fc.assert;

export default { ...fc, assert };
