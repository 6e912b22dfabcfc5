/**
 * The scripts that run as root on somebody's router when packages come and go, in a tree laid out as one, under busybox
 * ash and dash, with the environment turned against them.
 */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { folder, group, has, REPO, run } from "./support.ts";

const SHELLS = [["dash"], ["busybox", "ash"]] as const;
const DEFAULTS = "package/files/etc/uci-defaults/85_autonomy";
const SHIPPED = readFileSync(join(REPO, "package/files/etc/config/autonomy"), "utf8");

/** As `uci show` prints them (captured from OpenWrt main of 2026). */
const LOOPBACK =
	"network.loopback=interface\nnetwork.loopback.device='lo'\nnetwork.loopback.proto='static'\nnetwork.loopback.ipaddr='127.0.0.1'\n";
const LAN =
	"network.lan=interface\nnetwork.lan.device='br-lan'\nnetwork.lan.proto='static'\nnetwork.lan.ipaddr='192.168.1.1'\n";
const network = (...interfaces: [name: string, options: Record<string, string>][]): string =>
	LOOPBACK +
	LAN +
	interfaces
		.map(
			([name, options]) =>
				`network.${name}=interface\n${Object.entries(options)
					.map(([key, value]) => `network.${name}.${key}='${value}'\n`)
					.join("")}`,
		)
		.join("");
const WAN = network(["wan", { device: "eth1", proto: "dhcp" }], ["wan6", { device: "eth1", proto: "dhcpv6" }]);
const MWAN3 = "mwan3.globals=globals\nmwan3.globals.mmx_mask='0x3F00'\nmwan3.wan=interface\nmwan3.wan.enabled='1'\n";

interface Tree {
	readonly root: string;
	put(path: string, text: string, mode?: number): void;
	read(path: string): string;
	/** Programs that were called, one a line. */
	calls(): string[];
	run(script: string, env?: Record<string, string>, args?: readonly string[]): { code: number | null; text: string };
	/** Runs it as OpenWrt does: sourced, in a subshell. */
	source(script: string, env?: Record<string, string>): { code: number | null; text: string };
	remove(): void;
}

/** A path with a space, as nobody would have, and programs that only tell they were called. */
function tree(shell: readonly string[]): Tree {
	const place = folder();
	const root = join(place, "a router");
	const bin = join(place, "bin");
	const put = (path: string, text: string, mode = 0o644): void => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
		chmodSync(join(root, path), mode);
	};
	const tell = (name: string, then = ""): string =>
		`#!/bin/sh\nprintf '%s\\n' "${name} $*" >>"${place}/calls"\n${then}`;
	mkdirSync(bin, { recursive: true });
	const program = (name: string, text: string): void => writeFileSync(join(bin, name), text, { mode: 0o755 });
	// `uci -q -c DIR show NAME`
	program("uci", `#!/bin/sh\ncat "$3/$5.show" 2>/dev/null\n`);
	program("logger", tell("logger"));
	program("ubus", `#!/bin/sh\ncat "${place}/procd" 2>/dev/null\n`);
	program("jsonfilter", "#!/bin/sh\ncat\n");
	put("etc/config/autonomy", SHIPPED, 0o644);
	put(
		"etc/init.d/autonomy",
		tell("autonomy", `[ "$1" = running ] && exec test -e "${place}/running"\nexit 0\n`),
		0o755,
	);
	put("etc/init.d/starwatch", tell("starwatch", `[ "$1" = running ] && exit 1\nexit 0\n`), 0o755);
	put("etc/init.d/rpcd", tell("rpcd"), 0o755);
	put("usr/libexec/rpcd/luci.autonomy", tell("plugin", `cat >>"${place}/calls"\n`), 0o755);
	put("usr/sbin/autonomyd", tell("autonomyd"), 0o755);
	const start = (argv: readonly string[], env: Record<string, string>): { code: number | null; text: string } => {
		const ran = run([...shell, ...argv], {
			cwd: place,
			env: { PATH: `${bin}:/usr/bin:/bin`, AUTONOMY_ROOT: root, ...env },
		});
		return { code: ran.status, text: ran.stdout + ran.stderr };
	};
	return {
		root,
		put,
		read: (path) => readFileSync(join(root, path), "utf8"),
		calls: () =>
			existsSync(join(place, "calls")) ? readFileSync(join(place, "calls"), "utf8").trimEnd().split("\n") : [],
		run: (script, env = {}, args = []) => start([join(REPO, script), ...args], env),
		source: (script, env = {}) => start(["-c", '( [ -f "$1" ] && cd / && . "$1" )', "sh", join(REPO, script)], env),
		remove: () => rmSync(place, { recursive: true, force: true }),
	};
}

