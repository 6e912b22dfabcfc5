/** The browser of the tests: any Chromium of this machine, without a window. */
import { accessSync, constants } from "node:fs";
import { type Browser, chromium } from "playwright-core";

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

export function launch(): Promise<Browser> {
	const executablePath = chromiumPath();
	if (executablePath === null) throw new Error(NO_BROWSER);
	return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}
