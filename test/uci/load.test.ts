import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { loadPackage, packagePath, SAVE_DIR, STATE_DIR } from "../../daemon/uci/load.ts";
import { findSection, optionList, optionText } from "../../daemon/uci/package.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import { fakeFiles } from "../support/fake-platform.ts";

const MWAN3 = "config member 'wan_m1'\n\toption interface 'wan'\n\toption metric '1'\n";

test("no file, no package", () => {
	assert.equal(loadPackage(fakeFiles(), "mwan3"), null);
});

test("state laid over the configuration is seen only by those who ask for it", () => {
	const files = fakeFiles({
		"/etc/config/mwan3": MWAN3,
		"/tmp/.uci/mwan3": "mwan3.wan_m1.metric='5'\n",
		"/var/state/mwan3": "mwan3.wan_m1.metric='20'\n",
	});
	const metric = (saveDirs?: string[]): string | undefined =>
		optionText(loadPackage(files, "mwan3", saveDirs ? { saveDirs } : {})!.sections[0]!, "metric");
	assert.equal(metric([]), "1");
	assert.equal(metric(), "5");
	assert.equal(metric([SAVE_DIR, STATE_DIR]), "20");
});

test("a file in /var/run/uci replaces the one in /etc/config", () => {
	const files = fakeFiles({ "/etc/config/x": "config a n\n", "/var/run/uci/x": "config b m\n" });
	assert.equal(loadPackage(files, "x")!.sections[0]!.type, "b");
	assert.equal(packagePath(files, "x"), "/var/run/uci/x");
	assert.equal(loadPackage(files, "x", { overrideDir: "/nowhere" })!.sections[0]!.type, "a");
});

test("a name that is no package name reads nothing", () => {
	for (const name of ["../passwd", "a.b", "", "a/b", "a b"]) {
		assert.throws(() => loadPackage(fakeFiles({ "/etc/config/../passwd": "x" }), name), { code: "uci_invalid" });
	}
});

test("real files: a folder, a huge file, a binary file, bytes that are no UTF-8", () => {
	const configDir = fs.mkdtempSync(path.join(os.tmpdir(), "uci-test-"));
	try {
		const at = (name: string): string => path.join(configDir, name);
		fs.mkdirSync(at("folder"));
		fs.writeFileSync(at("huge"), Buffer.alloc(5 * 1024 * 1024, 35));
		fs.writeFileSync(at("binary"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]));
		fs.writeFileSync(at("latin1"), Buffer.from("config a n\n\toption ssid 'K\xe4se'\n", "latin1"));
		const load = (name: string) => loadPackage(nodeFiles, name, { configDir, saveDirs: [] });
		assert.throws(() => load("folder"), { code: "file_io", message: /is a folder/ });
		assert.throws(() => load("huge"), { code: "uci_parse", message: /file too large \(5242880 bytes\)/ });
		assert.throws(() => load("binary"), { code: "uci_parse", message: /NUL byte in line 1/ });
		assert.equal(optionText(load("latin1")!.sections[0]!, "ssid"), "K\uFFFDse");
		assert.equal(load("absent"), null);
	} finally {
		fs.rmSync(configDir, { recursive: true });
	}
});

test("mwan3 of a running OpenWrt, as `uci export` printed it", () => {
	const text = fs.readFileSync(path.join(import.meta.dirname, "../samples/openwrt/uci-export-mwan3.txt"), "utf8");
	const pkg = loadPackage(fakeFiles({ "/etc/config/mwan3": text }), "mwan3")!;
	assert.deepEqual(optionList(findSection(pkg, "failover")!, "use_member"), ["wan_m1_w1", "wanb_m2_w1", "wanc_m3_w1"]);
	assert.deepEqual(pkg.warnings, []);
	assert.equal(formatUci(pkg, { header: true }).trimEnd(), text.trimEnd());
});
