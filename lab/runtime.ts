/**
 * The programs the daemon runs on and starts: those of this machine, or the static ones that are shipped for small routers
 * (make runtime), which are not linked with what a desktop's are.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { REPO } from "./net/bundle.ts";
import { ROUTER_PATH } from "./net/run.ts";

export type Runtime = "system" | "static";

/** What the environment says (AUTONOMY_RUNTIME), else this machine's. */
export function defaultRuntime(): Runtime {
	return process.env.AUTONOMY_RUNTIME === "static" ? "static" : "system";
}

/** Names of scripts/runtime.sh for the processors Node may run on here. */
const ARCHES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64_cortex-a53" };
const ARCH = ARCHES[process.arch] ?? process.arch;

/** Below the checkout. */
export const STATIC_FOLDER = `build/runtime/${ARCH}`;
export const STATIC_PROGRAMS = ["qjs", "socat", "fping"] as const;

const isBuilt = (): boolean => STATIC_PROGRAMS.every((name) => existsSync(`${REPO}/${STATIC_FOLDER}/${name}`));

/** Null when they are there. */
export function staticRuntimeMissing(): string | null {
	return isBuilt() ? null : `${STATIC_FOLDER} is not built: make runtime ARCH=${ARCH}`;
}

/** Builds them where that is possible, two minutes; null when they are there, else why not. */
export function buildStaticRuntime(): string | null {
	if (isBuilt()) return null;
	if (ARCHES[process.arch] === undefined) return `there is no static runtime for ${process.arch}`;
	const { status, stderr } = spawnSync("sh", [`${REPO}/scripts/runtime.sh`, ARCH], { encoding: "utf8" });
	return status === 0 && isBuilt() ? null : stderr.trim() || `scripts/runtime.sh ended with ${status}`;
}

/** The daemon's PATH: as the wrapper sets it where the package with the static programs is installed. */
export function routerPath(runtime: Runtime, repoInside: string): Record<string, string> {
	if (runtime === "system") return {};
	const [lab, ...usual] = ROUTER_PATH.split(":");
	// The lab's own stay first: they stand between tests and programs.
	return { PATH: [lab, `${repoInside}/${STATIC_FOLDER}`, ...usual].join(":") };
}
