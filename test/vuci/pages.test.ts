/** RutOS' pages in a browser: against the real daemon through the Lua service, and against invented and hostile answers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { API } from "../../contract/api.ts";
import { RPCD_API } from "../../contract/api-rpcd.ts";
import type { Release, RutosServer } from "../../lab/rutos/server.ts";
import { invent } from "../luci/invent.ts";
import { violations } from "../support/axe.ts";
import { holdTime, pressable, says } from "../support/pages.ts";
import { type Bench, cannot, login, type Opened, open, openBench, serve } from "./support.ts";

const why = cannot();
const HEADLINE = ".au-headline";
const TABS = ["Overview", "Uplinks", "History", "Settings", "Alerts", "System"];

async function clean(opened: Opened): Promise<void> {
	assert.deepEqual(opened.errors, []);
	await opened.close();
}

describe("pages in RutOS", { skip: why ?? false }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench();
	});
	after(() => bench?.close());
	const show = (options = {}): Promise<Opened> => open(bench.server, bench.browser, options);

	test("a failover is watched, then traffic is moved by hand and given back", async () => {
		const opened = await show();
		const { page } = opened;
		await says(page, HEADLINE, /^The internet is up, over wan\.$/);
		assert.deepEqual(await page.locator(".au-panel:visible .au-card h4 a").allInnerTexts(), ["wan", "wanb", "wanc"]);
		await says(page, ".au-mobile .au-card", /wanb[\s\S]*slot 1 of 2, ready[\s\S]*of 500\sMB used/);
		assert.deepEqual(await violations(page, ".au-rutos"), []);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await says(page, HEADLINE, /over wan[bc], not the first choice/);
		await says(page, ".au-card", /wan\s.*no internet/s);
		// To the one of both that does not carry the traffic.
		await page
			.getByRole("button", { name: /^Use this uplink: wan[bc]$/ })
			.first()
			.click();
		const dialog = page.getByRole("dialog", { name: /^Move the traffic to / });
		const to = (await dialog.getAttribute("aria-label"))?.split(" ").at(-1) ?? "";
		await dialog.getByLabel("For how long").selectOption("600");
		await dialog.getByLabel("Why").fill("<b>maintenance</b>");
		await dialog.getByRole("button", { name: "Move the traffic" }).click();
		await says(page, HEADLINE, new RegExp(`over ${to}`));
		await says(page, ".au-banner", /<b>maintenance<\/b>/);
		assert.equal((await bench.daemon.status()).pin?.name, to);
		await bench.world.do({ do: "heal", isp: 1 });
		await page.getByRole("button", { name: "Back to the automatic choice" }).click();
		await page.getByRole("button", { name: "Back to the automatic choice" }).waitFor({ state: "hidden" });
		await says(page, HEADLINE, /over wan[bc]?[.,]/);
		// What led there, and the page of one uplink, by their links.
		await page.getByRole("link", { name: "Why?" }).click();
		assert.equal(await page.evaluate("document.activeElement.id"), "au-tab-history");
		await says(page, ".au-explained", /Every uplink at that moment/);
		await opened.tab("Overview");
		await page.getByRole("link", { name: `Details of ${to}` }).click();
		await page.locator(".au-chart canvas:visible").first().waitFor();
		assert.equal(await page.getByLabel("Uplink", { exact: true }).locator("visible=true").inputValue(), to);
		await clean(opened);
	});

	test("asks in one request by GET while it is seen, and not at all after it was left", async () => {
		const opened = await show();
		const { page } = opened;
		const enter = (): Promise<void> => page.getByRole("button", { name: "Autonomy", exact: true }).click();
		const { pass, resume } = await holdTime(page, async () => {
			await enter();
			await says(page, HEADLINE, /The internet is up/);
			await page.locator(".au-lanes svg").first().waitFor();
		});
		const { asked } = bench.server;
		const from = asked.length;
		await pass(8000);
		const usual = asked.slice(from).filter(({ calls }) => calls.includes("status"));
		assert.equal(usual.length, 4);
		for (const { http, calls, url } of usual) {
			assert.equal(http, "GET");
			assert.equal(calls.filter((name) => name === "metrics").length, 3);
			assert.ok(url.length < 3000, `${url.length}`);
		}
		await page.getByRole("button", { name: "Status", exact: true }).click();
		await page.locator(".au-rutos").waitFor({ state: "detached" });
		assert.equal(await page.evaluate("document.getElementById('content').childNodes.length"), 0);
		// What was under way ends, with the questions that follow from its answers.
		await pass(2000);
		const left = asked.length;
		await pass(20_000);
		assert.equal(asked.length, left);
		await resume();
		await enter();
		await says(page, HEADLINE, /The internet is up/);
		assert.equal(await page.locator(".au-rutos").count(), 1);
		await clean(opened);
	});

	for (const release of ["7.7", "7.8", "7.16"] as Release[]) {
		test(`release ${release}: its loader, session and hooks`, async () => {
			const opened = await show({ release, lang: "de" });
			const { page } = opened;
			await says(page, HEADLINE, /^Das Internet ist da, über wan/);
			await opened.tab("Einstellungen");
			await says(page, ".cbi-section h3", /Der Daemon|Dienst|Daemon/);
			await page.getByRole("button", { name: "Status", exact: true }).click();
			await page.locator(".au-rutos").waitFor({ state: "detached" });
			await clean(opened);
		});
	}

	test("a setting is changed, checked, and in force", async () => {
		const opened = await show();
		const { page } = opened;
		await opened.tab("Settings");
		const field = page.getByLabel("Switch margin", { exact: true });
		await field.fill("900");
		await says(page, ".au-wrong", /0 to 100/);
		await page.getByRole("button", { name: "Save and apply" }).click();
		await says(page, ".au-save", /Not saved/);
		await field.fill("25");
		await page.getByLabel("Predictive", { exact: true }).first().check();
		await page.getByRole("button", { name: "Save and apply" }).click();
		await says(page, ".alert-message", /Saved; it is in force/);
		const { config } = await bench.daemon.status();
		assert.deepEqual([config.switch_margin, config.predictive], [25, true]);
		await page.locator(".au-uplink summary").filter({ hasText: "wanc" }).click();
		const weight = page.locator(".au-uplink[open]").getByLabel("Weight", { exact: true });
		await weight.fill("33");
		await page.getByRole("button", { name: "Save and apply" }).click();
		await bench.daemon.until(
			"weight in force",
			async () => (await bench.daemon.members()).find((one) => one.name === "wanc")?.weight === 33,
			60_000,
		);
		// Read again: what is typed before would be lost.
		await page.locator(".au-save").waitFor({ state: "hidden" });
		await field.fill("7");
		await page.getByRole("button", { name: "Discard" }).click();
		await page.locator(".au-save").waitFor({ state: "hidden" });
		assert.equal(await page.getByLabel("Switch margin", { exact: true }).inputValue(), "25");
		await clean(opened);
	});

	test("who may only look sees everything and can do nothing; who may not is told so", async () => {
		const opened = await show({ user: "viewer" });
		const { page } = opened;
		await says(page, HEADLINE, /The internet is up/);
		await says(page, ".alert-message", /You may look but not change anything/);
		assert.deepEqual(await pressable(page, ".au-panel"), []);
		await opened.tab("Settings");
		assert.ok(await page.getByLabel("Switch margin", { exact: true }).isDisabled());
		// Nor would the router take it from somebody who tries all the same.
		const data = { call: '["failover",{"member":"wanc"}]' };
		const headers = { "X-CSRF-PROTECTION": "1" };
		const refused = await page.request.post(`${bench.server.url}/api/autonomy/actions/order`, {
			data: { data },
			headers: { ...headers, Referer: bench.server.page("7.20") },
			timeout: 120_000,
		});
		assert.equal(refused.status(), 403);
		await clean(opened);
		const stranger = await show({ user: "stranger" });
		await says(stranger.page, '[role="alert"]', /refuses to tell.*right services\/autonomy/s);
		await clean(stranger);
	});

	test("the session ends, the router is gone, the daemon is stopped: told, and over when it is over", async () => {
		const opened = await show();
		const { page } = opened;
		await says(page, HEADLINE, /The internet is up/);
		bench.server.reachable(false);
		await says(page, '[role="alert"]', /The router does not answer[\s\S]*old/);
		bench.server.reachable(true);
		await page.locator('[role="alert"]:visible .alert-message').waitFor({ state: "detached" });
		await bench.daemon.stop();
		await says(page, '[role="alert"]', /The daemon does not run/);
		await opened.tab("System");
		await says(page, ".au-panel", /The daemon does not run, so it cannot tell how it is/);
		await bench.startDaemon();
		await opened.tab("Overview");
		await page.locator('[role="alert"]:visible .alert-message').waitFor({ state: "detached" });
		await says(page, HEADLINE, /The internet is up/);
		bench.server.expire();
		// RutOS' shell asks for the password; the view is gone until then, and asks nothing.
		await page.getByLabel("Password").waitFor();
		assert.equal(await page.locator(".au-rutos").count(), 0);
		await login(page, "admin");
		await page.getByRole("button", { name: "Autonomy", exact: true }).click();
		await says(page, HEADLINE, /The internet is up/);
		await clean(opened);
	});

	describe("with invented answers", () => {
		let server: RutosServer;
		let text = "wan";
		before(async () => {
			const replies = new Map(
				[...Object.entries(API), ...Object.entries(RPCD_API)].map(([name, { reply }]) => [name, reply]),
			);
			server = await serve(bench.built, {
				has: async () => true,
				call: async (_object, method) => ({
					status: 0,
					reply: { ...invent(replies.get(method as keyof typeof API) ?? {}, text), ok: true },
				}),
			});
		});
		after(() => server?.close());

		// The overview in light was looked at above.
		for (const [kind, dark, width, tabs] of [
			["light", false, 1280, ["Uplinks", "Settings"]],
			["dark, phone", true, 390, TABS],
		] as const) {
			test(`every page for everybody: ${kind}`, async () => {
				const context = { viewport: { width, height: 844 } };
				const opened = await open(server, bench.browser, { dark, context });
				for (const name of tabs) {
					await opened.tab(name);
					await opened.page
						.locator(".au-panel:visible :is(.au-card, canvas, .au-entries li, .cbi-value, .au-facts)")
						.first()
						.waitFor();
					// Of the settings the first part: their rows are all alike, and there are many.
					const within =
						name === "Settings"
							? "#au-panel-settings .cbi-section"
							: `#${await opened.page.locator(".au-panel:visible").getAttribute("id")}`;
					assert.deepEqual(await violations(opened.page, within), [], name);
					assert.equal(await opened.page.evaluate("document.documentElement.scrollWidth"), width, name);
					// What happened is not squeezed to a letter a line by what stands beside it.
					const narrow = `[...document.querySelectorAll(".au-entry-head strong")].filter((one) => one.checkVisibility() && one.clientWidth < 100).length`;
					assert.equal(await opened.page.evaluate(narrow), 0, name);
				}
				await clean(opened);
			});
		}

		test("hostile texts stay texts", async () => {
			text = `"><img src=x onerror="window.hit=1"><script>window.hit=1</script><style>*{color:red}</style>{name}`;
			const opened = await open(server, bench.browser);
			for (const name of TABS) {
				await opened.tab(name);
				await opened.page.locator(".au-panel:visible").filter({ hasText: "onerror" }).waitFor();
			}
			assert.equal(await opened.page.evaluate("window.hit"), undefined);
			assert.equal(await opened.page.locator(".au-rutos :is(img, script, style, [onerror])").count(), 0);
			await clean(opened);
		});
	});
});
