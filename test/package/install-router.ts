/** Trees laid out as routers, with package managers that record what they are asked: where install.test.ts runs install.sh. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { folder } from "./support.ts";

const LIMIT_MS = 120_000;

export interface Router {
	readonly release?: string;
	readonly arch?: string;
	readonly rutos?: string;
	readonly manager?: "opkg" | "apk" | null;
	/** Version the package manager offers; null: none. */
	readonly node?: string | null;
	readonly quickjs?: string;
	/** Version that is installed. */
	readonly nodeHere?: string;
	/** Only known after an update of the lists. */
	readonly lists?: "empty";
	readonly ramKb?: number;
	readonly flashKb?: number;
	readonly luci?: boolean;
	/** Exit code of install or add. */
	readonly installs?: number;
	readonly installed?: readonly string[];
}

export interface Box {
	readonly root: string;
	readonly bin: string;
	run(args: readonly string[], script?: string): Promise<{ code: number | null; text: string }>;
	calls(): string[];
	files(): string[];
	read(path: string): string;
	remove(): void;
}

export interface FeedOfTest {
	/** Number of the usign key it is signed with. */
	readonly keyNumber: string;
	/** install.sh as that feed has it. */
	script(): string;
}

export function routerOf(feed: FeedOfTest, shell: readonly string[], what: Router = {}): Box {
	const base = folder();
	const root = join(base, "a router");
	const bin = join(base, "bin");
	const log = join(base, "calls");
	const put = (path: string, text: string): void => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	};
	mkdirSync(bin);
	const program = (name: string, body: string): void => {
		writeFileSync(join(bin, name), `#!/bin/sh\n${body}`);
		chmodSync(join(bin, name), 0o755);
	};
	const { release = "24.10.7", arch = "aarch64_cortex-a53", manager = "opkg", node = "20.20.2-r1" } = what;
	put(
		"etc/openwrt_release",
		`DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='${release}'\nDISTRIB_ARCH='${arch}'\nDISTRIB_EVIL='$(touch /tmp/evil)'\n`,
	);
	if (what.rutos !== undefined) put("etc/version", `${what.rutos}\n`);
	put("proc/meminfo", `MemTotal: 256000 kB\nMemAvailable: ${what.ramKb ?? 150_000} kB\n`);
	mkdirSync(join(root, what.rutos === undefined ? "overlay" : "usr/local"), { recursive: true });
	if (what.luci !== false) put("usr/share/luci/menu.d/x.json", "{}");
	program(
		"df",
		`echo Filesystem 1K-blocks Used Available Use% Mounted\necho a/very/long/name\necho "  900000 1 ${what.flashKb ?? 90_000} 2% /overlay"\n`,
	);
	// `uclient-fetch -q -T 20 -O FILE URL`; Debian's busybox wget crashes under its own ash.
	program(
		"uclient-fetch",
		`command -v curl >/dev/null && exec curl -fsS -m 20 -o "$5" "$6"\nexec "${process.execPath}" -e 'fetch(process.argv[2]).then(async (r) => { if (!r.ok) process.exit(8); require("node:fs").writeFileSync(process.argv[1], Buffer.from(await r.arrayBuffer())); }).catch(() => process.exit(4))' "$5" "$6"\n`,
	);
	// This machine has one.
	program("node", what.nodeHere === undefined ? "exit 127\n" : `echo v${what.nodeHere}\n`);
	program(
		"usign",
		`case "$1" in
-F) grep -q '^untrusted comment: public key ${feed.keyNumber}$' "$3" && echo ${feed.keyNumber} ;;
-V) exec signify-openbsd -V -q -m "$4" -x "$6" -p "$8" ;;
esac\n`,
	);
	const known = what.lists === "empty" ? `[ -e "${base}/updated" ] &&` : "";
	const installed = (what.installed ?? []).join("|") || "none";
	if (manager === "opkg") {
		put("etc/opkg/customfeeds.conf", "# mine\nsrc/gz other http://127.0.0.1/other\n");
		program(
			"opkg",
			`echo "opkg $*" >>"${log}"
case "$1 $2" in
"update "*) touch "${base}/updated" ;;
"info node") ${known} ${node === null ? ":" : `printf 'Package: node\\nVersion: ${node}\\n'`} ;;
"info quickjs") ${what.quickjs === undefined ? ":" : `printf 'Package: quickjs\\nVersion: ${what.quickjs}\\n'`} ;;
"info socat") printf 'Package: socat\\nVersion: 1.8\\n' ;;
"status "*) case "$2" in ${installed}) echo "Package: $2" ;; esac ;;
"install "*) exit ${what.installs ?? 0} ;;
esac\nexit 0\n`,
		);
	}
	if (manager === "apk") {
		mkdirSync(join(root, "etc/apk"), { recursive: true });
		program(
			"apk",
			`echo "apk $*" >>"${log}"
case "$1 $2" in
"list node") ${node === null ? ":" : `echo 'node-${node} noarch {node} (MIT)'`} ;;
"list quickjs") ${what.quickjs === undefined ? ":" : `echo 'quickjs-${what.quickjs} x (MIT)'`} ;;
"list socat") echo 'socat-1.8.0.3-r1 x (GPL)' ;;
"info -e") case "$3" in ${installed}) exit 0 ;; *) exit 1 ;; esac ;;
"add "*) exit ${what.installs ?? 0} ;;
esac\nexit 0\n`,
		);
	}
	return {
		root,
		bin,
		run: (args, script = feed.script()) =>
			new Promise((resolve) => {
				writeFileSync(join(base, "install.sh"), script);
				const child = spawn(shell[0]!, [...shell.slice(1), join(base, "install.sh"), ...args], {
					cwd: base,
					// No terminal to ask at.
					detached: true,
					env: {
						PATH: "/usr/bin:/bin",
						AUTONOMY_ROOT: root,
						AUTONOMY_BIN: bin,
						TMPDIR: base,
						IFS: "a/",
						LC_ALL: "tr_TR.UTF-8",
					},
					stdio: ["ignore", "pipe", "pipe"],
				});
				let text = "";
				child.stdout.setEncoding("utf8").on("data", (more) => {
					text += more;
				});
				child.stderr.setEncoding("utf8").on("data", (more) => {
					text += more;
				});
				const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
				child.on("close", (code) => {
					clearTimeout(limit);
					resolve({ code, text });
				});
			}),
		calls: () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []),
		files: () => readdirSync(root, { recursive: true, encoding: "utf8" }).sort(),
		read: (path) => readFileSync(join(root, path), "utf8"),
		remove: () => rmSync(base, { recursive: true, force: true }),
	};
}
