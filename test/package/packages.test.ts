/**
 * What is in the packages, read back by the system's tar: files and permissions against a golden list, control fields,
 * conffiles, scripts, sizes. After a change that is meant: UPDATE_GOLDEN=1 npx tsx --test test/package/packages.test.ts
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildIpk } from "../../scripts/feed/ipk.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { STATIC_ARCHES } from "../../scripts/feed/runtimes.ts";
import { builtSet, EPOCH_S, has, must, notBuilt, run, STATIC_ARCH, type Unpacked, unpackIpk } from "./support.ts";

const GOLDEN = join(import.meta.dirname, "golden");
const skip = notBuilt;
let packages: readonly FeedPackage[] = [];
let left: readonly string[] = [];
let remove = (): void => undefined;
const unpacked = new Map<string, Unpacked>();

before(async () => {
	if (skip !== false) return;
	({ packages, left, remove } = await builtSet());
	for (const one of packages) unpacked.set(one.name, unpackIpk(buildIpk(one, EPOCH_S).bytes));
});
after(() => {
	for (const one of unpacked.values()) one.remove();
	remove();
});

function opened(name: string): Unpacked {
	const found = unpacked.get(name);
	assert.ok(found !== undefined, `no package ${name}`);
	return found;
}

test("the packages of the table are there; static runtimes, or how they are made", { skip }, () => {
	const names = packages.map((one) => one.name);
	for (const name of [
		"autonomy",
		"autonomy-runtime-node",
		"autonomy-runtime-quickjs",
		"luci-app-autonomy",
		"autonomy-app",
		"vuci-app-autonomy-api",
		"vuci-app-autonomy-ui",
	])
		assert.ok(names.includes(name), name);
	for (const arch of STATIC_ARCHES)
		assert.equal(
			left.includes(`autonomy-runtime-static for ${arch}: make runtime ARCH=${arch} makes it`),
			arch !== STATIC_ARCH,
		);
	const control = opened("autonomy-runtime-static").control("control") ?? "";
	assert.match(control, new RegExp(`^Architecture: ${STATIC_ARCH}$`, "m"));
	assert.match(control, /^Provides: autonomy-runtime$/m);
	assert.doesNotMatch(control, /^Depends:/m);
	for (const language of ["de", "es"]) {
		const name = `luci-i18n-autonomy-${language}`;
		assert.ok(names.includes(name) || left.some((line) => line.startsWith(name)), name);
	}
});

test("files and permissions are those of the golden list", { skip }, () => {
	for (const name of unpacked.keys()) {
		// Which parts a bundle falls into, and under what sums, is the bundler's own business.
		const lines = opened(name)
			.listing()
			.map((line) => line.replace(/(\/autonomyd\.(core|node|qjs)\/)[\w-]+\.mjs$/, "$1*.mjs"))
			.map((line) => line.replace(/(\/views\/.*)_[0-9a-f]{6}\./, "$1_*."));
		const listing = `${[...new Set(lines)].join("\n")}\n`;
		const path = join(GOLDEN, `${name}.txt`);
		if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, listing);
		assert.ok(
			existsSync(path),
			`no golden list of ${name}: UPDATE_GOLDEN=1 npx tsx --test test/package/packages.test.ts`,
		);
		assert.equal(
			listing,
			readFileSync(path, "utf8"),
			`${name}: meant? then UPDATE_GOLDEN=1 npx tsx --test test/package/packages.test.ts`,
		);
	}
});

test("control fields", { skip }, () => {
	const fields = Object.fromEntries(
		(opened("autonomy").control("control") ?? "")
			.trimEnd()
			.split("\n")
			.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
	);
	const { "Installed-Size": size, ...others } = fields;
	assert.deepEqual(others, {
		Package: "autonomy",
		Version: "1.2.3-r1",
		Depends: "autonomy-runtime, ubus, uci, jsonfilter, jshn",
		Source: "autonomy",
		SourceName: "autonomy",
		License: "MIT",
		LicenseFiles: "LICENSE",
		Section: "net",
		SourceDateEpoch: String(EPOCH_S),
		Maintainer: "autonomy maintainers",
		Architecture: "all",
		Description: "Keeps a router online: watches every uplink, switches before people notice, explains why",
	});
	assert.equal(Number(size), Number(must(["sh", "-c", `zcat "$1" | wc -c`, "sh", opened("autonomy").data])));
	assert.match(
		opened("autonomy-runtime-node").control("control") ?? "",
		/^Depends: node \(>= 20\), fping\nProvides: autonomy-runtime$/m,
	);
	assert.match(
		opened("autonomy-runtime-quickjs").control("control") ?? "",
		/^Depends: quickjs, socat, fping\nProvides: autonomy-runtime$/m,
	);
});

test("every dependency is ours or one of OpenWrt's", { skip }, () => {
	const known = new Set([
		...packages.flatMap((one) => [one.name, ...one.provides]),
		...["ubus", "uci", "jsonfilter", "jshn", "node", "quickjs", "socat", "fping", "luci-base"],
	]);
	for (const one of packages)
		for (const text of one.depends) assert.ok(known.has(text.split(">=")[0]!), `${one.name}: ${text}`);
});

test("configuration is kept by opkg and sysupgrade, and is nobody else's to read", { skip }, () => {
	const conffiles = (opened("autonomy").control("conffiles") ?? "").trimEnd().split("\n");
	assert.ok(conffiles.includes("/etc/config/autonomy"));
	const listing = opened("autonomy").listing();
	for (const path of conffiles)
		assert.ok(
			listing.includes(listing.find((line) => line.endsWith(` .${path}`) && line.startsWith("-rw------- 0/0")) ?? path),
			path,
		);
	const keep = must(["tar", "-xzOf", opened("autonomy").data, "./lib/upgrade/keep.d/autonomy"])
		.trimEnd()
		.split("\n");
	for (const path of conffiles)
		assert.ok(
			keep.some((line) => path === line || (line.endsWith("/") && path.startsWith(line))),
			path,
		);
});

test("scripts call OpenWrt's own, and are read by busybox ash", { skip }, (t) => {
	if (!has("busybox")) {
		t.skip("no busybox here");
		return;
	}
	for (const [name, one] of unpacked) {
		assert.match(one.control("postinst") ?? "", /default_postinst "\$0" "\$@"/);
		assert.match(one.control("prerm") ?? "", /default_prerm "\$0" "\$@"/);
		for (const script of one.controlNames().filter((file) => /^(pre|post)/.test(file))) {
			const ran = run(["busybox", "ash", "-n", join(one.folder, "control", script)]);
			assert.equal(ran.stderr, "", `${name} ${script}`);
			assert.equal(ran.status, 0);
		}
	}
});

test("sizes stay below what was promised", { skip }, () => {
	const bytes = (name: string): number => buildIpk(packages.find((one) => one.name === name)!, EPOCH_S).bytes.length;
	assert.ok(bytes("autonomy") <= 700_000, `autonomy: ${bytes("autonomy")}`);
	assert.ok(bytes("vuci-app-autonomy-ui") <= 155_000, `vuci-app-autonomy-ui: ${bytes("vuci-app-autonomy-ui")}`);
	assert.ok(bytes("vuci-app-autonomy-api") <= 10_000, `vuci-app-autonomy-api: ${bytes("vuci-app-autonomy-api")}`);
	assert.ok(bytes("autonomy-app") <= 120_000, `autonomy-app: ${bytes("autonomy-app")}`);
	assert.ok(bytes("luci-app-autonomy") <= 200_000, `luci-app-autonomy: ${bytes("luci-app-autonomy")}`);
});

test("licences of what is bundled travel with it", { skip }, () => {
	const text = must([
		"sh",
		"-c",
		'tar -xzOf "$1" ./usr/share/licenses/autonomy/libraries.gz | zcat',
		"sh",
		opened("autonomy").data,
	]);
	for (const name of ["@grpc/grpc-js", "protobufjs", "pino"]) assert.match(text, new RegExp(`^${name} \\d`, "m"));
	assert.match(text, /Apache License/);
});
