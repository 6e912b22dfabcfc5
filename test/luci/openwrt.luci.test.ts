/**
 * The flows of the other files here on a real OpenWrt: its LuCI, uhttpd, rpcd, procd, mwan3. OPENWRT_ROOT names a root
 * directory that has them (and Node); everything written goes to an overlay. The daemon runs as the service it is on a
 * router; the browser runs here and comes in through the router's LAN client. One session per role, as people have.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Reply } from "../../contract/api.ts";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { hostBus } from "../../lab/autonomyd.ts";
import { startOpenwrt } from "../../lab/router/openwrt.ts";
import { createWorld, type World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { pressable, says } from "../support/pages.ts";

const ROOT = process.env.OPENWRT_ROOT ?? "";
/** What is there once a page has its data. */
const READY = {
	overview: ".au-lanes svg",
	uplink: ".au-chart canvas",
	history: ".au-entries > li",
	alerts: ".au-entries > li",
	settings: '[data-name="switch_margin"] input',
	system: ".au-facts dd",
} as const;
const HEADLINE = ".au-headline";
/** The first page of a session loads all of LuCI, and a busy machine is slow. */
const PATIENCE_MS = 90_000;
const PASSWORDS = { root: "openwrt", viewer: "look", stranger: "none" } as const;
type Role = keyof typeof PASSWORDS;
/** The same as in /etc/shadow; root has his already. */
const HASHES = {
	viewer: "$5$autonomy$f7ZBXEgm4/TxpnTs8ltu61L9OCrV9H4EsQ7dLI1Jow4",
	stranger: "$5$autonomy$kDJp6dg7pX7lUbrHcdRh.NBD3OhY2odAI4QVNJqldU1",
} as const;

function missing(): string | false {
	if (ROOT === "") return "no OPENWRT_ROOT: it names a root directory of OpenWrt with LuCI";
	if (!existsSync(`${ROOT}/www/cgi-bin/luci`) || !existsSync(`${ROOT}/usr/share/ucode/luci`))
		return "the OPENWRT_ROOT given has no LuCI";
	if (process.getuid?.() !== 0) return "booting an OpenWrt root directory needs root";
	return chromiumPath() === null ? NO_BROWSER : false;
}

interface Door {
	readonly url: string;
	/** False: connections are dropped, as when the cable is pulled. */
	open(yes: boolean): void;
	close(): void;
}

