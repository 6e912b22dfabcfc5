/**
 * A router's tree below a temporary folder with the real scripts, a stand-in for the daemon (a shell script in the place
 * of node, with a heartbeat, a note of what it changed, and --give-back) and stand-ins for the programs of a router. procd is
 * played here: what ends is started again.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPO = new URL("../../", import.meta.url).pathname;
export const FILES = `${REPO}package/files/`;

/** The shells that must do; a router has the first. */
export const SHELLS: readonly (readonly [string, ...string[]])[] = ["busybox ash", "dash"].flatMap((words) => {
	const [name = "", ...args] = words.split(" ");
	// By its file: some tests give a PATH that leads nowhere.
	const works = (path: string): boolean => spawnSync(path, [...args, "-c", "exit 0"]).status === 0;
	const path = [`/bin/${name}`, `/usr/bin/${name}`].find(works);
	return path === undefined ? [] : ([[path, ...args]] as [string, ...string[]][]);
});
export const skip = SHELLS.length > 0 ? false : "neither busybox with ash nor dash here";

const NODE = `#!/bin/sh
case "$*" in
*--version) echo v20.0.0; exit 0 ;;
*--give-back)
	echo give-back >>"$IPKG_INSTROOT/story"
	[ ! -e "$IPKG_INSTROOT/broken" ] || { echo "problem: cannot"; exit 1; }
	echo found >"$IPKG_INSTROOT/router"
	rm -f "$IPKG_INSTROOT/tmp/autonomy/steer.json"
	exit 0
	;;
*--*) [ "\${1#--single}" = "$1" ] || shift 3 ;;
esac
state="$IPKG_INSTROOT/tmp/autonomy"
mkdir -p "$state"
[ ! -e "$IPKG_INSTROOT/crashes" ] || exit 1
trap 'rm -f "$state/heartbeat" "$state/steer.json" "$state/starts"; echo found >"$IPKG_INSTROOT/router"; kill $!; exit 0' TERM
echo "start $$" >>"$IPKG_INSTROOT/story"
echo '{}' >"$state/steer.json"
echo changed >"$IPKG_INSTROOT/router"
while :; do
	read -r up rest </proc/uptime
	[ -e "$IPKG_INSTROOT/mute" ] ||
		{ echo "at_s=$up"; echo "pid=$$"; echo "rss_kb=1000"; echo "lag_ms=$(cat "$IPKG_INSTROOT/lag" 2>/dev/null || echo 3)"; } >"$state/heartbeat.new" && mv "$state/heartbeat.new" "$state/heartbeat"
	sleep 0.5 &
	wait $!
done
`;

const LOGGER = `#!/bin/sh
while [ "$1" != -- ]; do case "$1" in -p) level="$2" ;; esac; shift; done
shift
printf '%s %s\\n' "$level" "$*" >>"$IPKG_INSTROOT/log"
`;

export interface Box {
	readonly root: string;
	readonly state: string;
	/** Writes a file of the tree. */
	put(path: string, text: string, mode?: number): void;
	/** A file of the tree, empty when there is none. */
	read(path: string): string;
	has(path: string): boolean;
	/** Lines of the system log. */
	log(): string;
	/** starwatch with these arguments, to its end. */
	starwatch(
		args: readonly string[],
		env?: Record<string, string>,
	): { code: number | null; stdout: string; stderr: string };
	/** The same, while what else the test plays goes on. */
	run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
	/** Code in a shell that has read all parts of starwatch and its options. */
	inside(code: string, env?: Record<string, string>): { code: number | null; stdout: string; stderr: string };
	/** Any program of the tree in the environment of a service. */
	spawn(path: string, args: readonly string[], env?: Record<string, string>): ChildProcess;
	/** Processes that carry the name of the tree, with their command lines. */
	processes(): { pid: number; line: string }[];
	daemons(): number[];
	remove(): void;
}

