/** The daemon's own sudden end, a hundred times: fifty on each of two routers, side by side. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomFrom } from "../decide/support.ts";
import {
	assertGivenBack,
	type Bench,
	fingerprint,
	flowsVia,
	impossible,
	openBench,
	READY_MS,
	ready,
	uplink,
} from "./harness.ts";

const skip = impossible() ?? false;
const TIMES = Number(process.env.KILLS ?? 100) / 2;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("kill -9 at random moments", { skip, concurrency: 2 }, () => {
	for (const seed of [20261121, 20261122]) {
		describe(`seed ${seed}`, () => {
			let bench: Bench;
			before(async () => {
				bench = await openBench();
			});
			after(() => bench.close());

			test(`${TIMES} times: the next one puts the router right`, async (t) => {
				const found = await fingerprint(bench.router);
				const random = randomFrom(seed);
				let left = 0;
				for (let n = 0; n < TIMES; n++) {
					const daemon = await bench.daemon(t, { inherits: true });
					// Some die while starting, some at rest, some in the middle of a switch.
					if (n % 2 === 0) await sleep(random() * 900);
					else {
						const target = uplink(bench, 1 + (Math.floor(n / 2) % 3));
						const eligible = async (): Promise<boolean> =>
							(await daemon.status()).rank.some((one) => one.name === target && one.eligible);
						await daemon.until(`${target} can be used`, eligible, READY_MS);
						void daemon.call("failover", { member: target, reason: "test" }, 5000).catch(() => null);
						await sleep(random() * 120);
					}
					await daemon.kill("SIGKILL");
					await daemon.process.exited;
					if (n % 2 === 0) continue;
					const after_ = await fingerprint(bench.router);
					if (Object.keys(found).some((name) => after_[name] !== found[name])) left++;
				}
				// Else there was nothing to put right.
				assert.ok(left >= TIMES / 10, `${left} of ${TIMES} left something behind`);
				const daemon = await bench.daemon(t, { inherits: true });
				const good = async (): Promise<boolean> => {
					const { rank } = await daemon.status();
					return rank.length > 0 && rank.every((one) => one.eligible);
				};
				await daemon.until("every uplink is good", good, READY_MS);
				await daemon.order("restore", {});
				await ready(bench, daemon, 1, [1]);
				const traffic = await bench.traffic(t);
				await flowsVia(traffic, 1, 3000, daemon);
				assert.equal(await daemon.stop(), 0);
				await assertGivenBack(bench.router, found);
				t.diagnostic(`${left} of ${TIMES} left something behind`);
			});
		});
	}
});
