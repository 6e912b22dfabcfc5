/**
 * What the tests of the pages share: the pages built, a router of the lab with the real daemon, the web server around
 * them, a browser. Every page watches for errors of scripts and of the content security policy.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Bus } from "../../daemon/bus/bus.ts";
import { type Autonomyd, hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { frameworkText } from "../../lab/luci/framework.ts";
import { type LuciServer, REPO, startLuciServer, type Theme } from "../../lab/luci/server.ts";
import type { LabOptions } from "../../lab/net/plan.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { createWorld, type World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { superFastHash } from "../../scripts/feed/lmo.ts";
import { LANGUAGES, poFile, readPo } from "../../scripts/luci-po.ts";
import { impossible } from "../e2e/harness.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { allAnswer, errorsOf, FORGIVING, orClosed } from "../support/pages.ts";

/** Why there can be no test of pages with a daemon here; null when there can. */
export function cannot(): string | null {
	return chromiumPath() === null ? NO_BROWSER : impossible();
}

/** What luci-base itself grants to whoever may use LuCI. */
const LUCI_BASE = JSON.stringify({
	"luci-access": {
		description: "Grant access to basic LuCI procedures",
		read: { ubus: { uci: ["changes", "get"], session: ["access", "login", "list", "destroy"] }, uci: ["luci"] },
		write: { ubus: { uci: ["add", "apply", "confirm", "delete", "order", "rename", "set", "commit", "revert"] } },
	},
});

const RPCD = `config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'

config login
	option username 'viewer'
	option password '$p$viewer'
	list read 'luci-access'
	list read 'luci-app-autonomy'
	list read 'unauthenticated'

config login
	option username 'stranger'
	option password '$p$stranger'
	list read 'luci-access'
	list read 'unauthenticated'
`;

/** LuCI's framework reads its own settings when it starts. */
const LUCI = "config core 'main'\n\toption lang 'auto'\n";

export interface Opened {
	readonly page: Page;
	/** Errors of scripts, refused by the policy, or written to the console. */
	readonly errors: string[];
}

export interface Bench {
	readonly router: RouterUnderTest;
	readonly world: World;
	/** A client of the lab's bus. */
	readonly bus: Bus;
	readonly server: LuciServer;
	readonly browser: Browser;
	daemon: Autonomyd;
	startDaemon(): Promise<Autonomyd>;
	sid(user: "root" | "viewer" | "stranger"): Promise<string>;
	open(path: string, options?: OpenOptions): Promise<Opened>;
	close(): Promise<void>;
}

export interface OpenOptions {
	readonly user?: "root" | "viewer" | "stranger";
	readonly theme?: Theme;
	readonly lang?: string;
	readonly context?: BrowserContextOptions;
}

/** LuCI's own framework is used instead of the stand-in. */
export const REAL = (process.env.LUCI_ROOT ?? "") !== "";

/** Under this its `_` looks a text up. */
function hashed(text: string): string {
	return superFastHash(Buffer.from(text)).toString(16).padStart(8, "0");
}

export interface Built {
	readonly app: string;
	readonly files: readonly { readonly name: string; readonly bytes: number; readonly gzip: number }[];
}

/** Built into a directory of this test file alone: others run at the same time. */
export async function buildPages(): Promise<Built> {
	const app = mkdtempSync(join(tmpdir(), "autonomy-luci-"));
	process.on("exit", () => rmSync(app, { recursive: true, force: true }));
	// A plain script without types of its own.
	const script: string = "../../scripts/build-luci.mjs";
	const { buildLuci } = (await import(script)) as { buildLuci(target: string): Promise<Built["files"]> };
	return { app, files: await buildLuci(app) };
}

export async function openPage(
	server: LuciServer,
	browser: Browser,
	path: string,
	sid: string,
	options: OpenOptions = {},
): Promise<Opened> {
	const context = await browser.newContext({
		viewport: { width: 1200, height: 900 },
		colorScheme: options.theme?.dark ? "dark" : "light",
		...options.context,
	});
	const page = await context.newPage();
	const errors = errorsOf(page);
	const { theme, lang } = options;
	await page.goto(
		server.page(path, sid, {
			readOnly: options.user === "viewer",
			...(theme ? { theme } : {}),
			...(lang ? { lang } : {}),
		}),
	);
	return { page, errors };
}

export async function openBench({ config, ...options }: LabOptions = {}): Promise<Bench> {
	const { app } = await buildPages();
	const translations = Object.fromEntries(
		LANGUAGES.map((one) => {
			const texts = [...readPo(readFileSync(poFile(one), "utf8"))];
			return [one, Object.fromEntries(texts.map(([id, text]) => [REAL ? hashed(id) : id, text]))];
		}),
	);
	return orClosed(async (closing) => {
		const router = await startStandIn({
			...options,
			config: { autonomy: FORGIVING, rpcd: RPCD, luci: LUCI, ...config },
		});
		closing.add(() => router.close());
		const bus = hostBus(router);
		closing.add(() => bus.close());
		const passwords = { root: "openwrt", viewer: "look", stranger: "none" };
		await router.put("/lab/passwords.json", JSON.stringify(passwords), 0o600);
		await router.put("/lab/acl.d/luci-base.json", LUCI_BASE);
		await router.put(
			"/lab/acl.d/luci-app-autonomy.json",
			readFileSync(`${REPO}/rpcd/acl.d/luci-app-autonomy.json`, "utf8"),
		);
		const daemon = await startAutonomyd(router, bus);
		closing.add(async () => {
			if (!bench.daemon.process.ended) await bench.daemon.stop();
		});
		const server = await startLuciServer({
			app,
			translations,
			ubus: `${router.lab.shared}/lab/http.sock`,
			framework: await frameworkText(),
			onApply: () => bench.daemon.kill("SIGHUP"),
		});
		closing.add(() => server.close());
		const browser = await launch();
		closing.add(() => browser.close());
		const sids = new Map<string, Promise<string>>();

		const bench: Bench = {
			router,
			world: createWorld(router),
			bus,
			server,
			browser,
			daemon,
			async startDaemon() {
				bench.daemon = await startAutonomyd(router, bus);
				return bench.daemon;
			},
			sid(user) {
				const known = sids.get(user) ?? server.login(user, passwords[user]);
				sids.set(user, known);
				return known;
			},
			async open(path, open = {}) {
				return openPage(server, browser, path, await bench.sid(open.user ?? "root"), open);
			},
			close: closing.all,
		};
		await allAnswer(bench.daemon, router.lab.plan.isps.length);
		return bench;
	});
}

/** Nothing went wrong that the page did not tell about. */
export function assertClean(opened: Opened): void {
	assert.deepEqual(opened.errors, []);
}
