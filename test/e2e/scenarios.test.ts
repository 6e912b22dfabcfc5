/**
 * The scenario files of the lab with the daemon, each on a router of its own: what they expect is met. Those with all they
 * expect within 40 s; the longer ones are played by hand (lab/README.md), their subjects by the tests beside this one.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { readScenario, type Scenario } from "../../lab/scenario/format.ts";
import { play } from "../../lab/scenario/play.ts";
import { ONCE_MORE } from "../support/events.ts";
import { impossible, STARVED, starvation } from "./harness.ts";

const FOLDER = "lab/scenario/files";
const SHORT_S = 40;
/** Each has a router of its own: two at once, or the file would take minutes. */
const AT_ONCE = 2;
/** Scenarios say what a machine does that does nothing else. */
const PATIENCE = 5;
const skip = process.env.OPENWRT_ROOT ? "scenarios are played on the lab's stand-ins" : (impossible() ?? false);

interface Outcome {
	readonly failures: readonly string[];
	readonly skipped: readonly string[];
	readonly words: string;
	/** The machine was too busy for its daemon: what failed proves nothing. */
	readonly isStarved: boolean;
}

async function played(scenario: Scenario): Promise<Outcome> {
	const { isps, layout, modems, radios, autonomy } = scenario;
	const config = autonomy === "" ? {} : { config: { autonomy } };
	const router = await startStandIn({ isps, layout, modems, radios, ...config });
	const bus = hostBus(router);
	try {
		const daemon = await startAutonomyd(router, bus);
		// A scenario's time begins when its daemon is there, which takes a multiple on a busy machine.
		await daemon.until(
			"every uplink is known to work",
			async () => {
				const members = await daemon.members();
				return members.length > 0 && members.every(({ families }) => families.every((one) => one.verdict === "up"));
			},
			300_000,
		);
		const { failures, steps } = await play(router, scenario, { patience: PATIENCE });
		const words = daemon.describe();
		const waited = (await starvation(router, daemon)) ?? 0;
		await daemon.stop();
		return { failures, skipped: steps.flatMap((one) => one.skipped ?? []), words, isStarved: waited >= STARVED };
	} finally {
		bus.close();
		await router.close();
	}
}

describe("scenario files", { skip, concurrency: AT_ONCE }, () => {
	for (const file of readdirSync(FOLDER).sort()) {
		const scenario = readScenario(readFileSync(`${FOLDER}/${file}`, "utf8"), file);
		if (scenario.length_s > SHORT_S || scenario.expect.length === 0) continue;
		test(`${file}: ${scenario.about}`, async (t) => {
			let { failures, skipped, words, isStarved } = await played(scenario);
			for (let more = 2; failures.length > 0 && isStarved && more > 0; more--) {
				console.error(`${ONCE_MORE} the machine was too busy for the daemon: ${file}: ${failures.join("; ")}`);
				({ failures, skipped, words, isStarved } = await played(scenario));
			}
			if (skipped.length > 0) return t.skip(skipped.join("; "));
			assert.deepEqual(failures, [], words);
		});
	}
});
