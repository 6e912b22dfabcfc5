/**
 * RutOS' pages of the lab, to look at: --screens DIR writes a picture of every page, light, dark and 390 px wide, and ends;
 * without it they are served until Ctrl-C. --release 7.7|7.8|7.16|7.20, --lang de|es.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Release } from "../../lab/rutos/server.ts";
import { open, openBench } from "./support.ts";

const { values } = parseArgs({
	options: {
		screens: { type: "string" },
		release: { type: "string", default: "7.20" },
		lang: { type: "string", default: "en" },
	},
});

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true };
const release = values.release as Release;
const lang = values.lang;
const bench = await openBench();

async function screens(folder: string): Promise<void> {
	mkdirSync(folder, { recursive: true });
	// A day with something in it.
	await bench.world.do({ do: "blackhole", isp: 1 });
	await new Promise((resolve) => setTimeout(resolve, 6000));
	await bench.world.do({ do: "heal", isp: 1 });
	await new Promise((resolve) => setTimeout(resolve, 4000));
	for (const [kind, dark, context] of [
		["light", false, {}],
		["dark", true, {}],
		["phone", false, PHONE],
	] as const) {
		const { page, errors, close } = await open(bench.server, bench.browser, { release, dark, lang, context });
		const tabs = page.getByRole("tab");
		for (let index = 0; index < (await tabs.count()); index++) {
			await tabs.nth(index).click();
			await page.waitForTimeout(2500);
			await page.screenshot({ path: `${folder}/${index}-${kind}.png`, fullPage: true });
			const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
			if (kind === "phone" && width > 390) console.error(`tab ${index} is ${width} px wide`);
		}
		for (const error of errors) console.error(error);
		await close();
	}
}

try {
	if (values.screens !== undefined) await screens(values.screens);
	else {
		console.log(`${bench.server.page(release, { lang })} (admin, Admin123); Ctrl-C ends`);
		await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
	}
} finally {
	await bench.close();
}
