/**
 * What the tests of the phone app share: a router of the lab with the real daemon and its web server, reached by a port
 * of this machine that can be taken away, and one browser. Every page watches for errors of scripts and of the policy.
 */
import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import type { Bus } from "../../daemon/bus/bus.ts";
import { type Autonomyd, type DaemonOptions, hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { type Relay, startRelay } from "../../lab/demo/relay.ts";
import type { LabOptions } from "../../lab/net/plan.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { createWorld, type World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { impossible } from "../e2e/harness.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { allEligible, errorsOf, orClosed } from "../support/pages.ts";

export function cannot(): string | null {
	return chromiumPath() === null ? NO_BROWSER : impossible();
}

/** As rpcd's own acl.d has it. */
const ANYONE = JSON.stringify({
	unauthenticated: { description: "", read: { ubus: { session: ["access", "login"] } } },
	"luci-access": { description: "", read: { ubus: { session: ["access", "list", "destroy"] } } },
});

const login = (user: string, read: readonly string[], write: readonly string[]): string =>
	[
		`config login`,
		`\toption username '${user}'`,
		`\toption password '$p$${user}'`,
		...read.map((one) => `\tlist read '${one}'`),
		...write.map((one) => `\tlist write '${one}'`),
		"",
	].join("\n");

const RPCD = [
	login("root", ["*"], ["*"]),
	login("viewer", ["luci-access", "luci-app-autonomy"], []),
	login("stranger", ["luci-access"], []),
].join("\n");

const PASSWORDS = { root: "openwrt", viewer: "look", stranger: "none" } as const;

export type User = keyof typeof PASSWORDS;

export interface Opened {
	readonly page: Page;
	readonly context: BrowserContext;
	/** Errors of scripts, refused by the policy, or written to the console. */
	readonly errors: string[];
}

export interface Bench {
	readonly router: RouterUnderTest;
	readonly world: World;
	/** A client of the lab's bus. */
	readonly bus: Bus;
	readonly browser: Browser;
	readonly url: string;
	daemon: Autonomyd;
	startDaemon(): Promise<Autonomyd>;
	/** False: the port is closed, as when the phone has left the network. */
	reachable(yes: boolean): Promise<void>;
	/** A phone of its own, not logged in. */
	phone(options?: BrowserContextOptions, url?: string): Promise<Opened>;
	/** The same, logged in. */
	enter(user: User, options?: BrowserContextOptions): Promise<Opened>;
	close(): Promise<void>;
}

export async function logIn(page: Page, user: User): Promise<void> {
	await page.getByLabel("User").fill(user);
	await page.getByLabel("Password").fill(PASSWORDS[user]);
	await page.getByRole("button", { name: "Log in" }).click();
}

/** `prepare`: what must be there before the daemon starts. */
export async function openBench(
	options: LabOptions = {},
	daemonOptions: DaemonOptions = {},
	prepare: (router: RouterUnderTest) => Promise<void> = async () => {},
): Promise<Bench> {
	const autonomy = "config autonomy 'main'\n\toption min_uptime_s '1'\n";
	const browser = await launch();
	const router = await startStandIn({ ...options, config: { autonomy, rpcd: RPCD, ...options.config } });
	const bus = hostBus(router);
	await router.put("/lab/passwords.json", JSON.stringify(PASSWORDS), 0o600);
	await router.put("/lab/acl.d/anyone.json", ANYONE);
	await router.put("/lab/acl.d/luci-app-autonomy.json", readFileSync("rpcd/acl.d/luci-app-autonomy.json", "utf8"));
	await router.lab.helper("router", "www", { root: `${router.repo}/build/app` });
	await prepare(router);
	const socket = `${router.lab.shared}/lab/http.sock`;
	let relay: Relay | null = await startRelay(socket, 0);
	const { port } = relay;
	const url = `http://127.0.0.1:${port}/autonomy/`;

	const bench: Bench = {
		router,
		world: createWorld(router),
		bus,
		browser,
		url,
		daemon: await startAutonomyd(router, bus, daemonOptions),
		async startDaemon() {
			bench.daemon = await startAutonomyd(router, bus, daemonOptions);
			return bench.daemon;
		},
		async reachable(yes) {
			if (yes) relay ??= await startRelay(socket, port);
			else {
				relay?.close();
				relay = null;
			}
		},
		async phone(given = {}, at = url) {
			const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, ...given });
			const page = await context.newPage();
			const errors = errorsOf(page);
			await page.goto(at);
			return { page, context, errors };
		},
		async enter(user, given = {}) {
			const opened = await bench.phone({ locale: "en-GB", ...given });
			await logIn(opened.page, user);
			return opened;
		},
		async close() {
			await browser.close();
			relay?.close();
			if (!bench.daemon.process.ended) await bench.daemon.stop();
			bus.close();
			await router.close();
		},
	};
	return orClosed(bench, allEligible(bench.daemon, router.lab.plan.isps.length));
}

/** Waits until something that `selector` finds has this text. */
export async function says(page: Page, selector: string, text: RegExp, limitMs = 60_000): Promise<void> {
	await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: limitMs });
}

/** Waits for an expression in the page. The driver's own way uses eval, which the app's policy refuses. */
export async function untilTrue(page: Page, expression: string, limitMs = 60_000): Promise<void> {
	const deadline = performance.now() + limitMs;
	while ((await page.evaluate(expression)) !== true) {
		if (performance.now() > deadline) throw new Error(`waited for ${expression}`);
		await page.waitForTimeout(50);
	}
}
