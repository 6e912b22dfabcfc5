/** A modem that knows more than probes can: traffic leaves before the link is lost, and the lead is measured. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { nowMs } from "../../lab/net/lab.ts";
import { type Bench, flowsVia, impossible, openBench, ready, uplink } from "./harness.ts";

const noModem = process.env.OPENWRT_ROOT ? "this userland is no RutOS and has no modem" : false;
const skip = impossible() ?? noModem;

describe("cellular", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 2, modems: [1] });
	});
	after(() => bench.close());

	test("a fade into a tunnel: new flows are elsewhere before the first packet is lost", async (t) => {
		t.after(() => bench.world.healAll());
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		await daemon.until(
			"the modem answers",
			async () => (await daemon.members()).find((one) => one.name === uplink(bench, 1))?.metrics.rsrp === -85,
			10_000,
		);
		const traffic = await bench.traffic(t);
		await flowsVia(traffic, 1, 3000, daemon);
		const since = nowMs();
		const fade = { from_dbm: -85, to_dbm: -130, over_s: 15, dead_dbm: -122 } as const;
		const deadMs = since + ((fade.from_dbm - fade.dead_dbm) / (fade.from_dbm - fade.to_dbm)) * fade.over_s * 1000;
		await bench.world.do({ do: "fade", isp: 1, ...fade });
		await new Promise((resolve) => setTimeout(resolve, 500));
		const { fresh, open, freshLeftMs } = await traffic.report({ sinceMs: since, leaving: 1 });
		assert.equal(fresh.ways.at(-1)?.isp, 2, daemon.describe());
		assert.equal(fresh.lost, 0, daemon.describe());
		const leadMs = Math.round(deadMs - (freshLeftMs ?? Number.NaN));
		t.diagnostic(`new flows left ${leadMs} ms before the link was dead; the open flow had a gap of ${open.gapMs} ms`);
		assert.ok(leadMs > 0, `left ${-leadMs} ms after the link was dead`);
		assert.equal(open.ways.at(-1)?.isp, 2, `the open flow is still stuck\n${daemon.describe()}`);
		const { decisions } = await daemon.call<{ decisions: { rule: string; text: string }[] }>("decisions", {});
		const why = decisions.find((one) => one.rule === "predictive");
		assert.match(
			why?.text ?? "",
			/^Left wan before trouble: The signal falls by \d\.\d dB\/s and will be lost in \d+ s\./,
		);
	});
});
