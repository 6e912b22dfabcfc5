/** The pages Uplink, History, Settings and System against the real daemon and the real plugin. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { LabProcess } from "../../lab/net/lab.ts";
import { violations } from "../support/axe.ts";
import { becomes, FORGIVING, pressable, says, untilTrue } from "../support/pages.ts";
import { type Plugin, servePlugin } from "./plugin.ts";
import { assertClean, type Bench, cannot, openBench, REAL } from "./support.ts";

const why = cannot();
const AT = "admin/network/autonomy";
/** A button with a menu in LuCI itself, a plain one in the stand-in. */
const SAVE_AND_APPLY = ".cbi-page-actions .cbi-button-apply";

/** It bounds hanging, no more. */
const LIMIT_MS = 120_000;

/** Where the webhook of these tests listens, on the router itself. */
const HOOK_PORT = 8099;

async function waitUntil(what: string, condition: () => boolean): Promise<void> {
	const deadline = performance.now() + LIMIT_MS;
	while (!condition()) {
		assert.ok(performance.now() < deadline, `waited for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

describe("pages", { skip: why ?? false }, () => {
	let bench: Bench;
	let plugin: Plugin;
	let receiver: LabProcess;
	before(async () => {
		const webhook = `config notifications 'webhook'\n\toption enabled '1'\n\toption url 'http://127.0.0.1:${HOOK_PORT}/told'\n\toption allow_private '1'\n`;
		bench = await openBench({ isps: 3, modems: [2], radios: [3], config: { autonomy: FORGIVING + webhook } });
		receiver = await bench.router.spawn([
			bench.router.node,
			"-e",
			`require("node:http").createServer((q, a) => { q.resume(); q.on("end", () => a.end("ok")); }).listen(${HOOK_PORT}, "127.0.0.1")`,
		]);
		plugin = await servePlugin(bench.bus);
	});
	after(async () => {
		try {
			plugin?.close();
		} finally {
			// A browser that is left open keeps this process for ever.
			await bench?.close();
		}
	});

	test("uplink: charts with a text table, addresses, sensors, the cell; another one by the list", async () => {
		const opened = await bench.open(`${AT}/uplink#wanb`);
		const { page } = opened;
		await says(page, ".au-facts", /Operator\s*Lab Mobile/);
		const charts = page.locator(".au-chart:visible");
		await charts.locator("canvas").first().waitFor();
		// Each comes with its first figure: bytes are counted from the second look on, the modem is asked now and then.
		await becomes(
			() => charts.locator("h4").allTextContents(),
			["Round trip time", "Packet loss", "Jitter", "Score", "Throughput", "Cellular signal (RSRP)", "Cellular quality"],
		);
		assert.match((await charts.nth(3).getByRole("img").getAttribute("aria-label")) ?? "", /^Score\. \d+ now, between/);
		await charts.nth(5).locator("summary").click();
		await says(page, ".au-chart table", /-\d+\sdBm/);
		// Something is drawn: pixels that are neither grid nor text.
		await untilTrue(
			page,
			`(() => { const c = document.querySelectorAll(".au-chart")[3].querySelector("canvas"); if (!c) return false; const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 60 && d[i + 1] > d[i] + 40 && d[i + 1] > d[i + 2] + 20) n++; return n > 20; })()`,
		);
		assert.deepEqual(await violations(page), []);
		await page.getByLabel("Uplink").selectOption("wanc");
		await says(page, ".au-facts", /Interface\s*wanc, eth3/);
		assert.match(page.url(), /#wanc$/);
		await page.getByLabel("Over").selectOption("86400");
		await charts.locator("canvas").first().waitFor();
		assertClean(opened);
		await page.context().close();
	});

	test("history: a failover is found, explained, and would have been another with other settings", async (t) => {
		await bench.world.do({ do: "blackhole", isp: 1 });
		t.after(() => bench.world.do({ do: "heal", isp: 1 }));
		let id = "";
		// Which of the two others is better a busy machine decides.
		let to = "";
		await bench.daemon.until(
			"a failover",
			async () => {
				const { decisions } = await bench.daemon.call<Reply<"decisions">>("decisions");
				const found = decisions.find((one) => one.kind === "failover" && one.from === "wan");
				id = found?.id ?? "";
				to = found?.to ?? "";
				return id !== "";
			},
			LIMIT_MS,
		);
		const opened = await bench.open(`${AT}/history#${id}`);
		const { page } = opened;
		await says(page, ".au-explained", new RegExp(`Decision ${id} of`));
		// How long it takes until all probes are missed, a busy machine decides too.
		await says(page, ".au-explained", /by the rule (hard failure|severe loss)/);
		await says(page, ".au-explained tr", new RegExp(`${to}.*chosen`));
		await says(page, ".au-explained", /Done in/);
		await page.getByLabel("Show").selectOption("decision");
		await page.getByLabel("Search").fill("left wan:");
		await says(page, '[role="status"]', /^\d+ of \d+ entries/);
		await untilTrue(
			page,
			`(() => { const said = [...document.querySelectorAll('[role="status"]')].map((one) => /^(\\d+) of (\\d+) entries/.exec(one.textContent)).find(Boolean); const found = [...document.querySelectorAll(".au-entries > li")].map((one) => one.textContent); return found.length > 0 && found.length < Number(said[2]) && found.length === Number(said[1]) && found.every((one) => one.includes("Left wan:")); })()`,
		);
		await page.getByLabel("Search").fill("");
		await page.getByRole("button", { name: "What if?" }).click();
		await says(page, '[role="status"]', /Move a slider first/);
		await page.getByLabel("Better by").press("ArrowRight");
		await says(page, "output", /11\spoints instead of 10/);
		await page.getByRole("button", { name: "What if?" }).click();
		await says(page, '[role="status"]', /It would have been (the same|different)/);
		await page.locator('.au-lanes svg[aria-label^="wan: "]').waitFor();
		assert.deepEqual(await violations(page), []);
		assertClean(opened);
		await page.context().close();
	});

	test("alerts: counted in every page's head, acknowledged, maintained; a channel is tried beside its settings", async (t) => {
		// It lasts as long as this test does.
		await bench.world.do({ do: "blackhole", isp: 1 });
		t.after(() => bench.world.do({ do: "heal", isp: 1 }));
		await bench.daemon.until(
			"the alert of the failover",
			async () => {
				const { alerts } = await bench.daemon.call<Reply<"alerts">>("alerts");
				return alerts.some((one) => one.kind === "failover" && one.state === "active");
			},
			LIMIT_MS,
		);
		const settings = await bench.open(`${AT}/settings`);
		await settings.page.getByRole("link", { name: /Alerts: \d/ }).waitFor();
		await settings.page.locator("summary", { hasText: "Alerts" }).click();
		const hook = settings.page.locator(".cbi-section", { hasText: "Alerts to any HTTP server" });
		const test = hook.getByRole("button", { name: "Send a test message: Webhook" });
		const told = hook.locator('.au-channel [role="status"]');
		const other = settings.page.locator(".cbi-section", { hasText: "Alerts in Slack" });
		await says(settings.page, ".au-channel", /switched off/);
		assert.equal(await other.getByRole("button", { name: /test message/ }).count(), 0);
		await test.click();
		await told.filter({ hasText: "The message was taken." }).waitFor();
		await receiver.kill("SIGKILL");
		await receiver.exited;
		await test.click();
		await told.filter({ hasText: /Not sent: .*(refused|connect)/i }).waitFor();
		assert.deepEqual(await violations(settings.page, ".au-channel"), []);
		assertClean(settings);
		await settings.page.context().close();

		const opened = await bench.open(`${AT}/alerts`);
		const { page } = opened;
		await says(page, ".au-headline", /Alerts that nobody takes care of yet: \d/);
		await says(page, ".au-entries > li", /critical\s*Failover: wan.*wan[bc] took over/s);
		await says(page, ".au-entries > li", /Webhook.*(waiting|failing).*(refused|connect)/is);
		await page.getByRole("button", { name: /^Acknowledge: Failover/ }).press("Enter");
		await says(page, ".au-entries > li", /Failover: wan.*acknowledged by somebody at the router/s);
		const { alerts } = await bench.daemon.call<Reply<"alerts">>("alerts");
		assert.equal(alerts.find((one) => one.kind === "failover")?.state, "acknowledged");
		await page.getByRole("button", { name: "Maintenance begins" }).click();
		await says(page, ".au-banner", /Maintenance: only emergencies are told/);
		const hush = async () => (await bench.daemon.call<Reply<"notification_status">>("notification_status")).hush;
		assert.equal(await hush(), "maintenance");
		assert.deepEqual(await violations(page), []);
		const viewer = await bench.open(`${AT}/alerts`, { user: "viewer" });
		await says(viewer.page, ".au-entries > li", /Failover: wan/);
		assert.deepEqual(await pressable(viewer.page, ".au"), []);
		await viewer.page.context().close();
		await page.getByRole("button", { name: "Maintenance is over" }).click();
		await page.getByRole("button", { name: "Maintenance begins" }).waitFor();
		assert.notEqual(await hush(), "maintenance");
		assertClean(opened);
		await page.context().close();
	});

	test("settings: a change is checked, applied and taken over by the daemon that goes on running", async () => {
		const before = await bench.daemon.call<Reply<"info">>("info");
		const { decisions } = await bench.daemon.call<Reply<"decisions">>("decisions");
		const opened = await bench.open(`${AT}/settings`);
		const { page } = opened;
		const margin = page.locator('[data-name="switch_margin"] input');
		await margin.waitFor();
		assert.equal(await margin.getAttribute("placeholder"), "10");
		await margin.fill("101");
		await page.locator(SAVE_AND_APPLY).first().click();
		if (!REAL) await says(page, ".alert-message", /Switch margin: must be a number from 0 to 100/);
		if (REAL) await page.locator(".modal button").first().click();
		await margin.fill("33");
		const again = page.waitForEvent("load");
		await page.locator(SAVE_AND_APPLY).first().click();
		await bench.daemon.until(
			"the daemon to take the change over",
			async () => (await bench.daemon.call<Reply<"config.get">>("config.get")).sections.main?.switch_margin === "33",
			LIMIT_MS,
		);
		const after = await bench.daemon.call<Reply<"info">>("info");
		assert.equal(after.pid, before.pid);
		assert.ok(after.uptime_s >= before.uptime_s);
		const known = (await bench.daemon.call<Reply<"decisions">>("decisions")).decisions.map((one) => one.id);
		assert.ok(
			decisions.every((one) => known.includes(one.id)),
			"the history is still there",
		);
		// The page comes again by itself.
		await again;
		await page.waitForFunction(`document.querySelector('[data-name="switch_margin"] input')?.value === "33"`);
		assert.deepEqual(
			opened.errors.filter((text) => !/must be a number|Switch margin/.test(text)),
			[],
		);
		await page.context().close();
	});

	test("settings: members by name or class; what the daemon corrected is told; who may only look cannot save", async () => {
		const opened = await bench.open(`${AT}/settings`);
		const { page } = opened;
		await says(page, ".cbi-section", /Known here: wan, wanb, wanc, cellular_any/);
		await page.locator(".cbi-section-create-name").pressSequentially("cellular_any");
		await page.getByRole("button", { name: "Add", exact: true }).click();
		await page.locator('.modal [data-name="weight"] input').fill("45");
		await page.locator(".modal").getByRole("button", { name: "Save" }).click();
		await says(page, "tr", /cellular_any.*45/);
		const again = page.waitForEvent("load");
		await page.locator(SAVE_AND_APPLY).first().click();
		await bench.daemon.until(
			"the weight to count",
			async () => (await bench.daemon.members()).find((one) => one.name === "wanb")?.weight === 45,
			LIMIT_MS,
		);
		await again;
		await page.context().close();
		const text = (await bench.router.read("/etc/config/autonomy")) ?? "";
		await bench.router.put("/etc/config/autonomy", text.replace("'45'", "'4500'"));
		await bench.daemon.kill("SIGHUP");
		await bench.daemon.until(
			"the wrong weight to be told",
			async () => (await bench.daemon.call<Reply<"config.get">>("config.get")).problems.length > 0,
			LIMIT_MS,
		);
		const asked = bench.server.wire.length;
		const viewer = await bench.open(`${AT}/settings`, { user: "viewer" });
		await says(viewer.page, ".alert-message", /does not use all of this configuration.*weight.*4500/s);
		await says(viewer.page, "tr", /Switch margin\s*33/);
		await says(viewer.page, "h3", /Uplink cellular_any/);
		assert.equal(await viewer.page.locator(`${SAVE_AND_APPLY}:not([disabled])`).count(), 0);
		assert.ok(!bench.server.wire.slice(asked).some((one) => one.calls.includes("uci get") && !REAL));
		assertClean(viewer);
		await viewer.page.context().close();
	});

	test("system: service, health, log, report; a backup is restored and undone", async () => {
		const { box } = plugin;
		box.put(
			"log",
			'Sat Nov 21 07:00:00 2026 daemon.info autonomyd[77]: {"level":"warn","time":"2026-11-21T07:00:00.000Z","component":"probe","msg":"fping is not installed","path":"/usr/bin/fping"}\n',
		);
		const opened = await bench.open(`${AT}/system`);
		const { page } = opened;
		await says(page, ".au-headline", /./);
		await says(page, "tr", /well/);
		await says(page, ".au-facts", /Memory\s*\d/);
		await says(page, '[role="log"]', /warn autonomyd: probe: fping is not installed path=\/usr\/bin\/fping/);
		await says(page, "#view", /Masked in it: /);
		assert.deepEqual(await violations(page), []);

		await page.getByRole("button", { name: "Start it at boot" }).click();
		await waitUntil("the init script to be called", () => box.calls().includes("autonomy enable"));

		await page.getByLabel("Note").fill("<b>before</b>");
		await page.getByRole("button", { name: "Keep the present configuration" }).click();
		await says(page, "td", /by hand, <b>before<\/b>, as it is now/);
		const kept = box.read("etc/config/autonomy");
		box.put("etc/config/autonomy", kept.replace("'12'", "'21'"));
		await page.getByRole("button", { name: /^Look: / }).click();
		const dialog = page.getByRole("dialog");
		await says(page, ".modal pre", /switch_margin '12'/);
		assert.doesNotMatch((await dialog.textContent()) ?? "", /0123456789abcdef/);
		await dialog.getByRole("button", { name: "Close" }).click();
		await page.getByRole("button", { name: /^Restore: / }).click();
		await dialog.getByRole("button", { name: "Restore" }).click();
		await page.getByRole("button", { name: "Undo" }).waitFor();
		assert.equal(box.read("etc/config/autonomy"), kept);
		await page.getByRole("button", { name: "Undo" }).click();
		await waitUntil("the restore to be undone", () => box.read("etc/config/autonomy").includes("'21'"));

		await page.getByRole("button", { name: "Make the report" }).click();
		await says(page, '[aria-label="Report"]', /== versions: [\s\S]*== log: /, 300_000);
		const saved = page.waitForEvent("download");
		await page.getByRole("button", { name: "Save as a file" }).click();
		assert.match(readFileSync(await (await saved).path(), "utf8"), /== config: /);
		assertClean(opened);
		await page.context().close();
	});

	test("system without the daemon, and without the plugin", async () => {
		bench.server.answer("autonomy health", () => ({ error: { code: -32000, message: "Object not found" } }));
		const without = await bench.open(`${AT}/system`);
		await says(without.page, "#view", /The daemon does not run, so it cannot tell how it is/);
		await without.page.context().close();
		bench.server.answer("autonomy health", null);
		bench.server.answer("luci.autonomy service", () => ({ error: { code: -32000, message: "Object not found" } }));
		const { page } = await bench.open(`${AT}/system`);
		await says(page, '[role="alert"]', /not installed fully/);
		bench.server.answer("luci.autonomy service", null);
		await page.locator('[role="alert"] .alert-message').waitFor({ state: "detached" });
		await page.context().close();
	});
});
