/**
 * What the tests of RutOS' pages share: the pages built, a router of the lab with the real daemon, the Lua service between
 * them and its bus, a web server that behaves as RutOS', a browser. Errors of scripts and refusals of the content policy
 * are collected on every page.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Autonomyd, hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { type Release, type RutosServer, startRutosServer, type User } from "../../lab/rutos/server.ts";
import { findLua, startService, type Ubus, ubusOf } from "../../lab/rutos/service.ts";
import { createWorld, type World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { impossible } from "../e2e/harness.ts";
import { type Plugin, servePlugin } from "../luci/plugin.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { allAnswer, errorsOf, FORGIVING, orClosed } from "../support/pages.ts";

/** Why there can be no test in a browser here; null when there can. */
export function noBrowser(): string | null {
	const lua = findLua();
	return chromiumPath() === null ? NO_BROWSER : lua.path === null ? lua.why : null;
}

export function cannot(): string | null {
	return noBrowser() ?? impossible();
}

export interface Built {
	readonly folder: string;
	readonly files: readonly { readonly name: string; readonly bytes: number; readonly gzip: number }[];
	/** Literal texts of what is in the bundle. */
	readonly texts: readonly string[];
	readonly remove: () => void;
}

/** Built into a directory of this test file alone: others run at the same time. */
export async function buildPages(): Promise<Built> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-vuci-"));
	// A plain script without types of its own.
	const script: string = "../../scripts/build-vuci.mjs";
	const { buildVuci } = (await import(script)) as {
		buildVuci(target: string): Promise<Omit<Built, "folder" | "remove">>;
	};
	return { folder, ...(await buildVuci(folder)), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function serve(built: Built, ubus: Ubus): Promise<RutosServer> {
	const file = `${built.folder}/api/usr/lib/lua/api/services/autonomy.lua`;
	return startRutosServer({ built: built.folder, service: startService(findLua().path ?? "lua5.1", file, ubus) });
}

export interface Opened {
	readonly page: Page;
	/** Errors of scripts, refused by the policy, or written to the console. */
	readonly errors: string[];
	/** Shows one of our tabs. */
	tab(name: string): Promise<void>;
	close(): Promise<void>;
}

export interface OpenOptions {
	readonly release?: Release;
	readonly user?: User;
	readonly dark?: boolean;
	readonly lang?: string;
	readonly context?: BrowserContextOptions;
}

/** Logs in and opens the view from the menu. */
export async function open(server: RutosServer, browser: Browser, options: OpenOptions = {}): Promise<Opened> {
	const { release = "7.20", user = "admin", ...rest } = options;
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options.context });
	const page = await context.newPage();
	const errors = errorsOf(page);
	await page.goto(server.page(release, rest));
	await login(page, user);
	await page.getByRole("button", { name: "Autonomy", exact: true }).click();
	await page.locator(".au-rutos").waitFor();
	return {
		page,
		errors,
		tab: (name) => page.getByRole("tab", { name, exact: true }).click(),
		close: () => context.close(),
	};
}

export async function login(page: Page, user: User): Promise<void> {
	await page.getByLabel("User name").fill(user);
	await page.getByLabel("Password").fill(`${user[0]?.toUpperCase()}${user.slice(1)}123`);
	await page.getByRole("button", { name: "Log in" }).click();
	await page.locator("nav").waitFor();
}

export interface Bench {
	readonly router: RouterUnderTest;
	readonly world: World;
	readonly server: RutosServer;
	readonly browser: Browser;
	readonly built: Built;
	readonly plugin: Plugin;
	daemon: Autonomyd;
	startDaemon(): Promise<Autonomyd>;
	close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
	const built = await buildPages();
	return orClosed(async (closing) => {
		closing.add(built.remove);
		const autonomy = `${FORGIVING}config member 'wanb'\n\toption data_limit_mb '500'\n`;
		const router = await startStandIn({ isps: 3, modems: [2], config: { autonomy } });
		closing.add(() => router.close());
		const bus = hostBus(router);
		closing.add(() => bus.close());
		const daemon = await startAutonomyd(router, bus);
		closing.add(async () => {
			if (!bench.daemon.process.ended) await bench.daemon.stop();
		});
		const plugin = await servePlugin(bus);
		closing.add(() => plugin.close());
		const server = await serve(built, ubusOf(bus));
		closing.add(() => server.close());
		const browser = await launch();
		closing.add(() => browser.close());
		const bench: Bench = {
			router,
			world: createWorld(router),
			server,
			browser,
			built,
			plugin,
			daemon,
			async startDaemon() {
				bench.daemon = await startAutonomyd(router, bus);
				return bench.daemon;
			},
			close: closing.all,
		};
		await allAnswer(bench.daemon, 3);
		return bench;
	});
}
