/** The overview against the real daemon: what it shows, what it asks, what its buttons do, and every state it can be in. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { violations } from "../support/axe.ts";
import { holdTime, pressable, says } from "../support/pages.ts";
import { assertClean, type Bench, cannot, openBench } from "./support.ts";

const why = cannot();
const PATH = "admin/network/autonomy/overview";
const HEADLINE = ".au-headline";

describe("overview", { skip: why ?? false }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench({ isps: 3, modems: [2], radios: [3] });
	});
	after(() => bench?.close());

	test("shows who carries the traffic, every uplink in order of preference, the last decision and the day", async () => {
		const opened = await bench.open(PATH);
		const { page } = opened;
		await says(page, HEADLINE, /^The internet is up, over wan\.$/);
		await page.locator(".au-card").nth(2).waitFor();
		assert.deepEqual(await page.locator(".au-card h4 a").allInnerTexts(), ["wan", "wanb", "wanc"]);
		await says(page, ".au-primary", /^wan [\s\S]*carries the traffic/);
		await says(page, ".au-card", /^wanb Cellular[\s\S]*Signal\s*-?\d+\sdBm/);
		// On a busy machine another one may have answered first.
		await says(page, ".au-banner", /Last decision .*(Start on|Back to) wan\b/);
		await page.locator('.au-lanes svg[aria-label^="wan carried the traffic"]').waitFor();
		await page.locator(".au-spark path[d^=M]").first().waitFor({ state: "attached" });
		await says(page, '[role="status"]', /^The internet is up, over wan\.$/);
		assert.deepEqual(await violations(page), []);
		assertClean(opened);
		await page.context().close();
	});

	test("in the reader's language, with numbers as they are written there", async () => {
		const opened = await bench.open(PATH, { lang: "de" });
		await says(opened.page, HEADLINE, /^Das Internet ist da, über wan\.$/);
		await says(opened.page, ".au-card", /^wanb Mobilfunk/);
		assertClean(opened);
		await opened.page.context().close();
	});

	test("asks in one small request every two seconds, and not at all while nobody looks", async () => {
		const { page } = await bench.open(PATH);
		const { pass, resume } = await holdTime(page, async () => {
			await says(page, HEADLINE, /The internet is up/);
			await page.locator(".au-lanes").waitFor();
		});
		const from = bench.server.wire.length;
		await pass(12_000);
		const asked = bench.server.wire.slice(from).filter(({ calls }) => calls.includes("autonomy status"));
		assert.equal(asked.length, 6);
		for (const { calls, sentBytes, receivedBytes } of asked) {
			// The badge of alerts asks every 15 seconds.
			const own = calls.filter((one) => one !== "autonomy alerts");
			assert.deepEqual(own, [
				"autonomy status",
				"autonomy forecast",
				"autonomy metrics",
				"autonomy metrics",
				"autonomy metrics",
			]);
			assert.ok(sentBytes + receivedBytes <= 4096, `${sentBytes} + ${receivedBytes} bytes`);
		}
		const hide = (hidden: boolean): Promise<unknown> =>
			page.evaluate(
				`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
			);
		await hide(true);
		// What was under way ends, with the questions that follow from its answers.
		await pass(2000);
		const hiddenFrom = bench.server.wire.length;
		await pass(20_000);
		assert.equal(bench.server.wire.length, hiddenFrom);
		const seen = page.waitForRequest(/ubus/);
		await resume();
		await hide(false);
		await seen;
		await page.context().close();
	});

	test("a failover is seen while it happens", async (t) => {
		const opened = await bench.open(PATH);
		const { page } = opened;
		await says(page, HEADLINE, /over wan\./);
		await bench.world.do({ do: "blackhole", isp: 1 });
		t.after(() => bench.world.do({ do: "heal", isp: 1 }));
		await says(page, HEADLINE, /over wan[bc], not the first choice/);
		await says(page, ".au-card", /wan\s.*no internet/s);
		await says(page, ".au-banner", /Last decision .*wan/);
		await says(page, '[role="status"]', /over wan[bc]/);
		assertClean(opened);
		await page.context().close();
	});

	test("by hand: move the traffic and back, hold and release", async () => {
		const opened = await bench.open(PATH);
		const { page } = opened;
		await says(page, HEADLINE, /The internet is up/);
		// The failover before may have been to either of them: nothing can be moved there then.
		await page
			.getByRole("button", { name: /^Use this uplink: wan[bc]$/ })
			.first()
			.click();
		const dialog = page.getByRole("dialog", { name: /^Move the traffic to / });
		await dialog.waitFor();
		const to = (await dialog.getAttribute("aria-label"))?.split(" ").at(-1) ?? "";
		assert.equal(await page.evaluate("document.activeElement.tagName"), "SELECT");
		await page.keyboard.press("Shift+Tab");
		assert.equal(await page.evaluate("document.activeElement.textContent"), "Move the traffic");
		await page.keyboard.press("Tab");
		assert.equal(await page.evaluate("document.activeElement.tagName"), "SELECT");
		await page.keyboard.press("Escape");
		await dialog.waitFor({ state: "hidden" });
		assert.equal(await page.evaluate("document.activeElement.ariaLabel"), `Use this uplink: ${to}`);
		await page.keyboard.press("Enter");
		await dialog.getByLabel("For how long").selectOption("600");
		await dialog.getByLabel("Why").fill('<img src=x onerror="document.title=1">');
		await dialog.getByRole("button", { name: "Move the traffic" }).click();
		await says(page, HEADLINE, new RegExp(`over ${to}`));
		await says(page, ".au-banner", new RegExp(`By hand on ${to} until`));
		assert.equal((await bench.daemon.status()).pin?.name, to);
		await page.getByRole("button", { name: "Back to the automatic choice" }).click();
		await page.getByRole("button", { name: "Back to the automatic choice" }).waitFor({ state: "hidden" });
		await says(page, HEADLINE, /over wan[bc]?[.,]/);
		assert.equal((await bench.daemon.status()).pin, undefined);

		await page.getByRole("button", { name: "No automatic switches" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
		await page.getByRole("button", { name: "Allow automatic switches" }).click();
		await page.getByRole("button", { name: "No automatic switches" }).waitFor();
		assert.equal((await bench.daemon.status()).hold, undefined);

		await page.getByRole("button", { name: "Set aside: wanc" }).click();
		await says(page, ".au-card", /wanc[\s\S]*held by hand/);
		await page.getByRole("button", { name: "Take back: wanc" }).click();
		await page.getByRole("button", { name: "Set aside: wanc" }).waitFor();
		assertClean(opened);
		await page.context().close();
	});

	test("who may only look sees everything and cannot act; a stranger is told what to do", async () => {
		const opened = await bench.open(PATH, { user: "viewer" });
		await says(opened.page, HEADLINE, /The internet is up/);
		await says(opened.page, ".alert-message", /You may look but not change anything/);
		const buttons = opened.page.locator(".au button:visible");
		await buttons.first().waitFor();
		assert.deepEqual(await pressable(opened.page, ".au"), []);
		assertClean(opened);
		await opened.page.context().close();
		const stranger = await bench.open(PATH, { user: "stranger" });
		await says(stranger.page, '[role="alert"]', /refuses to tell.*right luci-app-autonomy/s);
		await stranger.page.context().close();
	});

	test("the connection to the router is lost and comes back", async () => {
		const { page } = await bench.open(PATH);
		await says(page, HEADLINE, /The internet is up/);
		bench.server.reachable(false);
		await says(page, '[role="alert"]', /The router does not answer[\s\S]*old/);
		// What was known last stays, and the router cannot have told anything else since.
		assert.match((await page.locator(HEADLINE).textContent()) ?? "", /^The internet /);
		bench.server.reachable(true);
		await page.locator('[role="alert"] .alert-message').waitFor({ state: "detached" });
		await page.context().close();
	});

	test("no uplinks, mwan3 missing, the first minute: each says what to do", async (t) => {
		const status = await bench.daemon.status();
		t.after(() => {
			bench.server.answer("autonomy status", null);
			bench.server.answer("autonomy members", null);
		});
		bench.server.answer("autonomy members", () => ({ result: [0, { members: [] }] }));
		bench.server.answer("autonomy status", () => ({
			result: [
				0,
				{
					...status,
					state: "offline",
					current: undefined,
					rank: [],
					uptime_s: 5,
					mwan3: { enabled: false, policy: [], details: "not installed" },
				},
			],
		}));
		const { page } = await bench.open(PATH);
		await says(page, HEADLINE, /No uplink was found/);
		await says(page, ".au-notes", /Give the router a WAN interface/);
		await says(page, ".au-notes", /mwan3 is not used \(not installed\); traffic is moved by route metrics/);
		bench.server.answer("autonomy status", () => ({ result: [0, { ...status, uptime_s: 5 }] }));
		await says(page, ".au-notes", /less than a minute/);
		await page.context().close();
	});

	test("the daemon stops and starts again; the card on the status page tells both", async () => {
		const { page } = await bench.open(PATH);
		const card = await bench.open("admin/status/overview");
		await says(page, HEADLINE, /The internet is up/);
		await says(card.page, ".au-badge", /The internet is up/);
		await says(card.page, "tr", /wanb\s*Cellular\s*\S/);
		assert.deepEqual(await violations(card.page), []);
		await bench.daemon.stop();
		await says(page, '[role="alert"]', /The daemon does not run[\s\S]*\/etc\/init.d\/autonomy start/);
		await says(card.page, "#view", /The daemon does not run/);
		assert.equal(await page.getByRole("button", { name: "Check all now" }).count(), 0);
		await bench.startDaemon();
		await page.locator('[role="alert"] .alert-message').waitFor({ state: "detached" });
		await says(page, HEADLINE, /The internet is up/);
		await says(card.page, ".au-badge", /The internet is up/);
		assertClean(card);
		await card.page.context().close();
		await page.context().close();
	});

	test("the session is over: LuCI says so, and nothing is asked any more", async () => {
		const sid = await bench.server.login("root", "openwrt");
		const page = await (await bench.browser.newContext()).newPage();
		await page.goto(bench.server.page(PATH, sid));
		await says(page, HEADLINE, /The internet is up/);
		await bench.router.lab.helper("router", "rpcd.restart");
		await says(page, ".modal", /Session expired/);
		await page.context().close();
	});
});
