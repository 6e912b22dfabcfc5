/** Screenshots of every view for people: npx tsx test/app/look.ts [folder]. */
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { says } from "../support/pages.ts";
import { openBench } from "./support.ts";

const folder = process.argv[2] ?? "build/shots";
mkdirSync(folder, { recursive: true });
const bench = await openBench({ isps: 3, modems: [2], radios: [3] });

async function shots(
	name: string,
	width: number,
	height: number,
	colorScheme: "light" | "dark",
	locale = "en-GB",
): Promise<void> {
	const shoot = (page: Page, view: string): Promise<unknown> =>
		page.screenshot({ path: `${folder}/${name}-${view}.png`, fullPage: view !== "uplink" && view !== "confirm" });
	const opened = await bench.phone({ viewport: { width, height }, colorScheme, locale, deviceScaleFactor: 1 });
	const { page } = opened;
	await shoot(page, "login");
	await page.locator("input[type=password]").fill("openwrt");
	await page.locator("form button").click();
	await page.locator(".hero.good, .hero.warn, .hero.bad").waitFor();
	await page.locator(".lanes").waitFor();
	await page.waitForTimeout(800);
	await shoot(page, "overview");
	await page.locator(".card .cover").nth(2).click();
	await page.locator(".graph:visible").first().waitFor();
	await page.waitForTimeout(600);
	await shoot(page, "uplink");
	await page.locator(".sheet .button.main").first().click();
	await page.waitForTimeout(400);
	await shoot(page, "confirm");
	await page.keyboard.press("Escape");
	await page.keyboard.press("Escape");
	for (const view of ["history", "alerts", "more"]) {
		await page.locator(`nav a[href="#${view}"]`).click();
		await page.waitForTimeout(500);
		if (view === "history") await page.locator(".entries .why summary").first().click();
		await page.waitForTimeout(400);
		await shoot(page, view);
	}
	for (const error of opened.errors) console.error(name, error);
	await opened.context.close();
}

try {
	await shots("390-light", 390, 844, "light");
	await bench.world.do({ do: "blackhole", isp: 1 });
	await bench.daemon.until("a failover", async () => (await bench.daemon.status()).current !== "wan", 15_000);
	await shots("390-dark", 390, 844, "dark");
	await shots("320-light", 320, 640, "light", "de-DE");
	await shots("1024-light", 1024, 768, "light");
	await shots("1024-dark", 1024, 768, "dark", "es-ES");
	const { page } = await bench.enter("root");
	await says(page, "h1", /over wanb/);
	await bench.reachable(false);
	await says(page, ".trouble", /does not answer/);
	await page.screenshot({ path: `${folder}/390-away.png` });
} finally {
	await bench.close();
}
