/**
 * The package's scripts under busybox ash in a tree laid out as on a router: with the lab's `ubus` command, a jsonfilter
 * (the real one when JSONFILTER names it) and a daemon bundle, with a part beside it, that tells how it was called.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

export interface Ran {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Tree {
	readonly root: string;
	readonly bin: string;
	/** Runs autonomyctl; resolves when it has ended. */
	ctl(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
	/** Any script of the tree, by its path below the root. */
	run(script: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
	start(args: readonly string[]): ChildProcess;
	remove(): void;
}

export const hasAsh = spawnSync("busybox", ["ash", "-c", "exit 0"]).status === 0;

const FILES = new URL("../../package/files/", import.meta.url).pathname;
const LIMIT_MS = 120_000;

function script(path: string, lines: readonly string[]): void {
	writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`);
	chmodSync(path, 0o755);
}

export async function tree(socket: string, prefix = ""): Promise<Tree> {
	const root = mkdtempSync(join(tmpdir(), "autonomy-cli-"));
	const sbin = join(root, prefix, "usr/sbin");
	const lib = join(root, prefix, "usr/lib/autonomy");
	const bin = join(root, "bin");
	for (const folder of [sbin, join(lib, "autonomyd.node"), join(lib, "autonomyd.core"), bin])
		mkdirSync(folder, { recursive: true });
	for (const name of ["autonomyctl", "autonomyd"]) {
		copyFileSync(`${FILES}usr/sbin/${name}`, join(sbin, name));
		chmodSync(join(sbin, name), 0o755);
	}
	writeFileSync(
		join(lib, "autonomyd.node.mjs"),
		"import { tell } from './autonomyd.node/part-0.mjs'; tell(process.argv.slice(2));\n",
	);
	writeFileSync(
		join(lib, "autonomyd.node/part-0.mjs"),
		"export const tell = (args) => { console.log(JSON.stringify(args)); process.exit(args.includes('--validate') ? 1 : 0); };\n",
	);
	await build({
		entryPoints: {
			ubus: new URL("../../lab/ubusd/ubus-cli.ts", import.meta.url).pathname,
			jsonfilter: new URL("../support/jsonfilter.ts", import.meta.url).pathname,
		},
		outdir: join(root, "js"),
		outExtension: { ".js": ".mjs" },
		bundle: true,
		platform: "node",
		format: "esm",
		external: ["pino"],
		logLevel: "error",
	});
	script(join(bin, "ubus"), [`exec "${process.execPath}" "${root}/js/ubus.mjs" -s "${socket}" "$@"`]);
	const real = process.env.JSONFILTER;
	script(join(bin, "jsonfilter"), [
		real === undefined ? `exec "${process.execPath}" "${root}/js/jsonfilter.mjs" "$@"` : `exec "${real}" "$@"`,
	]);

	function begin(path: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
		return spawn("busybox", ["ash", path, ...args], {
			env: { PATH: `${bin}:/usr/bin:/bin`, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH ?? "", ...env },
			stdio: ["ignore", "pipe", "pipe"],
		});
	}

	function run(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
		return new Promise((resolve) => {
			const child = begin(join(root, path), args, env);
			let stdout = "";
			let stderr = "";
			child.stdout?.setEncoding("utf8").on("data", (text) => {
				stdout += text;
			});
			child.stderr?.setEncoding("utf8").on("data", (text) => {
				stderr += text;
			});
			const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
			child.on("close", (code) => {
				clearTimeout(limit);
				resolve({ code, stdout, stderr });
			});
		});
	}

	const ctl = join(prefix, "usr/sbin/autonomyctl");
	return {
		root,
		bin,
		ctl: (args, env) => run(ctl, args, env),
		run,
		start: (args) => begin(join(root, ctl), args, {}),
		remove: () => rmSync(root, { recursive: true, force: true }),
	};
}
