/**
 * What the browser tests of LuCI, RutOS and the phone share: a router that is ready, waiting for what a page says, errors of
 * scripts. A page is asked and drawn whenever its machine finds the time, so nothing is read from it before something that
 * implies it has been waited for.
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Page, Request } from "playwright-core";
import type { Autonomyd } from "../../lab/autonomyd.ts";
import { PATIENCE_MS } from "./chromium.ts";

/**
 * The daemon of a machine that is too busy to send its probes may judge a link that is fine; here it soon forgives it, and
 * everything is back to what it was soon after an outage. How it decides is the matter of other tests.
 */
export const FORGIVING = `config autonomy 'main'
	option min_uptime_s '1'
	option hold_down_s '1'
	option hold_down_max_s '2'
	option cooldown_s '1'
	option drain_s '1'
	option predictive '0'

config thresholds 'restore'
	option min_duration_s '1'

`;

/** What was opened for a test file, to be closed together, the last first. */
export interface Closing {
	add(work: () => unknown): void;
	all(): Promise<void>;
}

/** If not everything can be opened, what was is closed again: a browser that is left keeps the test's process for ever. */
export async function orClosed<T>(open: (closing: Closing) => Promise<T>): Promise<T> {
	const works: (() => unknown)[] = [];
	const closing: Closing = {
		add: (work) => works.push(work),
		async all() {
			const wrong: unknown[] = [];
			// What cannot be closed must not keep the rest open.
			for (let work = works.pop(); work !== undefined; work = works.pop()) {
				await Promise.resolve()
					.then(work)
					.catch((error: unknown) => wrong.push(error));
			}
			if (wrong.length > 0) throw wrong[0];
		},
	};
	try {
		return await open(closing);
	} catch (error) {
		await closing.all().catch(console.error);
		throw error;
	}
}

/** They answer. One that lost a probe, as on a busy machine, may have to prove itself for minutes. */
const ANSWERS: readonly string[] = ["eligible", "hold_down", "failing", "draining"];

/** Waits until all `count` uplinks answer and the first carries the traffic: before that pages say other things. */
export async function allAnswer(daemon: Autonomyd, count: number): Promise<void> {
	await daemon.until(
		"every uplink to answer",
		async () => {
			const { state, rank } = await daemon.status();
			return state === "primary" && rank.length === count && rank.every((one) => ANSWERS.includes(one.state));
		},
		300_000,
	);
}

/** Errors of scripts and of the policy, as they come. */
export function errorsOf(page: Page): string[] {
	const errors: string[] = [];
	page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
	page.on("console", (message) => {
		// A request that failed is the browser's own line; the page tells of it in its words.
		if (message.type() === "error" && !/Failed to load resource|net::ERR/.test(message.text()))
			errors.push(message.text());
	});
	return errors;
}

/** Waits until something visible that `selector` finds has this text. */
export async function says(page: Page, selector: string, text: RegExp, limitMs = PATIENCE_MS): Promise<void> {
	await page.locator(selector).filter({ hasText: text, visible: true }).first().waitFor({ timeout: limitMs });
}

/** Reads again and again until it is so; at the end the assertion tells how it was. */
export async function becomes<T>(read: () => Promise<T> | T, wanted: T, limitMs = PATIENCE_MS): Promise<void> {
	const deadline = performance.now() + limitMs;
	for (;;) {
		const found = await read();
		if (isDeepStrictEqual(found, wanted)) return;
		if (performance.now() > deadline) assert.deepEqual(found, wanted, `not within ${limitMs} ms`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** Waits for an expression in the page. The driver's own way uses eval, which strict policies refuse. */
export async function untilTrue(page: Page, expression: string): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while ((await page.evaluate(expression)) !== true) {
		if (performance.now() > deadline) throw new Error(`waited for ${expression}`);
		await page.waitForTimeout(50);
	}
}

/** What can be pressed within `selector`, all read in one moment. */
export async function pressable(page: Page, selector: string): Promise<string[]> {
	return (await page.evaluate(
		`[...document.querySelectorAll(${JSON.stringify(`${selector} button`)})].filter((one) => one.checkVisibility() && !one.disabled).map((one) => one.ariaLabel ?? one.textContent)`,
	)) as string[];
}

export interface PageTime {
	/** So much of the page's own time goes by, and everything it asks meanwhile is answered within it. */
	pass(ms: number): Promise<void>;
	/** It goes with the clock again. */
	resume(): Promise<void>;
}

const STEP_MS = 200;

/**
 * Takes the page's time into the hand: it comes anew, and when `ready` holds, its timers stand still. How often it asks is
 * a matter of its timers then, not of how busy the machine is.
 */
export async function holdTime(page: Page, ready: () => Promise<void>): Promise<PageTime> {
	const open = new Set<Request>();
	page.on("request", (one) => open.add(one));
	page.on("requestfinished", (one) => open.delete(one));
	page.on("requestfailed", (one) => open.delete(one));
	const answered = (): Promise<void> => becomes(() => open.size, 0);
	await page.clock.install();
	await page.reload();
	await ready();
	await page.clock.pauseAt(Number(await page.evaluate("Date.now()")) + 60_000);
	async function pass(ms: number): Promise<void> {
		for (let passed = 0; passed < ms; passed += STEP_MS) {
			await page.clock.runFor(STEP_MS);
			await answered();
		}
	}
	// What was under way ends, with all that follows from it.
	await pass(2000);
	return { pass, resume: () => page.clock.resume() };
}
