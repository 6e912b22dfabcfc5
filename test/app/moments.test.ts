/** The phone app in moments that are short in front of a real router: answers that are held back. Needs no router. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Reply } from "../../contract/api.ts";
import { FILE_TYPES, type LoopbackServer, serveLoopback } from "../../lab/loopback-server.ts";
import { answerAll } from "../luci/invent.ts";
import { chromiumPath, launch, NO_BROWSER } from "../support/chromium.ts";
import { becomes, holdTime, pressable, says, untilTrue } from "../support/pages.ts";

const APP = "build/app/autonomy";
const H1 = ".hero h1";

function cannot(): string | false {
	if (chromiumPath() === null) return NO_BROWSER;
	return existsSync(`${APP}/index.html`) ? false : `${APP} is not built: npm run build`;
}

interface Call {
	readonly id: number;
	readonly params: readonly [string, string, string, Readonly<Record<string, unknown>>];
}

type Answer = () => { readonly result: readonly unknown[] };

describe("phone app, moments", { skip: cannot() }, () => {
	let server: LoopbackServer;
	let browser: Browser;
	const answers = new Map<string, Answer>();
	/** What was called with which arguments, oldest first. */
	const asked: [string, Readonly<Record<string, unknown>>][] = [];
	/** Requests with this call wait while it is set. */
	let held: string | null = null;
	let waiting: (() => void)[] = [];

	const hold = (call: string): void => {
		held = call;
	};
	const release = (): void => {
		held = null;
		for (const go of waiting) go();
		waiting = [];
	};
	const someWait = (): Promise<void> => becomes(() => waiting.length > 0, true);

	async function ubus(request: IncomingMessage, response: ServerResponse): Promise<void> {
		let text = "";
		for await (const part of request.setEncoding("utf8")) text += part as string;
		const calls = [JSON.parse(text) as Call | Call[]].flat();
		const names = calls.map(({ params }) => `${params[1]} ${params[2]}`);
		for (const { params } of calls) asked.push([`${params[1]} ${params[2]}`, params[3]]);
		if (held !== null && names.includes(held)) await new Promise<void>((go) => waiting.push(go));
		const told = names.map((name, at) => ({
			jsonrpc: "2.0",
			id: calls[at]?.id,
			...(answers.get(name)?.() ?? { result: [4] }),
		}));
		response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(told));
	}

	before(async () => {
		answerAll({ answer: (name: string, own: Answer) => answers.set(name, own) } as never, "wan");
		answers.set("session login", () => ({
			result: [0, { ubus_rpc_session: "1".repeat(32), acls: { ubus: { autonomy: ["*"] } } }],
		}));
		server = await serveLoopback(async (request, response) => {
			const { pathname } = new URL(request.url ?? "/", "http://router");
			if (pathname === "/ubus") return ubus(request, response);
			const path = `${APP}/${pathname.slice("/autonomy/".length) || "index.html"}`;
			const type = FILE_TYPES[extname(path)] ?? "application/octet-stream";
			if (existsSync(path)) response.writeHead(200, { "Content-Type": type }).end(readFileSync(path));
			else response.writeHead(404).end();
		});
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		server?.close();
	});

	async function open(t: TestContext, locale: string): Promise<Page> {
		const viewport = { width: 390, height: 844 };
		const context = await browser.newContext({ viewport, locale, serviceWorkers: "block" });
		// Also when it fails: a page that goes on asking would be taken for the next one.
		t.after(() => context.close());
		const page = await context.newPage();
		await page.goto(`${server.url}/autonomy/`);
		await page.locator("input[type=password]").fill("openwrt");
		return page;
	}

	async function enter(t: TestContext): Promise<Page> {
		const page = await open(t, "en-GB");
		await page.getByRole("button", { name: "Log in" }).click();
		await says(page, H1, /The internet is up, over wan/);
		return page;
	}

	test("the daemon's own words in the reader's language", async (t) => {
		const known = answers.get("autonomy members") as Answer;
		t.after(() => answers.set("autonomy members", known));
		const [code, told] = known().result as [number, Reply<"members">];
		const standby = { class: "cellular", state: "eligible", primary: false, why_not: "ranks lower: 70 against 98" };
		const members = told.members.map((one) => ({ ...one, ...standby }));
		answers.set("autonomy members", () => ({ result: [code, { members }] }));
		const page = await open(t, "de-DE");
		await page.getByRole("button", { name: "Anmelden" }).click();
		await says(page, H1, /^Das Internet ist da, über wan\.$/);
		await says(page, ".card", /^wan ?Mobilfunk ?gut/);
		await says(page, ".card .reason", /^steht tiefer: 70 gegen 98$/);
		const explained = answers.get("autonomy explain") as Answer;
		t.after(() => answers.set("autonomy explain", explained));
		const [fine, why] = explained().result as [number, Reply<"explain">];
		answers.set("autonomy explain", () => ({ result: [fine, { ...why, rule: "hard_failure" }] }));
		await page.locator('nav a[href="#history"]').click();
		await page.locator(".entries .why summary").first().click();
		await says(page, ".explained", /nach der Regel Totalausfall/);
	});

	test("what this phone remembers is not shown as of now before the router has answered", async (t) => {
		const page = await enter(t);
		hold("autonomy status");
		await page.reload();
		await says(page, H1, /The internet is up, over wan/);
		assert.equal(await page.locator(".hero.off").count(), 1);
		assert.deepEqual(await pressable(page, ".overview .orders"), []);
		assert.equal(await page.title(), "autonomy");
		release();
		await page.locator(".hero:not(.off)").waitFor();
		await becomes(async () => (await pressable(page, ".overview .orders")).length > 0, true);
	});

	test("nothing is kept of an answer that comes after the log-out", async (t) => {
		const page = await enter(t);
		await page.locator('nav a[href="#more"]').click();
		await page.getByRole("button", { name: "Log out" }).waitFor();
		await page.evaluate("localStorage.clear()");
		hold("autonomy status");
		await someWait();
		await page.getByRole("button", { name: "Log out" }).click();
		await page.getByRole("button", { name: "Log in" }).waitFor();
		const late = page.waitForEvent("requestfinished");
		release();
		await late;
		for (let turn = 0; turn < 5; turn++)
			assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
	});

	test("all alerts are acknowledged with one tap when there are several", async (t) => {
		const known = answers.get("autonomy alerts") as Answer;
		t.after(() => answers.set("autonomy alerts", known));
		const [code, told] = known().result as [number, Reply<"alerts">];
		const [one] = told.alerts;
		const tell = (state: "active" | "acknowledged"): void => {
			const alerts = ["1", "2"].map((id) => ({ ...one, id, state }));
			answers.set("autonomy alerts", () => ({ result: [code, { ...told, alerts }] }));
		};
		tell("active");
		const page = await enter(t);
		await says(page, ".count", /^2$/);
		await page.locator('nav a[href="#alerts"]').click();
		await page.getByRole("button", { name: "Acknowledge all" }).click();
		await becomes(() => asked.findLast(([name]) => name === "autonomy alert_ack")?.[1], { id: "all" });
		tell("acknowledged");
		await page.getByRole("button", { name: "Acknowledge all" }).waitFor({ state: "hidden" });
		await becomes(() => page.locator(".count").textContent(), "");
	});

	test("a decision that is being carried out is looked at again", async (t) => {
		const known = answers.get("autonomy explain") as Answer;
		t.after(() => answers.set("autonomy explain", known));
		const [code, told] = known().result as [number, Reply<"explain">];
		const actions = told.actions.map((one) => ({ ...one, released: [] }));
		answers.set("autonomy explain", () => ({ result: [code, { ...told, actions, results: [] }] }));
		const page = await enter(t);
		await page.locator('nav a[href="#history"]').click();
		await page.locator(".entries .why summary").first().click();
		await says(page, ".explained", /It is being carried out/);
		answers.set("autonomy explain", known);
		await says(page, ".explained", /Done in/);
	});

	test("'Why?' of the last decision leads there, the keyboard too, also when the history was looked at before", async (t) => {
		const known = ["autonomy decisions", "autonomy status"].map((name) => [name, answers.get(name) as Answer] as const);
		t.after(() => {
			for (const [name, answer] of known) answers.set(name, answer);
		});
		const [[, decisions], [, status]] = known as [(typeof known)[0], (typeof known)[0]];
		const [code, told] = decisions().result as [number, Reply<"decisions">];
		const [one] = told.decisions;
		const all = Array.from({ length: 30 }, (_, at) => ({ ...one, id: `d${at}`, ts: Date.now() - 1000 * at }));
		answers.set("autonomy decisions", () => ({ result: [code, { decisions: all }] }));
		const [, now] = status().result as [number, Reply<"status">];
		answers.set("autonomy status", () => ({ result: [code, { ...now, last_decision: all.at(-1) }] }));
		const page = await enter(t);
		await page.locator('nav a[href="#history"]').click();
		await page.locator(".entries .entry").nth(29).waitFor();
		await page.locator('nav a[href="#overview"]').click();
		await page.getByRole("button", { name: "Why?", exact: true }).press("Enter");
		await says(page, ".explained", /Decision/);
		const where = `(() => { const { top, bottom } = document.activeElement.getBoundingClientRect(); return document.activeElement.matches(".why[open] > summary") && top > 0 && bottom < innerHeight; })()`;
		await untilTrue(page, where);
	});

	test("the keyboard stays where it is in an uplink's sheet when its figures are read anew", async (t) => {
		const page = await enter(t);
		const { pass } = await holdTime(page, () => says(page, H1, /The internet is up, over wan/));
		await page.locator(".card .cover").first().click();
		await pass(2000);
		await page.locator(".sheet .more-facts summary").last().press("Enter");
		await page.evaluate("globalThis.was = document.activeElement");
		await pass(12_000);
		assert.equal(await page.evaluate("was.isConnected"), false, "it is another one by now");
		assert.equal(await page.evaluate("document.activeElement.textContent === was.textContent"), true);
		assert.equal(await page.evaluate("document.activeElement.parentElement.open"), true);
	});

	test("what was just ordered is shown, though a question asked before it is answered later", async (t) => {
		const page = await enter(t);
		hold("autonomy status");
		await someWait();
		await page.getByRole("button", { name: "Check all now" }).press("Enter");
		// Asked anew only when the question before it is answered.
		const { length } = waiting;
		release();
		hold("autonomy status");
		await someWait();
		assert.ok(length > 0);
		assert.ok(!(await pressable(page, ".overview .orders")).includes("Check all now"), "it is still under way");
		release();
		await becomes(async () => (await pressable(page, ".overview .orders")).includes("Check all now"), true);
		assert.equal(
			await page.evaluate("document.activeElement.textContent"),
			"Check all now",
			"the keyboard is still there",
		);
	});
});
