/**
 * The LuCI pages of the lab, to look at: the real daemon on a virtual router, the pages around it. Options:
 * --screens DIR writes a picture of every page, light, dark and 390 px wide, and ends, after --limit seconds at the latest;
 * --isps N; --lang de. With LUCI_ROOT (a checkout of LuCI) its own framework and themes are used, all of them or
 * --theme bootstrap|material|openwrt2020. User root, everything allowed.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Theme } from "../../lab/luci/server.ts";

const { values } = parseArgs({
	options: {
		screens: { type: "string" },
		isps: { type: "string", default: "3" },
		limit: { type: "string", default: "600" },
		theme: { type: "string" },
		lang: { type: "string", default: "en" },
	},
});

/** Each page, and what is there once it has its data. */
const PAGES = {
	overview: ".au-lanes svg",
	uplink: ".au-chart:visible canvas",
	history: ".au-entries > li",
	alerts: ".au-entries > li",
	settings: ".cbi-section",
	system: ".au-facts dd",
} as const;
const REAL = (process.env.LUCI_ROOT ?? "") !== "";
const THEMES = ["plain", "bootstrap", "material", "openwrt2020"] as const;
const untilMs = performance.now() + 1000 * Number(values.limit);

function themes(): readonly Theme["name"][] {
	const one = THEMES.find((name) => name === values.theme);
	if (one !== undefined) return [one];
	return REAL ? THEMES.slice(1) : ["plain"];
}

const { openBench } = await import("./support.ts");
const { servePlugin } = await import("./plugin.ts");
const bench = await openBench({ isps: Number(values.isps), modems: [2], radios: [3] });
const plugin = await servePlugin(bench.bus);
const lang = values.lang;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const phone = { viewport: { width: 390, height: 844 }, screen: { width: 390, height: 844 }, isMobile: true };
const KINDS = [
	["light", false, {}],
	["dark", true, {}],
	["phone", false, phone],
] as const;

type Name = keyof typeof PAGES;
const NAMES = Object.keys(PAGES) as Name[];

async function picture(folder: string, page: Name, theme: Theme["name"], kind: (typeof KINDS)[number]): Promise<void> {
	const [word, dark, context] = kind;
	const opened = await bench.open(`admin/network/autonomy/${page}`, { theme: { name: theme, dark }, lang, context });
	try {
		await opened.page.locator(PAGES[page]).first().waitFor({ timeout: 8000 });
		// Charts are drawn with the second answer.
		await pause(800);
		await opened.page.screenshot({ path: `${folder}/${page}-${theme}-${word}.png`, fullPage: true });
		const width = Number(await opened.page.evaluate("document.documentElement.scrollWidth"));
		if (word === "phone" && width > 390) console.error(`${page}, ${theme}: ${width} px wide`);
		for (const error of opened.errors) console.error(`${page}, ${theme}: ${error}`);
	} finally {
		await opened.page.context().close();
	}
}

async function screens(folder: string): Promise<void> {
	mkdirSync(folder, { recursive: true });
	// A day with something in it.
	await bench.world.do({ do: "blackhole", isp: 1 });
	await bench.daemon.until("a failover", async () => (await bench.daemon.status()).current !== "wan", 10_000);
	await bench.world.do({ do: "heal", isp: 1 });
	await pause(4000);
	for (const theme of themes()) {
		for (const page of NAMES) {
			if (performance.now() > untilMs) return console.error(`time is up before ${page}, ${theme}`);
			await Promise.all(KINDS.map((kind) => picture(folder, page, theme, kind)));
		}
	}
}

try {
	if (values.screens !== undefined) await screens(values.screens);
	else {
		const sid = await bench.sid("root");
		const [theme = "plain"] = themes();
		for (const page of NAMES) {
			console.log(bench.server.page(`admin/network/autonomy/${page}`, sid, { theme: { name: theme }, lang }));
		}
		console.log("Ctrl-C ends");
		await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
	}
} finally {
	plugin.close();
	await bench.close();
}
