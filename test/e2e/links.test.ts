/** A radio that knows more than probes can, and a data plan that runs out: traffic leaves in time, and not without need. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import { nowMs } from "../../lab/net/lab.ts";
import { type Bench, flowsVia, impossible, openBench, ready, undisturbed, uplink } from "./harness.ts";

const noRadio = process.env.OPENWRT_ROOT ? "this userland has no radio" : false;
const skip = impossible() ?? noRadio;

const AUTONOMY = `config autonomy 'main'
	option min_uptime_s '1'

config member 'wan'
	option class 'wifi'
	option data_limit_mb '3'
`;

describe("Wi-Fi and data plans", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2, radios: [1], config: { autonomy: AUTONOMY } });
	});
	after(() => bench.close());

	test("walking away from the access point: new flows are elsewhere before the first packet is lost", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const status = () => daemon.call<Reply<"wifi_status">>("wifi_status");
			await daemon.until("the radio answers", async () => (await status()).wifi.wan?.signal === -55, 10_000);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			const since = nowMs();
			const walk = { from_dbm: -55, to_dbm: -95, over_s: 20, dead_dbm: -88 } as const;
			const deadMs = since + ((walk.from_dbm - walk.dead_dbm) / (walk.from_dbm - walk.to_dbm)) * walk.over_s * 1000;
			await bench.world.do({ do: "walk", isp: 1, ...walk });
			const { fresh, freshLeftMs } = await traffic.report({ sinceMs: since, leaving: 1 });
			assert.equal(fresh.ways.at(-1)?.isp, 2, daemon.describe());
			assert.equal(fresh.lost, 0, daemon.describe());
			const leadMs = Math.round(deadMs - (freshLeftMs ?? Number.NaN));
			t.diagnostic(`new flows left ${leadMs} ms before the link was dead`);
			assert.ok(leadMs > 0, `left ${-leadMs} ms after the link was dead`);
			const { decisions } = await daemon.call<Reply<"decisions">>("decisions");
			const why = decisions.find((one) => one.rule === "predictive");
			assert.match(why?.text ?? "", /^Left wan before trouble: The signal is -\d+ dBm, falls by \d\.\d dB\/s/);
		}));

	test("a data plan that is used up: last resort only, never blind, and known again after a restart", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			// Else the next attempt would begin with a plan that is used up.
			scope.after(() => bench.router.remove("/etc/autonomy/usage.json"));
			const first = await bench.daemon(scope);
			await ready(bench, first);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, first);
			const used = async (daemon: typeof first) =>
				(await daemon.call<Reply<"data_limit_status">>("data_limit_status")).limits.wan;
			await first.until("the plan is known", async () => (await used(first))?.limit_bytes === 3_000_000, 15_000);
			const since = nowMs();
			const { skipped } = await bench.world.do({ do: "use_data", isp: 1, mb: 3.2 });
			if (skipped !== null) return t.skip(skipped);
			await flowsVia(traffic, 2, 20_000, first);
			const { fresh } = await traffic.report({ sinceMs: since, leaving: 1 });
			assert.equal(fresh.lost, 0);
			const { decisions } = await first.call<Reply<"decisions">>("decisions");
			assert.match(
				decisions.find((one) => one.rule === "data_cap")?.text ?? "",
				/^Left wan: its data allowance is used up\. wanb took over/,
			);
			await bench.world.do({ do: "blackhole", isp: 2 });
			await flowsVia(traffic, 1, 5000, first);
			await bench.world.do({ do: "heal", isp: 2 });
			await first.stop();
			const second = await bench.daemon(scope, { inherits: true });
			await second.until("the plan is used up", async () => (await used(second))?.cap === "reached", 20_000);
			assert.match((await bench.router.run(["ls", "-l", "/etc/autonomy/usage.json"])).stdout, /^-rw-------/);
			await flowsVia(traffic, 2, 30_000, second);
			assert.equal(uplink(bench, 2), "wanb");
		}));
});
