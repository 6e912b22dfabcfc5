/**
 * The plugin in a tree laid out as on a router, with programs that record how they were called. Shells: dash and busybox
 * ash over the stand-ins of test/support/jshn; with OPENWRT_ROOT also busybox ash over the real jshn and jshn.sh.
 */
import { spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { build } from "esbuild";

export interface Shell {
	readonly name: string;
	readonly argv: readonly string[];
	/** Folder with jshn, and path of jshn.sh. */
	readonly jshn: string;
	readonly library: string;
	readonly skip: string | false;
}

const REPO = join(import.meta.dirname, "../..");
const STAND_IN = join(REPO, "test/support/jshn");
const ROOT = process.env.OPENWRT_ROOT;
const LIMIT_MS = 90_000;

function runs(argv: readonly string[]): boolean {
	return spawnSync(argv[0]!, [...argv.slice(1), "-c", "exit 0"]).status === 0;
}

function shell(name: string, argv: readonly string[], real: boolean): Shell {
	const library = real ? `${ROOT}/usr/share/libubox/jshn.sh` : `${STAND_IN}/jshn.sh`;
	const missing = real && (ROOT === undefined || !existsSync(library)) ? "no OPENWRT_ROOT with libubox" : false;
	return { name, argv, jshn: STAND_IN, library, skip: runs(argv) ? missing : `no ${name} here` };
}

const SHELLS: readonly Shell[] = [
	shell("dash", ["dash"], false),
	shell("busybox ash", ["busybox", "ash"], false),
	shell("busybox ash with the real jshn", ["busybox", "ash"], true),
];

/** The tests of `body` in every shell that is here; for others one skipped test says why. */
export function inEveryShell(body: (shell: Shell) => void): void {
	for (const shell of SHELLS) {
		if (shell.skip === false) describe(shell.name, () => body(shell));
		else test(`under ${shell.name}`, { skip: shell.skip }, () => undefined);
	}
}

export type Answer = Record<string, unknown> & {
	readonly error?: { code: string; message: string; reasons?: string[] };
};

export interface Ran {
	readonly stdout: string;
	readonly stderr: string;
	readonly tookMs: number;
}

export interface Box {
	readonly root: string;
	/** Puts JSON on stdin as it is given. */
	raw(method: string, stdin: string): Promise<Ran>;
	/** One call, whatever the answer. */
	once(method: string, args?: Readonly<Record<string, unknown>>): Promise<Answer>;
	/** As a page calls: again while it is told to ask again, which on a busy machine may happen to any call. */
	call(method: string, args?: Readonly<Record<string, unknown>>): Promise<Answer>;
	run(args: readonly string[], stdin?: string): Promise<Ran>;
	/** A program of the router; it gets its arguments as usual. */
	program(name: string, script: string): void;
	/** A program that is not installed. */
	without(name: string): void;
	put(path: string, text: string, mode?: number): void;
	read(path: string): string;
	list(path: string): string[];
	/** What the programs that record were called with, one call a line. */
	calls(): string[];
	remove(): void;
}

export const CONFIG = `
config autonomy 'main'
	option enable '1'
	option switch_margin '12'

config gps 'gps'
	option opencellid_api_key 'pk.0123456789abcdef'
`;

let validator: Promise<string> | null = null;

/** Built once for all boxes of a test file. */
function validatorBundle(): Promise<string> {
	validator ??= (async () => {
		const folder = mkdtempSync(join(tmpdir(), "autonomy-validate-"));
		const outfile = join(folder, "validate.cjs");
		process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
		await build({
			entryPoints: [join(import.meta.dirname, "validate.ts")],
			outfile,
			bundle: true,
			platform: "node",
			format: "cjs",
			logLevel: "error",
		});
		return outfile;
	})();
	return validator;
}

export async function box(shell: Shell): Promise<Box> {
	const root = mkdtempSync(join(tmpdir(), "autonomy-rpcd-"));
	const at = (path: string): string => join(root, path);
	const put: Box["put"] = (path, text, mode = 0o644) => {
		mkdirSync(dirname(at(path)), { recursive: true });
		writeFileSync(at(path), text);
		chmodSync(at(path), mode);
	};
	const program: Box["program"] = (name, script) => put(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
	for (const folder of ["tmp", "var/run", "etc/rc.d", "usr/libexec/rpcd", "usr/share/libubox"])
		mkdirSync(at(folder), { recursive: true });
	copyFileSync(join(REPO, "rpcd/luci.autonomy"), at("usr/libexec/rpcd/luci.autonomy"));
	cpSync(join(REPO, "rpcd/lib"), at("usr/share/autonomy/rpcd"), { recursive: true });
	copyFileSync(shell.library, at("usr/share/libubox/jshn.sh"));
	const real = shell.library.startsWith(STAND_IN) ? null : ROOT;
	const libraries = `LD_LIBRARY_PATH=${["lib", "usr/lib", "lib64"].map((dir) => `${real}/${dir}`).join(":")}`;
	if (real !== null) program("jshn", `${libraries} exec ${real}/usr/bin/jshn "$@"`);
	else program("jshn", `exec ${shell.jshn}/jshn "$@"`);
	// Each writes how it was called, then does what its name promises, as far as the plugin can tell.
	const record = `printf '%s\\n' "\${0##*/} $*" >>"${root}/calls"`;
	put("calls", "");
	program("ubus", `${record}\nexit 4`);
	program("logread", `cat "${root}/log"`);
	put("log", "");
	put("etc/config/autonomy", CONFIG, 0o600);
	put("etc/init.d/autonomy", `#!/bin/sh\n${record}\n`, 0o755);
	put(
		"usr/sbin/autonomyd",
		`#!/bin/sh\n${record}\nexec "${process.execPath}" "${await validatorBundle()}" "$@"\n`,
		0o755,
	);

	function run(args: readonly string[], stdin = ""): Promise<Ran> {
		const startedAt = performance.now();
		return new Promise((resolve, reject) => {
			const rutos = at("usr/local/usr/libexec/rpcd/luci.autonomy");
			const plugin = existsSync(rutos) ? rutos : at("usr/libexec/rpcd/luci.autonomy");
			const [command = "", ...rest] = [...shell.argv, plugin, ...args];
			const child = spawn(command, rest, {
				env: { PATH: `${root}/bin:/usr/bin:/bin`, IPKG_INSTROOT: root, arg_text: "from outside" },
				cwd: root,
			});
			let stdout = "";
			let stderr = "";
			child.stdout.setEncoding("utf8").on("data", (text) => {
				stdout += text;
			});
			child.stderr.setEncoding("utf8").on("data", (text) => {
				stderr += text;
			});
			child.stdin.on("error", () => undefined);
			child.stdin.end(stdin);
			const limit = setTimeout(() => {
				child.kill("SIGKILL");
				reject(new Error(`${args.join(" ")} gave no answer\n${stdout}\n${stderr}`));
			}, LIMIT_MS);
			// "close": as rpcd does, until nobody holds the pipes any more.
			child.on("close", () => {
				clearTimeout(limit);
				resolve({ stdout, stderr, tookMs: performance.now() - startedAt });
			});
		});
	}

	async function once(method: string, args: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
		const ran = await run(["call", method], JSON.stringify(args));
		let answer: unknown;
		try {
			answer = JSON.parse(ran.stdout);
		} catch {
			throw new Error(`${method}: not JSON: ${ran.stdout}\n${ran.stderr}`);
		}
		if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw new Error(`${method}: no object`);
		return answer as Answer;
	}

	async function call(method: string, args: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
		const deadline = Date.now() + LIMIT_MS;
		for (;;) {
			const answer = await once(method, args);
			const again = answer.error?.code === "pending" || answer.error?.code === "timeout";
			if (!again || Date.now() > deadline) return answer;
		}
	}

	return {
		root,
		run,
		once,
		raw: (method, stdin) => run(["call", method], stdin),
		call,
		program,
		without: (name) => rmSync(at(`bin/${name}`), { force: true }),
		put,
		read: (path) => readFileSync(at(path), "utf8"),
		list: (path) => (existsSync(at(path)) ? readdirSync(at(path)).sort() : []),
		calls: () => readFileSync(at("calls"), "utf8").split("\n").filter(Boolean),
		// The last program called may still be writing in it.
		remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }),
	};
}
