/**
 * A package's life on a router: fresh install, settings, upgrade, downgrade, removal, and what is on the router after
 * each. The package manager is a model (opkg-model.ts); the packages, their scripts and the plugin are the real ones.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { file } from "../../scripts/feed/entry.ts";
import { buildIpk } from "../../scripts/feed/ipk.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { type OpkgModel, opkgModel } from "./opkg-model.ts";
import { builtSet, EPOCH_S, folder, has, notBuilt, REPO } from "./support.ts";

const skip = notBuilt !== false ? notBuilt : has("busybox") ? false : "no busybox here";
const STAND_IN = join(REPO, "test/support/jshn");
let autonomy: FeedPackage;
let remove = (): void => undefined;

before(async () => {
	if (skip !== false) return;
	const set = await builtSet("1.0.0");
	remove = set.remove;
	autonomy = set.packages.find((one) => one.name === "autonomy")!;
});
after(() => remove());

interface Router {
	readonly root: string;
	readonly opkg: OpkgModel;
	/** What is there besides what was there before anything was installed. */
	added(): string[];
	read(path: string): string;
	write(path: string, text: string): void;
	calls(): string[];
	close(): void;
}

function router(uplinks: number): Router {
	const place = folder();
	const root = join(place, "root");
	const bin = join(place, "bin");
	mkdirSync(bin);
	const program = (name: string, text: string): void => {
		writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
		chmodSync(join(bin, name), 0o755);
	};
	const write = (path: string, text: string): void => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	};
	program("uci", 'cat "$3/$5.show" 2>/dev/null');
	program("ubus", ":");
	program("jsonfilter", ":");
	program("logger", ":");
	writeFileSync(join(bin, "jshn"), readFileSync(join(STAND_IN, "jshn")), { mode: 0o755 });
	// rc.common is what an init script runs under: here it only tells.
	write("etc/rc.d/keep", "");
	write(
		"etc/config/network.show",
		Array.from(
			{ length: uplinks },
			(_, at) => `network.w${at}=interface\nnetwork.w${at}.proto='dhcp'\nnetwork.w${at}.device='eth${at}'\n`,
		).join(""),
	);
	write("etc/config/network", "config interface 'lan'\n");
	write("tmp/keep", "");
	const opkg = opkgModel(root, bin);
	const before = new Set(opkg.listing());
	return {
		root,
		opkg,
		added: () => opkg.listing().filter((line) => !before.has(line)),
		read: (path) => readFileSync(join(root, path), "utf8"),
		write,
		calls: () => (existsSync(join(place, "calls")) ? readFileSync(join(place, "calls"), "utf8").split("\n") : []),
		close: () => rmSync(place, { recursive: true, force: true }),
	};
}

function version(
	number: string,
	change: (files: FeedPackage["files"]) => FeedPackage["files"] = (files) => files,
): Buffer {
	// Init scripts want rc.common and procd; here they are told to do nothing.
	const files = change(autonomy.files).map((entry) =>
		entry.path.startsWith("etc/init.d/") ? file(entry.path, "#!/bin/sh\nexit 0\n", 0o755) : entry,
	);
	return buildIpk({ ...autonomy, version: `${number}-r1`, files }, EPOCH_S).bytes;
}

/** What the package puts on a router, uci-defaults used up. */
function expected(): string[] {
	return autonomy.files
		.filter((entry) => !entry.path.startsWith("etc/uci-defaults/"))
		.map((entry) => `${entry.mode.toString(8)} ${entry.path}`);
}

const MARK = "etc/autonomy/first-start";

test("fresh, upgraded, downgraded, removed: untouched, the router is as it was", { skip }, (t) => {
	for (const [uplinks, mode] of [
		[1, "observe"],
		[2, "control"],
	] as const) {
		const box = router(uplinks);
		t.after(() => box.close());
		box.opkg.install(version("1.0.0"));
		const fresh = [...expected(), `644 ${MARK}`].sort();
		assert.deepEqual(box.added(), fresh);
		assert.match(box.read("etc/config/autonomy"), new RegExp(`option mode '${mode}'`));
		const grown = version("2.0.0", (files) => [...files, file("usr/share/autonomy/new/thing", "x")]);
		box.opkg.install(grown);
		assert.deepEqual(box.added(), [...fresh, "644 usr/share/autonomy/new/thing"].sort());
		assert.match(box.read("etc/config/autonomy"), new RegExp(`option mode '${mode}'`));
		box.opkg.install(version("1.0.0"));
		assert.deepEqual(box.added(), fresh);
		box.opkg.remove("autonomy");
		assert.deepEqual(box.added(), []);
		assert.equal(existsSync(join(box.root, "etc/autonomy")), false);
	}
});

