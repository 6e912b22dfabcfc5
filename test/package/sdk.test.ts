/**
 * The archive for OpenWrt's SDK and the one for RutOS. The SDK itself is not here: a stand-in of its variables and of
 * BuildPackage runs the Makefile's own install lines, and what comes out must be what the feed's package holds.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { feedPackages } from "../../scripts/feed/packages.ts";
import { firmwareText, pmArch, pmArchive } from "../../scripts/feed/pm.ts";
import { releaseArchive, releaseFiles } from "../../scripts/feed/release.ts";
import { EPOCH_S, folder, has, must, notBuilt, REPO, standInRuntime, stored } from "./support.ts";

const skip = notBuilt !== false ? notBuilt : has("make") ? false : "no make here";
const luci = folder();
const place = folder();
let packages: readonly FeedPackage[] = [];
let archive: Buffer = Buffer.alloc(0);

before(async () => {
	if (skip !== false) return;
	const { buildLuci } = (await import("../../scripts/build-luci.mjs" as string)) as {
		buildLuci(target: string): Promise<unknown>;
	};
	await buildLuci(luci);
	({ packages } = feedPackages(REPO, "4.5.6", 2, luci));
	archive = releaseArchive(releaseFiles(REPO, "4.5.6", 2, luci), "autonomy-4.5.6", EPOCH_S);
	writeFileSync(join(place, "a.tar.gz"), archive);
	must(["tar", "-xzf", join(place, "a.tar.gz"), "-C", place]);
});
after(() => {
	rmSync(luci, { recursive: true });
	rmSync(place, { recursive: true });
});

test("the archive is the same twice, and its packages have the release's version", { skip }, () => {
	assert.ok(releaseArchive(releaseFiles(REPO, "4.5.6", 2, luci), "autonomy-4.5.6", EPOCH_S).equals(archive));
	for (const path of ["autonomy/Makefile", "luci-app-autonomy/Makefile"]) {
		const text = readFileSync(join(place, "autonomy-4.5.6", path), "utf8");
		assert.match(text, /^PKG_VERSION:=4\.5\.6$/m);
		assert.match(text, /^PKG_RELEASE:=2$/m);
	}
	assert.match(
		readFileSync(join(place, "autonomy-4.5.6/luci-app-autonomy/Makefile"), "utf8"),
		/^include \$\(TOPDIR\)\/feeds\/luci\/luci\.mk$/m,
	);
	const meta = JSON.parse(readFileSync(join(REPO, "package.json"), "utf8")) as { version: string };
	assert.match(readFileSync(join(REPO, "package/Makefile"), "utf8"), new RegExp(`^PKG_VERSION:=${meta.version}$`, "m"));
});

const PACKAGE_MK = `
INSTALL_DIR:=install -d -m0755
CP:=cp -fpR
define BuildPackage
all:: $(1)
$(1):
	mkdir -p $$(OUT)/$(1)
	$(call Package/$(1)/install,$$(OUT)/$(1))
	$$(file >$$(OUT)/$(1).conffiles,$$(call Package/$(1)/conffiles))
	$$(file >$$(OUT)/$(1).preinst,$$(call Package/$(1)/preinst))
	$$(file >$$(OUT)/$(1).prerm,$$(call Package/$(1)/prerm))
endef
`;

test("the SDK's Makefile installs what the feed's package holds", { skip }, () => {
	const top = join(place, "sdk");
	mkdirSync(join(top, "include"), { recursive: true });
	mkdirSync(join(place, "out"));
	writeFileSync(join(top, "rules.mk"), `INCLUDE_DIR:=${top}/include\nOUT:=${place}/out\n`);
	writeFileSync(join(top, "include/package.mk"), PACKAGE_MK);
	must(["make", "-s", "-C", join(place, "autonomy-4.5.6/autonomy"), `TOPDIR=${top}`, "all"]);
	for (const name of ["autonomy", "autonomy-runtime-node", "autonomy-runtime-quickjs", "autonomy-app"]) {
		const one = packages.find((entry) => entry.name === name)!;
		const found = must(["find", join(place, "out", name), "-type", "f", "-printf", "%P %m\\n"])
			.trimEnd()
			.split("\n");
		const wanted = one.files.map(({ path, mode }) => `${path} ${mode.toString(8)}`);
		assert.deepEqual(found.sort(), wanted.sort(), name);
		for (const { path, content } of one.files) {
			assert.ok(readFileSync(join(place, "out", name, path)).equals(content), path);
		}
	}
	const autonomy = packages.find((entry) => entry.name === "autonomy")!;
	const made = (name: string): string => readFileSync(join(place, `out/autonomy.${name}`), "utf8");
	assert.deepEqual(made("conffiles").trim().split("\n").sort(), [...autonomy.conffiles].sort());
	assert.ok(made("prerm").includes(autonomy.scripts.preRemove!.trim()), "the script as it is, no dollar lost");
	assert.match(
		made("preinst"),
		/^#!\/bin\/sh\n\[ "\$\{PKG_UPGRADE:-0\}" = 1 \] \|\| \[ "\$\{1:-\}" = upgrade \] \|\| exit 0\n/,
	);
});

test("an archive for RutOS says for whom it is, with sums of its packages", { skip }, (t) => {
	const runtimes = folder();
	t.after(() => rmSync(runtimes, { recursive: true }));
	const arch = pmArch("RUTX", null);
	standInRuntime(runtimes, arch);
	const all = feedPackages(REPO, "4.5.6", 2, luci, runtimes).packages;
	const pair = ["autonomy", "autonomy-runtime-static"].map((name) => all.find((one) => one.name === name)!);
	const bytes = pmArchive(pair, { router: "RUTX", firmware: "00.07.20" }, EPOCH_S);
	const box = stored("pm.tar.gz", bytes);
	t.after(() => rmSync(box.folder, { recursive: true }));
	must(["tar", "-xzf", box.path, "-C", box.folder]);
	const main = readFileSync(join(box.folder, "main"), "utf8");
	const sum = (name: string): string => {
		const parts = ["control.tar.gz", "data.tar.gz"].map((part) =>
			Buffer.from(must(["sh", "-c", 'tar -xzOf "$1" "./$2" | base64', "sh", join(box.folder, name), part]), "base64"),
		);
		return createHash("sha256").update(Buffer.concat(parts)).digest("hex");
	};
	const [first, second] = [
		"autonomy_4.5.6-r2_all.ipk",
		"autonomy-runtime-static_4.5.6-r2_arm_cortex-a7_neon-vfpv4.ipk",
	];
	assert.equal(
		main,
		`Package: autonomy\nVersion: 4.5.6-r2\nRouter: RUTX\nFirmware: RUTX_R_00.07.20\ntlt_name: autonomy\nAppName: autonomy\npkg_network_restart: 0\nipk_file: ${first}:${sum(first)}\nipk_deps: ${second}:${sum(second)}\n`,
	);
	const control = must([
		"sh",
		"-c",
		'tar -xzOf "$1" ./control.tar.gz | tar -xzOf - ./control',
		"sh",
		join(box.folder, first),
	]);
	assert.match(control, /^Router: RUTX\nFirmware: RUTX_R_00\.07\.20\ntlt_name: autonomy$/m);
});

test("routers and firmware that cannot be meant are refused", () => {
	assert.equal(firmwareText({ router: "RUT9M", firmware: "RUT9M_R_00.07.21" }), "RUT9M_R_00.07.21");
	assert.equal(firmwareText({ router: "RUTX", firmware: "00.07.15.2" }), "RUTX_R_00.07.15.2");
	const cases: [string, string, RegExp][] = [
		["rutx", "00.07.20", /not a family of routers, like RUTX: rutx/],
		["RUTX; id", "00.07.20", /not a family/],
		["RUTX", "7", /not a firmware version, like 00\.07\.20: 7/],
		["RUTX", "RUTM_R_00.07.20", /RUTM_R_00\.07\.20 is not for RUTX/],
	];
	for (const [router, firmware, message] of cases) assert.throws(() => firmwareText({ router, firmware }), message);
	assert.equal(pmArch("RUT9M", null), "mipsel_24kc");
	assert.equal(pmArch("TRB5", "aarch64_cortex-a53"), "aarch64_cortex-a53");
	assert.throws(() => pmArch("TRB5", null), /which processor has TRB5\? known: RUTX, RUTM/);
});