/** Trees that are still there: a test that failed must not leave processes that start each other again. */
const boxes = new Set<Box>();
process.on("exit", () => {
	for (const one of boxes) {
		for (const { pid } of one.processes()) {
			try {
				process.kill(pid, "SIGKILL");
			} catch {
				// gone meanwhile
			}
		}
		one.remove();
	}
});

export function box(shell: readonly [string, ...string[]], name = "star watch"): Box {
	const root = mkdtempSync(join(tmpdir(), `${name} `));
	const state = join(root, "tmp/autonomy");
	for (const folder of [
		"usr/sbin",
		"usr/bin",
		"usr/lib/autonomy/autonomyd.node",
		"usr/lib/autonomy/autonomyd.core",
		"etc/autonomy",
		"etc/config",
		"tmp",
	])
		mkdirSync(join(root, folder), { recursive: true });
	const put = (path: string, text: string, mode = 0o644): void => {
		writeFileSync(join(root, path), text, { mode });
		chmodSync(join(root, path), mode);
	};
	cpSync(`${FILES}usr/sbin`, join(root, "usr/sbin"), { recursive: true });
	cpSync(`${FILES}usr/lib/autonomy/starwatch`, join(root, "usr/lib/autonomy/starwatch"), { recursive: true });
	cpSync(`${REPO}rpcd/lib`, join(root, "usr/share/autonomy/rpcd"), { recursive: true });
	put("usr/lib/autonomy/autonomyd.node.mjs", "");
	put("usr/bin/node", NODE, 0o755);
	put("usr/bin/logger", LOGGER, 0o755);
	// Never the machine's own.
	put("usr/sbin/reboot", '#!/bin/sh\necho reboot >>"$IPKG_INSTROOT/story"\n', 0o755);
	put("usr/bin/ubus", "#!/bin/sh\necho '{}'\n", 0o755);
	const env = { PATH: `${root}/usr/bin:/usr/bin:/bin`, IPKG_INSTROOT: root };
	const program = (path: string): [string, ...string[]] => [...shell, join(root, path)];
	const self: Box = {
		root,
		state,
		put,
		read: (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : ""),
		has: (path) => {
			try {
				readlinkSync(join(root, path));
				return true;
			} catch {
				return existsSync(join(root, path));
			}
		},
		log: () => self.read("log"),
		starwatch(args, more = {}) {
			const [file, ...rest] = program("usr/sbin/starwatch");
			const ran = spawnSync(file, [...rest, ...args], {
				env: { ...env, ...more },
				encoding: "utf8",
				timeout: 180_000,
			});
			return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
		},
		run(args) {
			const [file, ...rest] = program("usr/sbin/starwatch");
			const child = spawn(file, [...rest, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
			const out = { stdout: "", stderr: "" };
			for (const name of ["stdout", "stderr"] as const)
				child[name].setEncoding("utf8").on("data", (text: string) => {
					out[name] += text;
				});
			const limit = setTimeout(() => child.kill("SIGKILL"), 180_000);
			return new Promise((resolve) =>
				child.on("close", (code) => {
					clearTimeout(limit);
					resolve({ code, ...out });
				}),
			);
		},
		inside(code, more = {}) {
			const [file, ...rest] = shell;
			const parts = "base conf system daemon mask hmac report opkg apk update";
			const load = `umask 077; ROOT="$IPKG_INSTROOT"; LIB="$ROOT/usr/lib/autonomy/starwatch"
				for part in ${parts}; do . "$LIB/$part.sh"; done; command=check; read_conf; clock; mkdir -p "$MINE"
				nap() { sleep "$1"; }`;
			const ran = spawnSync(file, [...rest, "-c", `${load}\n${code}`, join(root, "usr/sbin/starwatch")], {
				env: { ...env, LC_ALL: "C", PATH: `${root}/usr/sbin:${root}/usr/bin:/usr/bin:/bin`, ...more },
				encoding: "utf8",
				timeout: 180_000,
			});
			return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
		},
		spawn(path, args, more = {}) {
			const [file, ...rest] = program(path);
			return spawn(file, [...rest, ...args], { env: { ...env, ...more }, stdio: ["ignore", "ignore", "ignore"] });
		},
		processes() {
			const found: { pid: number; line: string }[] = [];
			for (const entry of readdirSync("/proc")) {
				if (!/^\d+$/.test(entry)) continue;
				try {
					const line = readFileSync(`/proc/${entry}/cmdline`, "latin1").replaceAll("\0", " ");
					const environment = readFileSync(`/proc/${entry}/environ`, "latin1");
					if (environment.includes(`IPKG_INSTROOT=${root}\0`)) found.push({ pid: Number(entry), line });
				} catch {
					// gone meanwhile
				}
			}
			return found;
		},
		daemons: () =>
			self
				.processes()
				.filter(({ line }) => /\/usr\/bin\/node .*autonomyd\.node\.mjs $/.test(line))
				.map(({ pid }) => pid),
		remove() {
			boxes.delete(self);
			rmSync(root, { recursive: true, force: true });
		},
	};
	boxes.add(self);
	return self;
}

/** procd for one service: started again so long after its end, until stopped. */
export interface Service {
	pid(): number | null;
	starts(): number;
	kill(signal: NodeJS.Signals): void;
	stop(): Promise<void>;
}

export function service(start: () => ChildProcess, respawnMs: number): Service {
	let child: ChildProcess | null = null;
	let stopping = false;
	let starts = 0;
	let timer: NodeJS.Timeout | null = null;
	let ended: (() => void) | null = null;
	const begin = (): void => {
		starts++;
		child = start();
		// A test that failed does not wait for it: it is ended with the tree.
		child.unref();
		child.on("exit", () => {
			child = null;
			if (stopping) ended?.();
			// Not waited for: a test that is over need not live to see it.
			else timer = setTimeout(begin, respawnMs).unref();
		});
	};
	begin();
	return {
		pid: () => child?.pid ?? null,
		starts: () => starts,
		kill: (signal) => void child?.kill(signal),
		stop() {
			stopping = true;
			if (timer !== null) clearTimeout(timer);
			return new Promise((resolve) => {
				if (child === null) {
					resolve();
					return;
				}
				ended = resolve;
				child.ref();
				child.kill("SIGTERM");
			});
		},
	};
}

/** The daemon of the last sign of life. Its children look like it until they run what they were made for. */
export function beating(b: Box): number {
	return Number(/^pid=(\d+)$/m.exec(b.read("tmp/autonomy/heartbeat"))?.[1] ?? 0);
}

/** The watchdog has looked at everything once, beginning after this call: it waits now, and it will wait again. */
export async function looked(b: Box): Promise<void> {
	const naps = new Set<number>();
	await until(
		"two pauses of the watchdog",
		8000,
		() => {
			for (const { pid, line } of b.processes()) if (/\bsleep 2 $/.test(line)) naps.add(pid);
			return naps.size >= 2;
		},
		b,
	);
}

/** Limits are written for a machine that does nothing else; this is how much slower one may be that runs tests. */
const PATIENCE = 10;

export async function until(what: string, limitMs: number, condition: () => boolean, box?: Box): Promise<number> {
	const start = performance.now();
	while (!condition()) {
		if (performance.now() - start > limitMs * PATIENCE) {
			const seen = box === undefined ? "" : `\nlog:\n${box.log()}\n${JSON.stringify(box.processes(), null, 1)}`;
			throw new Error(`${what}: not within ${limitMs * PATIENCE} ms${seen}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
		// A look at all processes can take longer than that: two tests that wait would then take turns among the timers, and
		// the end of a child would never be heard of.
		await new Promise((resolve) => setImmediate(resolve));
	}
	return performance.now() - start;
}
