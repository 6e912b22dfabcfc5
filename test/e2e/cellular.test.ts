/** A modem that knows more than probes can: traffic leaves before the link is lost, and the lead is measured. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import { nowMs } from "../../lab/net/lab.ts";
import {
	type Bench,
	flowsVia,
	impossible,
	movedTo,
	openBench,
	openFlowVia,
	ready,
	undisturbed,
	uplink,
} from "./harness.ts";

const noModem = process.env.OPENWRT_ROOT ? "this userland is no RutOS and has no modem" : false;
const skip = impossible() ?? noModem;

describe("cellular", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2, modems: [1] });
	});
	after(() => bench.close());

	test("a fade into a tunnel: new flows are elsewhere before the first packet is lost", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			await daemon.until(
				"the modem answers",
				async () => (await daemon.members()).find((one) => one.name === uplink(bench, 1))?.metrics.rsrp === -85,
				10_000,
			);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			const since = nowMs();
			const fade = { from_dbm: -85, to_dbm: -130, over_s: 15, dead_dbm: -122 } as const;
			const deadMs = since + ((fade.from_dbm - fade.dead_dbm) / (fade.from_dbm - fade.to_dbm)) * fade.over_s * 1000;
			await bench.world.do({ do: "fade", isp: 1, ...fade });
			await openFlowVia(traffic, 2, 6000, daemon);
			const { fresh, open, freshLeftMs } = await traffic.report({ sinceMs: since, leaving: 1 });
			assert.equal(fresh.ways.at(-1)?.isp, 2, daemon.describe());
			assert.equal(fresh.lost, 0, daemon.describe());
			const leadMs = Math.round(deadMs - (freshLeftMs ?? Number.NaN));
			t.diagnostic(`new flows left ${leadMs} ms before the link was dead; the open flow had a gap of ${open.gapMs} ms`);
			assert.ok(leadMs > 0, `left ${-leadMs} ms after the link was dead`);
			const { decisions } = await daemon.call<{ decisions: { rule: string; text: string }[] }>("decisions", {});
			const why = decisions.find((one) => one.rule === "predictive");
			assert.match(
				why?.text ?? "",
				/^Left wan before trouble: The signal falls by \d\.\d dB\/s and will be lost in \d+ s\./,
			);
		}));

	test("roaming is told and moves nothing; a SIM that is pulled moves everything at once", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.world.healAll());
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const status = () => daemon.call<Reply<"cellular_status">>("cellular_status");
			await daemon.until("the modem answers", async () => (await status()).summary.in_service === 1, 10_000);
			const traffic = await bench.traffic(scope);
			await flowsVia(traffic, 1, 3000, daemon);
			await bench.world.do({ do: "roaming", isp: 1, on: true });
			await daemon.until("roaming", async () => (await status()).cellular.wan?.roaming === true, 5000);
			const told = async (): Promise<string | undefined> =>
				(await daemon.call<Reply<"events">>("events", { type: "roaming" })).events[0]?.reason;
			await daemon.until("it is told", async () => (await told()) === "in a foreign network now (Far Away)", 5000);
			const since = nowMs();
			await bench.world.do({ do: "sim_out", isp: 1 });
			await flowsVia(traffic, 2, 5000, daemon);
			await new Promise((resolve) => setTimeout(resolve, 1000));
			const { fresh, freshLeftMs } = await traffic.report({ sinceMs: since - 3000, leaving: 1 });
			t.diagnostic(
				`new flows left ${Math.round((freshLeftMs ?? Number.NaN) - since)} ms after the SIM, longest gap ${fresh.gapMs} ms`,
			);
			assert.deepEqual(
				fresh.ways.map((way) => way.isp),
				[1, 2],
			);
			const trouble = async (): Promise<string | null | undefined> => (await status()).cellular.wan?.trouble;
			await daemon.until("the modem says so", async () => (await trouble()) === "no SIM card is in the modem", 5000);
			assert.match((await movedTo(daemon, "wanb")).text, /^Left wan( before trouble)?: /);
		}));
});
