/**
 * The feeds with the real programs, where the environment names them: OPKG (opkg-lede), USIGN, APK (apk-tools 3). Into a
 * folder and without running scripts, so nothing of this machine is touched; the scripts' side is life.test.ts.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import {
	appendFileSync,
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apkFeed } from "../../scripts/feed/apk-feed.ts";
import { writeFolder } from "../../scripts/feed/folder.ts";
import { opkgFeed } from "../../scripts/feed/opkg-feed.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { generateSecretKey } from "../../scripts/feed/usign.ts";
import { blocks, plain } from "./adb.ts";
import { builtSet, EPOCH_S, folder, group, must, notBuilt, run } from "./support.ts";

const { OPKG, USIGN, APK } = process.env;
const BASE = ["ubus", "uci", "jsonfilter", "jshn", "node", "fping", "luci-base"];
const VERSIONS = ["0.9.0", "1.0.0", "1.1.0"] as const;
const place = folder();
const usignKey = join(place, "usign.sec");
const apkKey = join(place, "apk.pem");
let remove = (): void => undefined;
let first: readonly FeedPackage[] = [];
before(async () => {
	if (notBuilt !== false || (OPKG === undefined && APK === undefined)) return;
	writeFileSync(usignKey, generateSecretKey());
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	writeFileSync(apkKey, privateKey.export({ type: "pkcs8", format: "pem" }));
	const set = await builtSet(VERSIONS[0]);
	({ packages: first, remove } = set);
	for (const version of VERSIONS) {
		const packages = set.packages.map((one) => ({ ...one, version: `${version}-r1` }));
		writeFolder(join(place, version, "opkg"), opkgFeed(packages, EPOCH_S, usignKey));
		writeFolder(join(place, version, "apk"), apkFeed(packages, EPOCH_S, apkKey));
	}
});
after(() => {
	remove();
	rmSync(place, { recursive: true, force: true });
});

/** Files of ours below a root: what package managers keep for themselves left out. */
function ours(root: string): string[] {
	return readdirSync(root, { recursive: true, withFileTypes: true, encoding: "utf8" })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
		.filter((path) => !/^(usr\/lib\/opkg|lib\/apk|etc\/apk|etc\/opkg|var|tmp|dev|proc)(\/|\.|$)/.test(path))
		.sort();
}

function flip(path: string, at: number): void {
	const bytes = readFileSync(path);
	bytes[at]! ^= 1;
	writeFileSync(path, bytes);
}

/** What is there after luci-app-autonomy has been asked for, on a router that has Node.js and no QuickJS. */
const wanted = (): string[] =>
	first
		.filter(({ name }) => ["autonomy", "autonomy-runtime-node", "luci-app-autonomy"].includes(name))
		.flatMap((one) => one.files.map((entry) => entry.path))
		.sort();

