/** For everybody: every page, light on a desk and dark on a phone, by axe-core; and nothing wider than the screen. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { frameworkText } from "../../lab/luci/framework.ts";
import { type LuciServer, startLuciServer } from "../../lab/luci/server.ts";
import { violations } from "../support/axe.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { answerAll } from "./invent.ts";
import { buildPages, openPage } from "./support.ts";

/** What is there once a page has its data. */
const READY: Readonly<Record<string, string>> = {
	overview: ".au-lanes svg",
	uplink: ".au-chart canvas",
	history: ".au-entries > li",
	alerts: ".au-entries > li",
	settings: ".cbi-section",
	system: ".au-facts",
};

describe("for everybody", { skip: chromiumPath() === null ? NO_BROWSER : false }, () => {
	let server: LuciServer;
	let browser: Browser;
	before(async () => {
		const { app } = await buildPages();
		server = await startLuciServer({ app, ubus: null, framework: await frameworkText() });
		answerAll(server, "wan");
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		server?.close();
	});

	for (const [name, ready] of Object.entries(READY)) {
		for (const [kind, dark, width] of [
			["light", false, 1200],
			["dark, phone", true, 390],
		] as const) {
			test(`${name}, ${kind}`, async () => {
				const { page } = await openPage(server, browser, `admin/network/autonomy/${name}`, "0".repeat(32), {
					theme: { name: "plain", dark },
					context: { viewport: { width, height: 844 } },
				});
				await page.locator(ready).first().waitFor();
				// And all it asks for at first, for a look at the whole page.
				await page.waitForLoadState("networkidle");
				// Forms are LuCI's own; what is ours in them is above and around.
				const within = name === "settings" ? "#view .au" : "#view";
				assert.deepEqual(await violations(page, within), []);
				assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
				await page.context().close();
			});
		}
	}
});
