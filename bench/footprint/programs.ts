/** Which programs are measured: the static ones that are shipped for small routers where they can be had, or this machine's. */
import { type Engine, engineFlags, findQjs } from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { buildStaticRuntime, type Runtime, STATIC_FOLDER } from "../../lab/runtime.ts";

/** As asked for; without that static, built when it is not there yet, else this machine's, which is said. */
export function chosenRuntime(asked: string | undefined): Runtime {
	if (asked === "system") return "system";
	const why = buildStaticRuntime();
	if (why === null) return "static";
	if (asked === "static") throw new Error(`no static runtime: ${why}`);
	console.error(`no static runtime, measured with this machine's programs instead: ${why}`);
	return "system";
}

/** The engine with the flags of the wrapper; null with the reason when it is not there. */
export function engineProgram(
	engine: Engine,
	runtime: Runtime,
	flags: readonly string[],
): readonly [string, ...string[]] | string {
	if (engine === "node") return [process.execPath, ...flags];
	if (runtime === "static") return [`${REPO}/${STATIC_FOLDER}/qjs`, ...engineFlags("quickjs")];
	const { path, why } = findQjs();
	return path === null ? why : [path, ...engineFlags("quickjs")];
}