/** From a port of this machine to the router's port 80, by a relay in the network of its LAN client. */
async function openDoor(router: RouterUnderTest): Promise<Door> {
	const path = `${router.lab.shared}/luci.sock`;
	// Whichever side ends takes the other along: what a browser has given up, uhttpd need not finish.
	const relay = `require("node:net").createServer((a) => {
	const b = require("node:net").connect(80, "192.168.1.1");
	for (const [one, other] of [[a, b], [b, a]]) one.on("error", () => other.destroy()).on("close", () => other.destroy()).pipe(other);
}).listen(${JSON.stringify(path)}, () => console.log("ready"));`;
	await new Promise<void>((resolve, reject) => {
		router.lab
			.spawn({ where: "client", argv: [process.execPath, "-e", relay] }, (line) =>
				line === "ready" ? resolve() : reject(new Error(line)),
			)
			.catch(reject);
	});
	const here = new Set<net.Socket>();
	let isOpen = true;
	const server = net.createServer((socket) => {
		if (!isOpen) {
			socket.destroy();
			return;
		}
		here.add(socket);
		const there = net.connect(path);
		const end = (): void => {
			here.delete(socket);
			socket.destroy();
			there.destroy();
		};
		for (const one of [socket, there]) one.on("error", end).on("close", end);
		socket.pipe(there).pipe(socket);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const drop = (): void => {
		for (const socket of here) socket.destroy();
	};
	return {
		url: `http://127.0.0.1:${port}/cgi-bin/luci`,
		open(yes) {
			isOpen = yes;
			if (!yes) drop();
		},
		close() {
			drop();
			server.close();
		},
	};
}

const why = missing();
// A test of its own: of a suite that is skipped nobody would hear.
if (why !== false) test("the flows of the pages on a real OpenWrt", { skip: why }, () => undefined);

describe("LuCI on a real OpenWrt", { skip: why }, () => {
	let router: RouterUnderTest;
	let world: World;
	let bus: Bus;
	let browser: Browser;
	let door: Door;
	let owner: Page;
	const wrong: string[] = [];

	const sh = async (script: string): Promise<string> => {
		const { code, stdout, stderr } = await router.run(["sh", "-c", script], { timeoutMs: 60_000 });
		assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
		return stdout;
	};
	const call = async <T>(method: string, args: BlobInputTable = {}): Promise<T> =>
		(await bus.call("autonomy", method, args)) as T;
	const status = (): Promise<Reply<"status">> => call("status");

	async function until(what: string, holds: () => Promise<boolean>, limitMs = PATIENCE_MS): Promise<void> {
		const endMs = performance.now() + limitMs;
		while (!(await holds().catch(() => false))) {
			assert.ok(performance.now() < endMs, `waited for ${what}`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	function watch(page: Page, role: Role): Page {
		page.setDefaultTimeout(PATIENCE_MS);
		page.on("pageerror", (error) => wrong.push(`${role} ${page.url()}: ${error.stack ?? error.message}`));
		return page;
	}

	async function login(role: Role): Promise<Page> {
		const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
		const page = watch(await context.newPage(), role);
		// Not LuCI's front page: it keeps uhttpd busy long after it was left.
		await page.goto(`${door.url}/admin/network/autonomy/overview`);
		await enter(page, role);
		return page;
	}

	async function enter(page: Page, role: Role): Promise<void> {
		await page.fill("input[name=luci_username]", role);
		await page.fill("input[name=luci_password]", PASSWORDS[role]);
		await page.press("input[name=luci_password]", "Enter");
		await page.locator("input[name=luci_password]").waitFor({ state: "detached" });
	}

	/** Nothing is under way when a page is left: uhttpd would be busy with it for half a minute, whoever asks next. */
	async function leave(page: Page): Promise<void> {
		await page.waitForLoadState("networkidle");
		await page.evaluate("globalThis.L && L.Poll && L.Poll.stop()").catch(() => undefined);
		await page.waitForLoadState("networkidle");
	}

	async function visit(page: Page, path: string): Promise<void> {
		await leave(page);
		// Only the part after # differs, perhaps: the page is to come anew.
		await page.goto("about:blank");
		await page.goto(`${door.url}/admin/${path}`);
	}

	async function open(page: Page, name: keyof typeof READY, hash = ""): Promise<void> {
		await visit(page, `network/autonomy/${name}${hash}`);
		await page.locator(READY[name]).first().waitFor();
	}

	before(async () => {
		router = await startOpenwrt(ROOT, {
			isps: 2,
			ipv6: false,
			config: { autonomy: "config autonomy 'main'\n\toption min_uptime_s '1'\n" },
		});
		world = createWorld(router);
		bus = hostBus(router);
		const { repo } = router;
		const role = (name: keyof typeof HASHES, ...rights: readonly string[]): string =>
			[
				`uci -q batch <<'END'`,
				"add rpcd login",
				`set rpcd.@login[-1].username='${name}'`,
				`set rpcd.@login[-1].password='${HASHES[name]}'`,
				...["unauthenticated", ...rights].map((right) => `add_list rpcd.@login[-1].read='${right}'`),
				"END",
			].join("\n");
		await sh(
			[
				`cp -r ${repo}/build/luci/luci-app-autonomy/htdocs/* /www/`,
				`cp -r ${repo}/build/luci/luci-app-autonomy/root/* /`,
				"mkdir -p /usr/libexec/rpcd /usr/share/autonomy/rpcd /usr/lib/autonomy",
				`cp ${repo}/rpcd/luci.autonomy /usr/libexec/rpcd/`,
				`cp ${repo}/rpcd/lib/* /usr/share/autonomy/rpcd/`,
				`cp ${repo}/rpcd/acl.d/*.json /usr/share/rpcd/acl.d/`,
				`cp -r ${repo}/build/autonomyd.* /usr/lib/autonomy/`,
				`cp -r ${repo}/package/files/usr/* /usr/`,
				`cp ${repo}/package/files/etc/init.d/* /etc/init.d/`,
				role("viewer", "luci-base", "luci-app-autonomy"),
				role("stranger", "luci-base"),
				"uci commit rpcd",
				"/etc/init.d/rpcd restart; rm -rf /tmp/luci-*cache*",
				"/etc/init.d/autonomy enable; /etc/init.d/autonomy start",
			].join("\n"),
		);
		await until(
			"both uplinks",
			async () => (await status()).rank.filter((one) => one.state === "eligible").length === 2,
		);
		await until("the plugin of rpcd", async () => Boolean(await bus.call("luci.autonomy", "service", {})));
		door = await openDoor(router);
		browser = await launch();
		owner = await login("root");
	});
	after(async () => {
		await browser?.close();
		door?.close();
		bus?.close();
		await router?.close();
	});

	test("the first minute is told; a failover is seen while it happens, and explained", async () => {
		await open(owner, "overview");
		await says(owner, ".au-notes", /less than a minute/);
		await says(owner, HEADLINE, /^The internet is up, over wan\.$/);
		await says(owner, ".au-card", /wanb.*good/s, PATIENCE_MS);
		await world.do({ do: "blackhole", isp: 1 });
		await says(owner, HEADLINE, /over wan[bc], not the first choice/, PATIENCE_MS);
		await says(owner, ".au-card", /wan\s.*no internet/s);
		await owner.getByRole("link", { name: "Why?" }).click();
		// How long it takes until all probes are missed, a busy machine decides.
		await says(owner, ".au-explained", /by the rule (hard failure|severe loss)/, PATIENCE_MS);
		await says(owner, ".au-explained tr", /wan[bc].*chosen/s);
		await says(owner, ".au-explained", /Done in/);
		// Not before: the way back would be the last decision then.
		await world.do({ do: "heal", isp: 1 });
	});

	test("the alert of it is in every page's head, is acknowledged and stays on the list", async () => {
		await open(owner, "system");
		await owner.getByRole("link", { name: /Alerts: \d/ }).click();
		await says(owner, ".au-entries > li", /critical\s*Uplink down: wan/s, PATIENCE_MS);
		await owner
			.getByRole("button", { name: /^Acknowledge: Uplink down/ })
			.first()
			.click();
		await says(owner, ".au-entries > li", /Uplink down: wan.*acknowledged by somebody at the router/s);
		const { alerts } = await call<Reply<"alerts">>("alerts");
		assert.equal(alerts.find((one) => one.kind === "member_down")?.state, "acknowledged");
	});

	test("what if: the recorded time decided again with other settings", async () => {
		await open(owner, "history");
		await owner.getByLabel("Better by").press("ArrowRight");
		await owner.getByRole("button", { name: "What if?" }).click();
		await says(owner, '[role="status"]', /It would have been (the same|different)/, PATIENCE_MS);
	});

	test("by hand: move the traffic and back", async () => {
		await open(owner, "overview");
		// Where it can be moved to changes while the page is looked at: the traffic may just return.
		await owner
			.getByRole("button", { name: /^Use this uplink: wanb?$/ })
			.first()
			.click();
		const dialog = owner.getByRole("dialog", { name: /^Move the traffic to / });
		const to = (await dialog.getAttribute("aria-label"))?.split(" ").at(-1) ?? "";
		await dialog.getByRole("button", { name: "Move the traffic" }).click();
		await says(owner, HEADLINE, new RegExp(`over ${to}[.,]`), PATIENCE_MS);
		await says(owner, ".au-banner", new RegExp(`By hand on ${to} until`));
		assert.equal((await status()).pin?.name, to);
		await owner.getByRole("button", { name: "Back to the automatic choice" }).click();
		await until("the pin to be gone", async () => !(await status()).pin);
	});

	test("a setting saved and applied is in force in the same process", async () => {
		const { pid } = await call<Reply<"info">>("info");
		await open(owner, "settings");
		await owner.locator(READY.settings).fill("17");
		await owner.locator(READY.settings).press("Tab");
		await owner.locator(".cbi-page-actions .cbi-button-apply").first().click();
		await until(
			"the new margin",
			async () => (await call<Reply<"config.get">>("config.get")).sections.main?.switch_margin === "17",
		);
		assert.equal((await call<Reply<"info">>("info")).pid, pid);
		// LuCI takes a change back that nobody confirmed: wait until it has done so.
		await until(
			"the change to be confirmed",
			async () => !/apply_token/.test(await sh("ls /tmp/rpcd 2>/dev/null; true")),
		);
		await owner.locator(".alert-message.spinning, #modal_overlay .spinning").waitFor({ state: "detached" });
	});

	test("a backup is kept, restored and the restore undone", async () => {
		await open(owner, "system");
		const margin = (): Promise<string> => sh("uci -q get autonomy.main.switch_margin").then((text) => text.trim());
		await owner.getByLabel("Note").fill("before");
		await owner.getByRole("button", { name: "Keep the present configuration" }).click();
		await says(owner, "td", /by hand, before, as it is now/, PATIENCE_MS);
		await sh("uci set autonomy.main.switch_margin=21; uci commit autonomy");
		await owner.getByRole("button", { name: /^Restore: / }).click();
		await owner.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
		await until("the restore", async () => (await margin()) === "17");
		await owner.getByRole("button", { name: "Undo" }).click();
		await until("the restore to be undone", async () => (await margin()) === "21");
	});

	test("every page opens without an error of a script, and none is wider than a phone", async (t) => {
		// The same session on a phone: themes go by the width of the device.
		const size = { width: 390, height: 844 };
		const context = await browser.newContext({
			storageState: await owner.context().storageState(),
			viewport: size,
			screen: size,
			isMobile: true,
		});
		const page = watch(await context.newPage(), "root");
		await page.goto("about:blank");
		for (const name of Object.keys(READY) as (keyof typeof READY)[]) {
			await open(page, name);
			const wide = Number(await page.evaluate("document.documentElement.scrollWidth"));
			assert.ok(wide <= 390, `${name} is ${wide} px wide`);
		}
		// Without dnsmasq LuCI's own parts of its status page fail, and then it shows none.
		if (existsSync(`${ROOT}/usr/sbin/dnsmasq`)) {
			await visit(page, "status/overview");
			await says(page, ".au-card-status .au-badge", /The internet is up/, PATIENCE_MS);
		} else t.diagnostic("the card on LuCI's status page was not looked at: this root directory has no dnsmasq");
		await leave(page);
		await context.close();
		assert.deepEqual(wrong, []);
	});

	test("who may only look sees everything and can do nothing; a stranger is not let in", async () => {
		const page = await login("viewer");
		await open(page, "overview");
		await says(page, HEADLINE, /The internet is up/);
		await says(page, ".alert-message", /You may look but not change anything/);
		const buttons = page.locator(".au button:visible");
		await buttons.first().waitFor();
		assert.deepEqual(await pressable(page, ".au"), []);
		await visit(page, "network/autonomy/settings");
		await says(page, "tr", /Switch margin\s*\d+/, PATIENCE_MS);
		assert.equal(await page.locator(".cbi-button-apply:not([disabled])").count(), 0);
		await leave(page);
		await page.context().close();
		const stranger = await login("stranger");
		// LuCI's own answer, an empty page.
		const refused = await stranger.context().request.get(`${door.url}/admin/network/autonomy/overview`);
		assert.equal(refused.status(), 403);
		assert.equal(await stranger.locator(".au-card").count(), 0);
		await stranger.context().close();
		assert.deepEqual(wrong, []);
	});

	test("the cable is pulled and comes back", async () => {
		await open(owner, "overview");
		door.open(false);
		await says(owner, '[role="alert"]', /The router does not answer[\s\S]*old/, PATIENCE_MS);
		door.open(true);
		await owner.locator('[role="alert"] .alert-message').waitFor({ state: "detached" });
	});

	test("the daemon is stopped and started from the page; while it does not run every page says what to do", async () => {
		await open(owner, "system");
		await owner.getByRole("button", { name: "Stop", exact: true }).click();
		const sure = owner.getByRole("dialog").getByRole("button", { name: "Stop" });
		await sure.click();
		await says(owner, "#view", /The daemon does not run, so it cannot tell how it is/, PATIENCE_MS);
		await visit(owner, "network/autonomy/overview");
		await says(owner, '[role="alert"]', /The daemon does not run[\s\S]*\/etc\/init.d\/autonomy start/, PATIENCE_MS);
		await visit(owner, "network/autonomy/system");
		await owner.getByRole("button", { name: "Start", exact: true }).click();
		await until("the daemon", async () => (await status()).current !== undefined);
		await says(owner, "tr", /well/, PATIENCE_MS);
	});

	test("no uplinks and no mwan3: told, with what to do", async () => {
		await sh("/etc/init.d/mwan3 stop; uci delete network.wan; uci delete network.wanb; uci commit network");
		await sh("rm -f /etc/config/mwan3; /etc/init.d/network reload; /etc/init.d/autonomy restart");
		await until("no uplink", async () => (await status()).rank.length === 0);
		await visit(owner, "network/autonomy/overview");
		await says(owner, HEADLINE, /No uplink was found/, PATIENCE_MS);
		await says(owner, ".au-notes", /Give the router a WAN interface/);
		await says(owner, ".au-notes", /mwan3 is not used/);
	});

	test("the session is over; not installed fully", async () => {
		await open(owner, "system");
		await sh("rm /usr/libexec/rpcd/luci.autonomy; /etc/init.d/rpcd restart");
		await says(owner, "body", /Session expired/i, 60_000);
		await owner.locator(".modal .btn").first().click();
		await enter(owner, "root");
		await says(owner, '[role="alert"]', /not installed fully/, PATIENCE_MS);
		assert.deepEqual(wrong, []);
	});
});
