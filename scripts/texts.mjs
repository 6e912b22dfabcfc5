/** Files of translations for bundles: the daemon's sentences go without their English, which the bundle has (web/texts.ts). */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "../web");

/** As JSON. `texts`: text -> translation. */
export async function packTexts(texts) {
	const source = await build({
		entryPoints: [`${WEB}/sentences.ts`],
		bundle: true,
		write: false,
		format: "esm",
		logLevel: "warning",
	});
	const { PATTERNS } = await import(`data:text/javascript,${encodeURIComponent(source.outputFiles[0].text)}`);
	const words = Object.fromEntries(Object.entries(texts).filter(([text]) => !PATTERNS.includes(text)));
	return JSON.stringify({ words, said: PATTERNS.map((pattern) => texts[pattern] ?? "") });
}
