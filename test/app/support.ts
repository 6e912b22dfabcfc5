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
import { allAnswer, errorsOf, FORGIVING, orClosed, untilTrue } from "../support/pages.ts";

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

/** Toasts fade: who reads them late, as on a busy machine, reads them here. */
const KEEP_TOASTS = `
	globalThis.toasts = [];
	new MutationObserver((changes) => {
		for (const { addedNodes } of changes)
			for (const one of addedNodes) if (one.matches?.(".toast")) toasts.push(one.textContent);
	}).observe(document, { childList: true, subtree: true });
`;

/** Waits until a toast has said this, since the page was loaded. */
export function toasted(page: Page, text: RegExp): Promise<void> {
	return untilTrue(page, `toasts.some((one) => ${text}.test(one))`);
}

/** `prepare`: what must be there before the daemon starts. */
export function openBench(
	{ config, ...options }: LabOptions = {},
	daemonOptions: DaemonOptions = {},
	prepare: (router: RouterUnderTest) => Promise<void> = async () => {},
): Promise<Bench> {
	return orClosed(async (closing) => {
		const router = await startStandIn({ ...options, config: { autonomy: FORGIVING, rpcd: RPCD, ...config } });
		closing.add(() => router.close());
		const bus = hostBus(router);
		closing.add(() => bus.close());
		await router.put("/lab/passwords.json", JSON.stringify(PASSWORDS), 0o600);
		await router.put("/lab/acl.d/anyone.json", ANYONE);
		await router.put("/lab/acl.d/luci-app-autonomy.json", readFileSync("rpcd/acl.d/luci-app-autonomy.json", "utf8"));
		await router.lab.helper("router", "www", { root: `${router.repo}/build/app` });
		await prepare(router);
		const socket = `${router.lab.shared}/lab/http.sock`;
		let relay: Relay | null = await startRelay(socket, 0);
		closing.add(() => relay?.close());
		const { port } = relay;
		const url = `http://127.0.0.1:${port}/autonomy/`;
		const daemon = await startAutonomyd(router, bus, daemonOptions);
		closing.add(async () => {
			if (!bench.daemon.process.ended) await bench.daemon.stop();
		});
		const browser = await launch();
		closing.add(() => browser.close());

		const bench: Bench = {
			router,
			world: createWorld(router),
			bus,
			browser,
			url,
			daemon,
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
				await context.addInitScript(KEEP_TOASTS);
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
			close: closing.all,
		};
		await allAnswer(bench.daemon, router.lab.plan.isps.length);
		return bench;
	});
}