const HOSTILE = {
	IFS: "e/ \t\n",
	LC_ALL: "tr_TR.UTF-8",
	LANG: "tr_TR.UTF-8",
	CDPATH: "/:/tmp",
	GREP_OPTIONS: "-v",
	POSIXLY_CORRECT: "1",
	ENV: "/nowhere",
};

for (const shell of SHELLS) {
	group(shell.join(" "), has(shell[0]) ? false : `no ${shell[0]} here`, () => {
		const first: [string, string, string | null, string][] = [
			["one uplink", WAN, null, "observe"],
			["no network at all", "", null, "observe"],
			[
				"two uplinks",
				network(["wan", { device: "eth1", proto: "dhcp" }], ["wanb", { device: "eth2", proto: "dhcp" }]),
				null,
				"control",
			],
			[
				"a fixed address with a gateway is an uplink",
				network(["a", { device: "eth1", proto: "static", gateway: "10.0.0.1" }], ["b", { proto: "qmi" }]),
				null,
				"control",
			],
			[
				"one that is turned off does not count",
				network(["a", { device: "eth1", proto: "dhcp" }], ["b", { device: "eth2", proto: "dhcp", disabled: "1" }]),
				null,
				"observe",
			],
			[
				"an alias of the same device does not count",
				network(["a", { device: "eth1", proto: "dhcp" }], ["a6", { device: "@a", proto: "dhcpv6" }]),
				null,
				"observe",
			],
			[
				"a tunnel does not count",
				network(["a", { device: "eth1", proto: "dhcp" }], ["vpn", { proto: "wireguard" }]),
				null,
				"observe",
			],
			[
				"old firmware writes ifname; two SIM cards",
				network(["a", { ifname: "eth1", proto: "dhcp" }], ["mob1", { proto: "wwan", modem: "3-1" }]),
				null,
				"control",
			],
			["mwan3", WAN, MWAN3, "control"],
			["mwan3 that watches nothing", WAN, MWAN3.replace("enabled='1'", "enabled='0'"), "observe"],
		];
		for (const [name, show, mwan3, expected] of first) {
			test(`first start: ${name}: ${expected}`, (t) => {
				const box = tree(shell);
				t.after(() => box.remove());
				box.put("etc/config/network.show", show);
				if (mwan3 !== null) {
					box.put("etc/init.d/mwan3", "#!/bin/sh\n", 0o755);
					box.put("etc/config/mwan3.show", mwan3);
				}
				for (const env of [HOSTILE, {}]) {
					const ran = box.source(DEFAULTS, env);
					assert.deepEqual(ran, { code: 0, text: "" });
					assert.equal(
						box.read("etc/config/autonomy"),
						SHIPPED.replace("option mode 'control'", `option mode '${expected}'`),
					);
					assert.match(box.read("etc/autonomy/first-start"), new RegExp(`^${expected} [0-9a-f]{32}\\n$`));
					assert.equal(statSync(join(box.root, "etc/config/autonomy")).mode & 0o777, 0o600);
				}
				// What the owner does afterwards stands, update or not.
				box.put("etc/config/autonomy", SHIPPED);
				box.source(DEFAULTS);
				assert.equal(box.read("etc/config/autonomy"), SHIPPED);
				// busybox has a logger of its own.
				if (shell[0] === "dash") assert.equal(box.calls().length, expected === "observe" ? 1 : 0);
				assert.deepEqual(
					readdirSync(join(box.root, "etc/config")).filter((one) => one.endsWith(".new")),
					[],
				);
			});
		}

		test("first start: a configuration with anything of the owner's in it is left alone", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			box.put("etc/config/network.show", WAN);
			for (const own of ["\toption predictive '0'\n", "\tlist target '1.1.1.1'\n", "option log_level debug\n"]) {
				box.put("etc/config/autonomy", SHIPPED + own);
				assert.equal(box.source(DEFAULTS, HOSTILE).code, 0);
				assert.equal(box.read("etc/config/autonomy"), SHIPPED + own);
				assert.match(box.read("etc/autonomy/first-start"), /^kept /);
				rmSync(join(box.root, "etc/autonomy"), { recursive: true });
			}
			rmSync(join(box.root, "etc/config/autonomy"));
			assert.deepEqual(box.source(DEFAULTS), { code: 0, text: "" });
			assert.equal(existsSync(join(box.root, "etc/autonomy")), false);
		});

		test("an update keeps what the owner has set as a version, and nothing else", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			const script = "package/scripts/autonomy/pre-upgrade.sh";
			box.put("etc/config/network.show", WAN);
			box.source(DEFAULTS);
			const before = box.calls().length;
			assert.equal(box.run(script, HOSTILE).code, 0);
			assert.equal(box.calls().length, before, "nobody has touched it");
			box.put("etc/config/autonomy", `${SHIPPED}\toption predictive '0'\n`);
			assert.equal(box.run(script, HOSTILE).code, 0);
			assert.deepEqual(box.calls().slice(before), ["plugin call backup", '{"note":"before an update"}']);
			box.put("etc/autonomy/backups/000007", `# autonomy 1 1 manual x y\n${SHIPPED}\toption predictive '0'\n`);
			box.run(script, HOSTILE);
			assert.equal(box.calls().length, before + 2, "the newest version is the same");
		});

		test("after an update what runs is started anew, after an installation not", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			const script = "package/scripts/autonomy/post-install.sh";
			assert.equal(box.run(script, HOSTILE).code, 0);
			assert.deepEqual(box.calls(), ["rpcd reload"]);
			writeFileSync(join(box.root, "../running"), "");
			assert.equal(box.run(script, { ...HOSTILE, PKG_UPGRADE: "1" }).code, 0);
			assert.deepEqual(box.calls().slice(1), [
				"rpcd reload",
				"autonomy running",
				"autonomy restart",
				"starwatch running",
			]);
		});

		test("removal stops both, gives back what a dead daemon has left, and undoes the first start", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			box.put("etc/config/network.show", WAN);
			box.source(DEFAULTS);
			const before = box.calls().length;
			assert.equal(box.run("package/scripts/autonomy/pre-remove.sh", { ...HOSTILE, PKG_UPGRADE: "1" }).code, 0);
			assert.match(box.read("etc/config/autonomy"), /option mode 'observe'/);
			assert.deepEqual(box.calls().slice(before), ["starwatch stop", "autonomy stop"]);
			box.put("tmp/autonomy/steer.json", "{}");
			assert.equal(box.run("package/scripts/autonomy/pre-remove.sh", HOSTILE).code, 0);
			assert.equal(box.read("etc/config/autonomy"), SHIPPED);
			assert.deepEqual(box.calls().slice(before + 2), ["starwatch stop", "autonomy stop", "autonomyd --give-back"]);
			assert.equal(box.run("package/scripts/autonomy/post-remove.sh", HOSTILE).code, 0);
			assert.equal(existsSync(join(box.root, "etc/autonomy")), false);
			assert.equal(existsSync(join(box.root, "tmp/autonomy")), false);
		});

		test("removal leaves the owner's settings and versions", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			box.put("etc/config/network.show", WAN);
			box.source(DEFAULTS);
			const edited = box.read("etc/config/autonomy").replace("option enable '1'", "option enable '0'");
			box.put("etc/config/autonomy", edited);
			box.put("etc/autonomy/backups/000001", "x");
			box.run("package/scripts/autonomy/pre-remove.sh", HOSTILE);
			box.run("package/scripts/autonomy/post-remove.sh", { ...HOSTILE, PKG_UPGRADE: "1" });
			assert.ok(existsSync(join(box.root, "etc/autonomy/first-start")), "an update is no removal");
			box.run("package/scripts/autonomy/post-remove.sh", HOSTILE);
			assert.equal(box.read("etc/config/autonomy"), edited);
			assert.equal(box.read("etc/autonomy/backups/000001"), "x");
		});

		test("it is waited for a daemon that is giving back", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			// A process that ends a moment after it was told to.
			box.put(
				"etc/init.d/autonomy",
				`#!/bin/sh\n[ "$1" = stop ] && kill "$(cat "${box.root}/../procd")"\nexit 0\n`,
				0o755,
			);
			const ran = run(
				[
					"sh",
					"-c",
					'sh -c \'trap "sleep 1; echo done >done; exit" TERM; echo >ready; while :; do sleep 0.1; done\' & echo $! >procd; while [ ! -e ready ]; do sleep 0.1; done; "$@"; test -e done',
					"sh",
					...shell,
					join(REPO, "package/scripts/autonomy/pre-remove.sh"),
				],
				{
					cwd: join(box.root, ".."),
					env: { PATH: `${join(box.root, "../bin")}:/usr/bin:/bin`, AUTONOMY_ROOT: box.root },
				},
			);
			assert.equal(ran.status, 0, ran.stderr);
		});

		test("nothing is done to an image that is being built", (t) => {
			const box = tree(shell);
			t.after(() => box.remove());
			for (const script of readdirSync(join(REPO, "package/scripts"), { recursive: true, encoding: "utf8" })) {
				if (!script.endsWith(".sh")) continue;
				assert.equal(box.run(`package/scripts/${script}`, { IPKG_INSTROOT: "/image" }).code, 0);
			}
			assert.deepEqual(box.calls(), []);
		});
	});
}

test("shellcheck has no objection", { skip: has("shellcheck") ? false : "no shellcheck here" }, () => {
	const scripts = readdirSync(join(REPO, "package/scripts"), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".sh"))
		.map((name) => join(REPO, "package/scripts", name));
	const ran = run(["shellcheck", "-s", "dash", ...scripts, join(REPO, DEFAULTS)]);
	assert.equal(ran.stdout, "");
	assert.equal(ran.status, 0);
});
