/**
 * Names, SSIDs, operators, reasons and everything else that comes from outside, hostile and everywhere at once, on every
 * page: shown as they are, and nothing of them becomes markup. Needs no router.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { frameworkText } from "../../lab/luci/framework.ts";
import { type LuciServer, startLuciServer } from "../../lab/luci/server.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { says } from "../support/pages.ts";
import { answerAll } from "./invent.ts";
import { buildPages, openPage } from "./support.ts";

const HOSTILE = `x'"><img src=x onerror="document.title='hit'"><svg onload=document.title='hit'>&lt;b&gt;{name}%s\u202e`;
// As it is shown; without the quotes, which the browser driver's own selectors stumble over.
const SHOWN = /<img src=x onerror=.*<svg onload=document/;
const AT = "admin/network/autonomy";

describe("hostile texts", { skip: chromiumPath() === null ? NO_BROWSER : false }, () => {
	let server: LuciServer;
	let browser: Browser;
	before(async () => {
		const { app } = await buildPages();
		server = await startLuciServer({ app, ubus: null, framework: await frameworkText() });
		answerAll(server, HOSTILE);
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		server?.close();
	});

	async function harmless(page: Page, errors: readonly string[]): Promise<void> {
		assert.equal(
			await page.evaluate(`document.querySelectorAll("#maincontent img, #modal_overlay img, svg[onload]").length`),
			0,
		);
		assert.doesNotMatch(await page.title(), /hit/);
		assert.deepEqual(errors, []);
	}

	const visits: Readonly<Record<string, (page: Page) => Promise<void>>> = {
		[`${AT}/overview`]: async (page) => {
			await says(page, ".au-headline", SHOWN);
			await says(page, ".au-card", SHOWN);
			await page.locator(".au-lanes svg").first().waitFor();
			await page
				.getByRole("button", { name: /^No automatic switches|^Allow automatic switches/ })
				.first()
				.click();
		},
		[`${AT}/uplink`]: async (page) => {
			await says(page, ".au-facts", SHOWN);
			await page.locator(".au-chart canvas").first().waitFor();
			await says(page, "h3", /Dish|Cell and modem|Wi-Fi/);
		},
		[`${AT}/history`]: async (page) => {
			await says(page, ".au-entries", SHOWN);
			await page
				.getByRole("button", { name: /^Why\?/ })
				.first()
				.click();
			await says(page, ".au-explained", SHOWN);
			await page.getByLabel("Better by").press("ArrowRight");
			await page.getByRole("button", { name: "What if?" }).click();
			await says(page, '[role="status"]', SHOWN);
		},
		[`${AT}/alerts`]: async (page) => {
			await says(page, ".au-entries", SHOWN);
			await says(page, ".au-channel", SHOWN);
			await page.getByRole("link", { name: "Alerts: 7" }).waitFor();
		},
		[`${AT}/settings`]: async (page) => {
			await says(page, ".alert-message", SHOWN);
			await says(page, ".cbi-section", SHOWN);
			await page.getByRole("button", { name: "Edit" }).click();
		},
		[`${AT}/system`]: async (page) => {
			await says(page, ".au-headline", SHOWN);
			await says(page, '[role="log"]', SHOWN);
			await page.getByRole("button", { name: /^Look/ }).click();
			await says(page, ".modal pre", SHOWN);
			await page.getByRole("button", { name: "Close" }).click();
			await page.getByRole("button", { name: "Make the report" }).click();
			await says(page, '[aria-label="Report"]', SHOWN);
		},
		"admin/status/overview": async (page) => {
			await says(page, "td", SHOWN);
		},
	};

	for (const [path, visit] of Object.entries(visits)) {
		test(path, async () => {
			const { page, errors } = await openPage(server, browser, path, "0".repeat(32));
			await visit(page);
			await harmless(page, errors);
			await page.context().close();
		});
	}

	test("the test would notice: LuCI's own E() with a bare string does fall for it", async () => {
		const { page } = await openPage(server, browser, `${AT}/system`, "0".repeat(32));
		await says(page, ".au-headline", SHOWN);
		await page.evaluate(`document.getElementById("view").append(E("p", {}, ${JSON.stringify(HOSTILE)}))`);
		await page.waitForFunction(`document.title === "hit"`);
		await page.context().close();
	});
});
