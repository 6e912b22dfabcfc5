/** What the browser tests of LuCI, RutOS and the phone share: a router that is ready, errors of scripts. */
import type { Page } from "playwright-core";
import type { Autonomyd } from "../../lab/autonomyd.ts";

/** The same, or all of it is closed again: a test that cannot begin is to fail, not to be left open. */
export async function orClosed<T extends { close(): Promise<void> }>(opened: T, ready: Promise<void>): Promise<T> {
	try {
		await ready;
		return opened;
	} catch (error) {
		await opened.close();
		throw error;
	}
}

/** Waits until all `count` uplinks are good: before that pages say other things. */
export async function allEligible(daemon: Autonomyd, count: number): Promise<void> {
	await daemon.until(
		"every uplink eligible",
		async () => {
			const { rank } = await daemon.status();
			return rank.length === count && rank.every((one) => one.state === "eligible");
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
