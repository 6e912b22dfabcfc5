/** axe-core on a page: what it finds, in words for an assertion. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

interface Violation {
	readonly id: string;
	readonly help: string;
	readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Violations inside `within`, a CSS selector: the frame around a page is LuCI's. */
export async function violations(page: Page, within = "#view"): Promise<string[]> {
	// Not as a script of the page, which a strict content policy refuses.
	await page.evaluate(`${AXE}\n;0`);
	const found = (await page.evaluate(
		`axe.run(document.querySelector(${JSON.stringify(within)}), { resultTypes: ["violations"] }).then((r) => r.violations)`,
	)) as Violation[];
	return found.flatMap(({ id, help, nodes }) =>
		nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`),
	);
}
