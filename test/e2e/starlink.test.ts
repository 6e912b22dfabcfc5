/** A dish that knows more than probes can, with real packets: what it announces moves traffic before anything is lost. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import { nowMs } from "../../lab/net/lab.ts";
import { type Bench, flowsVia, impossible, moveList, openBench, ready, undisturbed, uplink } from "./harness.ts";

const skip = impossible() ?? false;
const LEAD_S = 10;
const CONFIG = `config autonomy 'main'
	option min_uptime_s '1'

config starlink 'api'
	option reboot_lead_s '${LEAD_S}'
	option timeout_s '2'
`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("starlink", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2, config: { autonomy: CONFIG } });
		await bench.world.do({ do: "dish", isp: 1 });
		// A LAN of the same network must not swallow the questions.
		await bench.router.run(["ip", "route", "add", "192.168.100.0/24", "dev", "br-lan"]);
	});
	after(() => bench.close());

	async function dishAnswers(daemon: Awaited<ReturnType<Bench["daemon"]>>): Promise<void> {
		await daemon.until(
			"the dish answers and makes its uplink Starlink",
			async () => (await daemon.members()).find((one) => one.name === uplink(bench, 1))?.class === "starlink",
			10_000,
		);
	}

	test("an announced restart: everything is elsewhere before, nothing is lost, and nobody goes back too early", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			await dishAnswers(daemon);
			const members = await daemon.members();
			assert.notEqual(
				members.find((one) => one.name === uplink(bench, 2))?.class,
				"starlink",
				"each through its own uplink",
			);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			const since = nowMs();
			const inS = LEAD_S + 4;
			const goneMs = since + inS * 1000;
			await bench.world.do({ do: "dish_restart", isp: 1, in_s: inS, for_s: 6 });
			const { fresh, freshLeftMs } = await traffic.report({ sinceMs: since, leaving: 1 });
			assert.equal(fresh.lost, 0, daemon.describe());
			const leadMs = Math.round(goneMs - (freshLeftMs ?? Number.NaN));
			t.diagnostic(`new flows left ${leadMs} ms before the dish went down`);
			assert.ok(leadMs > 0, `left ${-leadMs} ms after it\n${daemon.describe()}`);
			const { decisions } = await daemon.call<Reply<"decisions">>("decisions");
			const why = decisions.find((one) => one.rule === "predictive");
			assert.match(why?.text ?? "", /^Left wan before trouble: The dish restarts in \d+ s, as it announced/);
			await daemon.until(
				"the dish is back, and its restart is told",
				async () => {
					const { events } = await daemon.call<Reply<"events">>("events", { type: "dish_restart" });
					return events.length > 0;
				},
				30_000,
			);
		}));

	test("obstructed again and again: after the third time traffic stays away, and the next ones cost nothing", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			await dishAnswers(daemon);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			for (let round = 0; round < 3; round++) {
				await bench.world.do({ do: "dish_outage", isp: 1, cause: "OBSTRUCTED", for_s: 3 });
				await sleep(2000);
			}
			await flowsVia(traffic, 2, 3000, daemon);
			const since = nowMs();
			await bench.world.do({ do: "dish_outage", isp: 1, cause: "OBSTRUCTED", for_s: 4 });
			await sleep(500);
			const { fresh } = await traffic.report({ sinceMs: since });
			assert.equal(fresh.lost, 0, daemon.describe());
			// On standby the dish is asked every 5 s: the last one may be in its own list only.
			await daemon.until(
				"the outages are told and counted",
				async () => {
					const { events } = await daemon.call<Reply<"events">>("events", { type: "dish_outage" });
					assert.equal(events[0]?.reason, "OBSTRUCTED: something stands in its view");
					const evidence = (await daemon.members()).find((one) => one.name === uplink(bench, 1));
					assert.ok(Number(evidence?.metrics.outages) >= 3, JSON.stringify(evidence?.metrics));
					return true;
				},
				10_000,
			);
		}));

	test("a blink of a second that the dish sees and no probe misses moves nothing", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			await dishAnswers(daemon);
			const before = await moveList(daemon);
			await bench.world.do({ do: "dish_state", isp: 1, outage: "NO_PINGS" });
			await sleep(1200);
			await bench.world.do({ do: "dish_state", isp: 1, outage: null });
			await sleep(1500);
			assert.equal((await daemon.status()).current, uplink(bench, 1));
			assert.deepEqual(await moveList(daemon), before);
		}));
});
