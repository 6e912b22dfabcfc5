/** The browser of the tests: any Chromium of this machine, without a window. */
import { accessSync, constants } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

export function chromiumPath(): string | null {
	const named = process.env.CHROMIUM;
	const paths = (process.env.PATH ?? "/usr/bin")
		.split(":")
		.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
	for (const path of [...(named === undefined ? [] : [named]), ...paths]) {
		try {
			accessSync(path, constants.X_OK);
			return path;
		} catch {
			// The next one.
		}
	}
	return null;
}

export const NO_BROWSER = "no Chromium here: install it, or name one in CHROMIUM";

/** For every wait in a page that names no limit of its own: a machine that runs tests is slow. */
export const PATIENCE_MS = 120_000;

/**
 * AUTONOMY_SLOW_PAGES=LATENCY_MS,CPU_TIMES makes every page late: each answer comes so much later, its scripts take so many
 * times as long. Finds tests that read a page before it has said what they wait for.
 */
async function slowDown(page: Page, wanted: string): Promise<void> {
	const [latency = 0, rate = 1] = wanted.split(",").map(Number);
	const session = await page.context().newCDPSession(page);
	const unlimited = { offline: false, downloadThroughput: -1, uploadThroughput: -1 };
	await session.send("Network.emulateNetworkConditions", { ...unlimited, latency });
	await session.send("Emulation.setCPUThrottlingRate", { rate });
}

/** What the driver itself never gives up. */
async function bounded<T>(what: string, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE_MS} ms`)), PATIENCE_MS);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}

export async function launch(): Promise<Browser> {
	const executablePath = chromiumPath();
	if (executablePath === null) throw new Error(NO_BROWSER);
	// In a container the folder for shared memory can be too small for a browser.
	const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
	const browser = await chromium.launch({ executablePath, args, timeout: PATIENCE_MS });
	const newContext = browser.newContext.bind(browser);
	browser.newContext = async (options) => {
		const context = await newContext(options);
		context.setDefaultTimeout(PATIENCE_MS);
		const slow = process.env.AUTONOMY_SLOW_PAGES;
		if (slow !== undefined) {
			const newPage = context.newPage.bind(context);
			context.newPage = async () => {
				const page = await newPage();
				await slowDown(page, slow);
				return page;
			};
		}
		const close = context.close.bind(context);
		// Chromium forgets to close a page that is just loading itself anew.
		context.close = (given) => bounded("closing the pages", close(given));
		return context;
	};
	return browser;
}
