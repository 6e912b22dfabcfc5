/** The stand-in for LuCI's framework, bundled for the browser. */
import { build } from "esbuild";
import { REPO } from "./server.ts";

export async function frameworkText(): Promise<string> {
	const result = await build({
		entryPoints: [`${REPO}/luci-app-autonomy/stand-in/luci.ts`],
		bundle: true,
		format: "iife",
		target: "es2022",
		write: false,
		logLevel: "warning",
	});
	return result.outputFiles[0]?.text ?? "";
}
