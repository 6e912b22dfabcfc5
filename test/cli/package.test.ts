import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { hasAsh, tree } from "./shell.ts";

const FILES = new URL("../../package/files/", import.meta.url).pathname;
const SCRIPTS = ["usr/sbin/autonomyctl", "usr/sbin/autonomyd", "etc/init.d/autonomy"];
const skip = hasAsh ? false : "no busybox with ash here";

for (const name of SCRIPTS) {
	test(`${name} is read by busybox ash, and evaluates nothing`, { skip }, () => {
		assert.equal(spawnSync("busybox", ["ash", "-n", FILES + name], { encoding: "utf8" }).stderr, "");
		const code = readFileSync(FILES + name, "utf8").replace(/^\s*#.*$/gm, "");
		assert.doesNotMatch(code, /\beval\b|`/);
	});
	test(`${name} has nothing that shellcheck objects to`, (t) => {
		if (spawnSync("shellcheck", ["--version"]).status !== 0) {
			t.skip("no shellcheck here");
			return;
		}
		const found = spawnSync("shellcheck", ["-s", "dash", "-e", "SC3043,SC2034", FILES + name], { encoding: "utf8" });
		assert.equal(found.stdout, "");
	});
}

test("the daemon is found below / and below /usr/local, and gets its arguments whole", { skip }, async (t) => {
	for (const prefix of ["", "usr/local"]) {
		const box = await tree("/nowhere", prefix);
		t.after(() => box.remove());
		const ran = await box.run(join(prefix, "usr/sbin/autonomyd"), ["--config", "/a b", "*", "$(id)"]);
		assert.equal(ran.stdout, '["--config","/a b","*","$(id)"]\n', ran.stderr);
		assert.equal(ran.code, 0);
	}
});

test("a Node.js that is too old, or none, is said with what to install", { skip }, async (t) => {
	const box = await tree("/nowhere");
	t.after(() => box.remove());
	const old = join(box.bin, "node");
	writeFileSync(old, "#!/bin/sh\necho v18.19.1\n");
	chmodSync(old, 0o755);
	symlinkSync("/bin/busybox", join(box.bin, "busybox"));
	const PATH = box.bin;
	if (existsSync("/usr/bin/node")) {
		// The usual places are looked at too: the old one in PATH does not stop it.
		assert.equal((await box.run("usr/sbin/autonomyd", ["-x"], { PATH })).stdout, '["-x"]\n');
	} else {
		const ran = await box.run("usr/sbin/autonomyd", [], { PATH });
		assert.match(ran.stderr, /needs Node\.js 20 or later, found:.*v18\.19\.1/);
	}
	for (const part of ["core", "node"]) {
		rmSync(join(box.root, `usr/lib/autonomy/autonomyd.${part}`), { recursive: true });
		const half = await box.run("usr/sbin/autonomyd", []);
		assert.equal(half.code, 1);
		assert.match(
			half.stderr,
			new RegExp(`^autonomyd: \\S+/lib/autonomy/autonomyd\\.${part}/, parts .*, is missing: install the package`),
		);
	}
	rmSync(join(box.root, "usr/lib/autonomy/autonomyd.node.mjs"));
	const bare = await box.run("usr/sbin/autonomyd", []);
	assert.equal(bare.code, 1);
	assert.match(bare.stderr, /autonomyd\.node\.mjs is missing/);
});

test("what the README says to copy is enough for the daemon to run", { skip }, async (t) => {
	const repo = new URL("../../", import.meta.url).pathname;
	if (!existsSync(`${repo}build/autonomyd.node.mjs`)) {
		t.skip("not built: npm run build");
		return;
	}
	const box = await tree("/nowhere");
	t.after(() => box.remove());
	rmSync(join(box.root, "usr"), { recursive: true });
	const lines = [...readFileSync(`${repo}README.md`, "utf8").matchAll(/^ {4}(\S+) +-> (\/\S+)$/gm)];
	assert.ok(lines.length >= 4, "the README has no list of what to copy");
	for (const [, from = "", to = ""] of lines) {
		const folder = join(box.root, to);
		mkdirSync(folder, { recursive: true });
		const sources = from.endsWith("/*")
			? readdirSync(repo + from.slice(0, -2)).map((name) => from.slice(0, -1) + name)
			: [from];
		for (const source of sources) cpSync(repo + source, join(folder, basename(source)), { recursive: true });
	}
	const ran = await box.run("usr/sbin/autonomyd", ["--version"]);
	assert.match(ran.stdout, /^autonomyd \d+\.\d+\.\d+ \(node /, ran.stderr);
	const checked = await box.run("usr/sbin/autonomyd", ["--validate", join(box.root, "etc/config/autonomy")]);
	assert.equal(checked.code, 0, checked.stdout + checked.stderr);
});

test("a Node.js that does not know a memory flag is started without them, and it is said", { skip }, async (t) => {
	const box = await tree("/nowhere");
	t.after(() => box.remove());
	const real = process.execPath;
	const lines = (known: string): string =>
		`#!/bin/sh\ncase "$1" in ${known}) ;; --*-*) echo "$0: bad option: $1" >&2; exit 9 ;; esac\nexec ${real} "$@"\n`;
	const node = join(box.bin, "node");
	writeFileSync(node, lines("--nothing"));
	chmodSync(node, 0o755);
	const without = await box.run("usr/sbin/autonomyd", ["-x"], { PATH: `${box.bin}:/usr/bin:/bin` });
	assert.equal(without.stdout, '["-x"]\n', without.stderr);
	assert.match(without.stderr, /does not know --.*: runs without/);
	writeFileSync(node, lines("--*"));
	const withFlags = await box.run("usr/sbin/autonomyd", ["-x"], { PATH: `${box.bin}:/usr/bin:/bin` });
	assert.deepEqual([withFlags.stdout, withFlags.stderr], ['["-x"]\n', ""]);
});

test("QuickJS is taken where it is installed with socat; option runtime chooses", { skip }, async (t) => {
	const box = await tree("/nowhere");
	t.after(() => box.remove());
	const put = (name: string, text: string): void => {
		writeFileSync(join(box.bin, name), `#!/bin/sh\n${text}\n`);
		chmodSync(join(box.bin, name), 0o755);
	};
	const qjs = (version: string): void =>
		put("qjs", `[ "$1" = --help ] && echo "QuickJS version ${version}" && exit 1\necho "$AUTONOMY_QJS_VERSION $*"`);
	const run = (): ReturnType<typeof box.run> =>
		box.run("usr/sbin/autonomyd", ["--config", "/a b"], { PATH: `${box.bin}:/usr/bin:/bin` });
	const node = '["--config","/a b"]\n';
	qjs("2025-09-13");
	put("socat", "");
	assert.equal((await run()).stdout, node, "no bundle for it");
	const lib = join(box.root, "usr/lib/autonomy");
	writeFileSync(join(lib, "autonomyd.qjs.js"), "");
	mkdirSync(join(lib, "autonomyd.qjs"));
	const taken = await run();
	assert.match(taken.stdout, /^2025-09-13 -m .*\/lib\/autonomy\/autonomyd\.qjs\.js --config \/a b\n$/, taken.stderr);
	put("uci", '[ "$*" = "-q get autonomy.main.runtime" ] && echo node');
	assert.equal((await run()).stdout, node);
	put("uci", "echo quickjs");
	assert.match((await run()).stdout, /^2025-09-13 /);
	qjs("2024-01-13");
	const old = await run();
	assert.equal(old.code, 1);
	assert.match(
		old.stderr,
		/option runtime is 'quickjs' .* needs QuickJS 2025-04-26 or later: found \S+\/qjs 2024-01-13\. .*quickjs socat/,
	);
	put("uci", "echo nonsense");
	assert.equal((await run()).stdout, node, "auto: else Node.js");
	// The package's own programs, where there is no better: also for the daemon that looks for fping and socat.
	mkdirSync(join(lib, "bin"));
	for (const name of ["qjs", "socat"]) renameSync(join(box.bin, name), join(lib, "bin", name));
	writeFileSync(
		join(lib, "bin/qjs"),
		'#!/bin/sh\n[ "$1" = --help ] && echo "QuickJS version 2025-04-26" && exit 1\ncommand -v socat\n',
	);
	const own = await run();
	if (existsSync("/usr/bin/socat")) assert.equal(own.stdout, "/usr/bin/socat\n", "the firmware's goes first");
	else assert.match(own.stdout, /\/lib\/autonomy\/bin\/socat\n$/, own.stderr);
});

/** rc.common and procd's functions, reduced to telling what the script asked for. */
const PROCD = `
config_load() { [ "$1" = autonomy ]; }
config_get_bool() { enable="\${ENABLE:-$4}"; }
procd_open_instance() { echo "open $1"; }
procd_set_param() { echo "$*"; }
procd_close_instance() { echo close; }
procd_add_reload_trigger() { echo "trigger $1"; }
logger() { echo "logger $*"; }
find_daemon() { [ -n "$NO_DAEMON" ] || echo /usr/sbin/autonomyd; [ -z "$NO_DAEMON" ]; }
`;

function initScript(call: string, env: Record<string, string> = {}): { code: number | null; lines: string[] } {
	// The stand-ins come after the script: its own find_daemon looks at this machine.
	const program = `. ${FILES}etc/init.d/autonomy\n${PROCD}\n${call}`;
	const ran = spawnSync("busybox", ["ash", "-c", program], {
		encoding: "utf8",
		env: { PATH: "/usr/bin:/bin", ...env },
	});
	assert.equal(ran.stderr, "");
	return { code: ran.status, lines: ran.stdout.trimEnd().split("\n") };
}

test("the init script asks procd for what the daemon needs", { skip }, () => {
	const { lines } = initScript("start_service; service_triggers");
	assert.deepEqual(lines, [
		"open autonomyd",
		"command /usr/sbin/autonomyd",
		"file /etc/config/autonomy",
		"reload_signal HUP",
		"respawn 3600 5 0",
		"term_timeout 15",
		"nice -5",
		"stdout 1",
		"stderr 1",
		"close",
		"trigger autonomy",
	]);
});

test("enable '0' opens no instance; a missing daemon is logged", { skip }, () => {
	assert.deepEqual(initScript("start_service", { ENABLE: "0" }), { code: 0, lines: [""] });
	const missing = initScript("start_service", { NO_DAEMON: "1" });
	assert.equal(missing.code, 1);
	assert.match(missing.lines.join("\n"), /^logger -t autonomy -p daemon\.err autonomyd is not installed/);
});
