/**
 * The LuCI pages of the lab, to look at: the real daemon on a virtual router, the pages around it. Options:
 * --screens DIR writes a picture of every page, light, dark and 390 px wide, and ends; --isps N. With LUCI_ROOT (a checkout
 * of LuCI) its own framework and themes are used: --theme bootstrap|material|openwrt2020. User root, everything allowed.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Theme } from "../../lab/luci/server.ts";

const { values } = parseArgs({
	options: {
		screens: { type: "string" },
		isps: { type: "string", default: "3" },
		theme: { type: "string" },
		lang: { type: "string", default: "en" },
	},
});

const PAGES = ["overview", "uplink", "history", "settings", "system"] as const;
const REAL = (process.env.LUCI_ROOT ?? "") !== "";
const THEMES = ["plain", "bootstrap", "material", "openwrt2020"] as const;

function themeName(): Theme["name"] {
	return THEMES.find((one) => one === values.theme) ?? (REAL ? "bootstrap" : "plain");
}

const { openBench } = await import("./support.ts");
const { servePlugin } = await import("./plugin.ts");
const bench = await openBench({ isps: Number(values.isps), modems: [2], radios: [3] });
const plugin = await servePlugin(bench.bus);
const lang = values.lang;

async function screens(folder: string): Promise<void> {
	mkdirSync(folder, { recursive: true });
	// A day with something in it.
	await bench.world.do({ do: "blackhole", isp: 1 });
	await new Promise((resolve) => setTimeout(resolve, 6000));
	await bench.world.do({ do: "heal", isp: 1 });
	await new Promise((resolve) => setTimeout(resolve, 10_000));
	const name = themeName();
	const phone = { viewport: { width: 390, height: 844 }, screen: { width: 390, height: 844 }, isMobile: true };
	for (const page of PAGES) {
		for (const [kind, dark, context] of [
			["light", false, {}],
			["dark", true, {}],
			["phone", false, phone],
		] as const) {
			const opened = await bench.open(`admin/network/autonomy/${page}`, { theme: { name, dark }, lang, context });
			await opened.page.waitForTimeout(3000);
			await opened.page.screenshot({ path: `${folder}/${page}-${name}-${kind}.png`, fullPage: true });
			const width = Number(await opened.page.evaluate("document.documentElement.scrollWidth"));
			if (kind === "phone" && width > 390) console.error(`${page} is ${width} px wide`);
			for (const error of opened.errors) console.error(`${page}: ${error}`);
			await opened.page.context().close();
		}
	}
}

try {
	if (values.screens !== undefined) await screens(values.screens);
	else {
		const sid = await bench.sid("root");
		for (const page of PAGES) {
			console.log(bench.server.page(`admin/network/autonomy/${page}`, sid, { theme: { name: themeName() }, lang }));
		}
		console.log("Ctrl-C ends");
		await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
	}
} finally {
	plugin.close();
	await bench.close();
}