const opkgSkip = OPKG === undefined || USIGN === undefined ? "set OPKG and USIGN to the real programs" : notBuilt;
group("a real opkg", opkgSkip, () => {
	const root = join(place, "opkg-root");
	const conf = join(place, "opkg.conf");
	const opkg = (...args: string[]) => run([OPKG!, "-f", conf, "-o", root, ...args]);
	function feed(path: string): void {
		writeFileSync(
			conf,
			`dest root /\nlists_dir ext ${place}/lists\narch all 1\noption check_signature\noption verify_program ${place}/verify\nsrc/gz autonomy file:${path}\n`,
		);
	}
	before(() => {
		mkdirSync(join(root, "usr/lib/opkg/info"), { recursive: true });
		mkdirSync(join(root, "tmp"), { recursive: true });
		// Its lock.
		mkdirSync(join(root, "var/lock"), { recursive: true });
		mkdirSync(join(place, "lists"));
		// opkg-key of OpenWrt: the list may be compressed.
		writeFileSync(
			join(place, "verify"),
			`#!/bin/sh\n( zcat "$3" 2>/dev/null || cat "$3" ) | exec "${USIGN}" -V -q -P "${place}/1.0.0/opkg/keys" -x "$2" -m -\n`,
		);
		chmodSync(join(place, "verify"), 0o755);
		for (const name of BASE) {
			appendFileSync(
				join(root, "usr/lib/opkg/status"),
				`Package: ${name}\nVersion: 99\nStatus: install user installed\nArchitecture: all\n\n`,
			);
			writeFileSync(join(root, `usr/lib/opkg/info/${name}.list`), "");
		}
	});

	test("usign accepts the index", () => {
		const at = join(place, "1.0.0/opkg");
		must([USIGN!, "-V", "-q", "-m", `${at}/Packages`, "-x", `${at}/Packages.sig`, "-P", `${at}/keys`]);
	});

	test("update, install with dependencies, upgrade, downgrade, remove", () => {
		feed(join(place, "1.0.0/opkg"));
		assert.match(opkg("update").stdout, /Signature check passed/);
		const ran = opkg("install", "autonomy-runtime-node", "luci-app-autonomy");
		assert.equal(ran.status, 0, ran.stdout + ran.stderr);
		assert.deepEqual(ours(root), wanted());
		const config = join(root, "etc/config/autonomy");
		appendFileSync(config, "\toption predictive '0'\n");
		const mine = readFileSync(config, "utf8");
		for (const version of ["1.1.0", "0.9.0"]) {
			feed(join(place, version, "opkg"));
			opkg("update");
			const file = `${place}/${version}/opkg/autonomy_${version}-r1_all.ipk`;
			const changed = version === "1.1.0" ? opkg("upgrade", "autonomy") : opkg("install", "--force-downgrade", file);
			assert.equal(changed.status, 0, changed.stdout + changed.stderr);
			assert.match(opkg("list-installed").stdout, new RegExp(`^autonomy - ${version}-r1$`, "m"));
			assert.equal(readFileSync(config, "utf8"), mine);
			assert.deepEqual(ours(root), [...wanted(), "etc/config/autonomy-opkg"].sort());
			rmSync(join(root, "etc/config/autonomy-opkg"));
		}
		const gone = opkg("remove", "luci-app-autonomy", "autonomy", "autonomy-runtime-node");
		assert.equal(gone.status, 0, gone.stdout + gone.stderr);
		assert.deepEqual(ours(root), ["etc/config/autonomy"]);
	});

	test("a flipped byte in the list or in a package is noticed, and nothing is installed", () => {
		const bad = join(place, "bad-opkg");
		cpSync(join(place, "1.0.0/opkg"), bad, { recursive: true });
		rmSync(join(root, "etc/config"), { recursive: true });
		feed(bad);
		opkg("update");
		flip(join(bad, "autonomy_1.0.0-r1_all.ipk"), 100_000);
		assert.notEqual(opkg("install", "autonomy").status, 0);
		assert.equal(existsSync(join(root, "usr/sbin/autonomyd")), false);
		flip(join(bad, "Packages.sig"), 60);
		assert.match(opkg("update").stdout, /Signature check failed/);
	});
});