test("the owner's settings outlive upgrade, downgrade and removal; the new defaults lie beside them", { skip }, (t) => {
	const box = router(1);
	t.after(() => box.close());
	box.opkg.install(version("1.0.0"));
	const mine = `${box.read("etc/config/autonomy").replace("option mode 'observe'", "option mode 'control'")}\toption predictive '0'\n`;
	box.write("etc/config/autonomy", mine);
	const newer = version("2.0.0", (files) =>
		files.map((entry) =>
			entry.path === "etc/config/autonomy" ? file(entry.path, `${entry.content}# more\n`, entry.mode) : entry,
		),
	);
	box.opkg.install(newer);
	assert.equal(box.read("etc/config/autonomy"), mine);
	assert.match(box.read("etc/config/autonomy-opkg"), /# more\n$/);
	box.opkg.install(version("1.0.0"));
	assert.equal(box.read("etc/config/autonomy"), mine);
	box.opkg.remove("autonomy");
	assert.equal(box.read("etc/config/autonomy"), mine);
	assert.deepEqual(
		box.added().filter((line) => !/ etc\/(config|autonomy)\//.test(line)),
		[],
	);
	// And back again: what the owner had is not a first start.
	box.opkg.install(version("2.0.0"));
	assert.equal(box.read("etc/config/autonomy"), mine);
});

test("a configuration that was there before the package is nobody's but the owner's", { skip }, (t) => {
	const box = router(1);
	t.after(() => box.close());
	const mine = "config autonomy 'main'\n\toption enable '1'\n\toption log_level 'debug'\n";
	box.write("etc/config/autonomy", mine);
	box.opkg.install(version("1.0.0"));
	assert.equal(box.read("etc/config/autonomy"), mine);
	assert.match(box.read(MARK), /^kept /);
});

/** A router's flash: what the image holds below, what was written since above; `reset` is what OpenWrt's firstboot does. */
const FLASH = `
root="$1/merged"
mount -t tmpfs flash "$1/flash" && mkdir -p "$1/flash/upper" "$1/flash/work" || exit 99
boot() {
	mount -t overlay over -o "lowerdir=$1/rom,upperdir=$1/flash/upper,workdir=$1/flash/work" "$root" || exit 99
	# As /etc/init.d/boot: each once.
	for one in "$root"/etc/uci-defaults/*; do
		[ ! -f "$one" ] || { AUTONOMY_ROOT="$root" sh "$one" && rm -f "$one"; }
	done
}
reset() {
	umount "$root" && rm -rf "$1/flash/upper" "$1/flash/work" && mkdir "$1/flash/upper" "$1/flash/work"
}
tell() {
	echo "$1: $(cat "$root/etc/autonomy/first-start" 2>/dev/null | cut -d' ' -f1) $(sed -n "s/.*option mode '\\(.*\\)'/\\1/p" "$root/etc/config/autonomy" 2>/dev/null) $(ls "$root/etc/autonomy/backups" 2>/dev/null | wc -l) $([ -e "$root/usr/sbin/autonomyd" ] && echo here)"
}
boot "$1"
tell fresh
sed -i "s/option mode '.*'/option mode 'control'/" "$root/etc/config/autonomy"
mkdir "$root/etc/autonomy/backups" && : >"$root/etc/autonomy/backups/000001"
tell used
reset "$1" && boot "$1"
tell reset
reset "$1"
rm -rf "$1/rom" && mkdir -p "$1/rom/etc/config" && boot "$1"
( cd "$1/package" && cp -r . "$root/" )
tell installed
reset "$1" && boot "$1"
tell bare
find "$root" -type f
`;

test("factory reset: a package of the image begins anew, one installed later is gone", { skip }, (t) => {
	if (spawnSync("unshare", ["-m", "true"]).status !== 0) {
		t.skip("no mount namespaces here");
		return;
	}
	const place = folder();
	t.after(() => rmSync(place, { recursive: true, force: true }));
	for (const name of ["rom", "package", "flash", "merged", "bin"]) mkdirSync(join(place, name));
	for (const { path, content, mode } of autonomy.files)
		for (const target of ["rom", "package"]) {
			mkdirSync(dirname(join(place, target, path)), { recursive: true });
			writeFileSync(join(place, target, path), content, { mode });
		}
	writeFileSync(join(place, "bin/uci"), "#!/bin/sh\n", { mode: 0o755 });
	writeFileSync(join(place, "bin/logger"), "#!/bin/sh\n", { mode: 0o755 });
	const ran = spawnSync("unshare", ["-m", "busybox", "ash", "-c", FLASH, "sh", place], {
		encoding: "utf8",
		env: { PATH: `${join(place, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin` },
	});
	if (ran.status === 99) {
		t.skip(`no overlay here: ${ran.stderr.trim()}`);
		return;
	}
	assert.equal(
		ran.stdout,
		[
			"fresh: observe observe 0 here",
			"used: observe control 1 here",
			"reset: observe observe 0 here",
			"installed:  control 0 here",
			"bare:   0 ",
			"",
		].join("\n"),
		ran.stderr,
	);
});