group("a real apk", APK === undefined ? "set APK to the real program" : notBuilt, () => {
	const root = join(place, "apk-root");
	const repositories = join(place, "repositories");
	const apk = (...args: string[]) =>
		run([APK!, "--root", root, "--repositories-file", repositories, "--arch", "x86_64", ...args]);
	function feed(path: string): void {
		writeFileSync(repositories, `${path}/packages.adb\n`);
	}
	before(() => {
		mkdirSync(join(place, "empty"));
		cpSync(join(place, "1.0.0/apk/keys"), join(root, "etc/apk/keys"), { recursive: true });
		const made = BASE.map((name) => {
			const path = join(place, `${name}.apk`);
			must([
				APK!,
				"mkpkg",
				"--info",
				`name:${name}`,
				"--info",
				"version:99",
				"--info",
				"arch:noarch",
				"--files",
				join(place, "empty"),
				"--output",
				path,
			]);
			return path;
		});
		feed(join(place, "1.0.0/apk"));
		const ran = apk("add", "--no-scripts", "--initdb", "--allow-untrusted", ...made);
		assert.equal(ran.status, 0, ran.stdout + ran.stderr);
	});

	test("signatures of packages and index are accepted, a flipped byte is not", () => {
		const at = join(place, "1.0.0/apk");
		const bad = join(place, "bad-apk");
		cpSync(at, bad, { recursive: true });
		for (const name of readdirSync(at).filter((one) => /\.(apk|adb)$/.test(one))) {
			assert.equal(apk("verify", join(at, name)).status, 0, name);
			const bytes = plain(readFileSync(join(at, name)));
			bytes[200]! ^= 1;
			writeFileSync(join(bad, name), bytes);
			assert.notEqual(apk("verify", join(bad, name)).status, 0, `flipped ${name}`);
		}
	});

	test("packages are those that apk mkpkg makes, byte for byte", () => {
		for (const name of ["autonomy", "autonomy-runtime-node", "luci-app-autonomy"]) {
			const path = join(place, `1.0.0/apk/${name}-1.0.0-r1.apk`);
			const files = join(place, `files-${name}`);
			mkdirSync(files);
			must([APK!, "extract", "--allow-untrusted", "--destination", files, path]);
			const told = JSON.parse(must([APK!, "adbdump", "--format", "json", path])) as {
				info: Record<string, string | number | string[]>;
				scripts: Record<string, string>;
			};
			const args: string[] = [];
			for (const [key, value] of Object.entries(told.info)) {
				if (key === "hashes" || key === "installed-size") continue;
				args.push("--info", `${key}:${Array.isArray(value) ? value.join(" ") : value}`);
			}
			for (const [moment, text] of Object.entries(told.scripts)) {
				writeFileSync(join(place, moment), text);
				args.push("--script", `${moment}:${join(place, moment)}`);
			}
			const theirs = join(place, `${name}.theirs`);
			must([
				APK!,
				"mkpkg",
				"--compat",
				"3.0.0_rc8",
				"--compression",
				"none",
				"--files",
				files,
				"--output",
				theirs,
				...args,
			]);
			const [a, b] = [blocks(readFileSync(path)), blocks(readFileSync(theirs))];
			assert.ok(a.adb.equals(b.adb), `${name}: the description differs`);
			assert.deepEqual(a.data, b.data);
		}
	});

	test("update, install with dependencies, upgrade, downgrade, remove", () => {
		assert.equal(apk("update").status, 0);
		const ran = apk("add", "--no-scripts", "luci-app-autonomy");
		assert.equal(ran.status, 0, ran.stdout + ran.stderr);
		assert.deepEqual(ours(root), wanted());
		const config = join(root, "etc/config/autonomy");
		appendFileSync(config, "\toption predictive '0'\n");
		const mine = readFileSync(config, "utf8");
		for (const version of ["1.1.0", "0.9.0"]) {
			feed(join(place, version, "apk"));
			apk("update");
			const changed = apk("upgrade", "--no-scripts", "--available");
			assert.equal(changed.status, 0, changed.stdout + changed.stderr);
			assert.match(apk("list", "--installed").stdout, new RegExp(`^autonomy-${version}-r1 `, "m"));
			assert.equal(readFileSync(config, "utf8"), mine);
		}
		assert.equal(apk("del", "--no-scripts", "luci-app-autonomy").status, 0);
		const left = ours(root).filter((path) => !path.startsWith("etc/config/autonomy"));
		assert.deepEqual(left, []);
	});

	test("a feed with a changed package, or with an index of another key, installs nothing", () => {
		const bad = join(place, "bad-apk-feed");
		cpSync(join(place, "1.0.0/apk"), bad, { recursive: true });
		flip(join(bad, "autonomy-1.0.0-r1.apk"), 100_000);
		feed(bad);
		apk("update");
		assert.notEqual(apk("add", "--no-scripts", "autonomy").status, 0);
		assert.equal(existsSync(join(root, "usr/sbin/autonomyd")), false);
		flip(join(bad, "packages.adb"), 40);
		assert.match(apk("update").stderr, /WARNING: opening .*packages\.adb/);
	});
});
