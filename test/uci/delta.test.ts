import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDelta, parseDelta } from "../../daemon/uci/delta.ts";
import { loadPackage } from "../../daemon/uci/load.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import { fakeFiles } from "../support/fake-platform.ts";
import { DELTA_BASE, DELTAS } from "./cases.ts";

for (const { name, delta, canonical, ignored = [] } of DELTAS) {
	test(`delta: ${name}`, () => {
		const files = fakeFiles({ "/etc/config/d": DELTA_BASE, "/tmp/.uci/d": delta });
		const pkg = loadPackage(files, "d")!;
		assert.equal(formatUci(pkg, { names: true }), `${canonical}\n`);
		assert.deepEqual(
			pkg.warnings.map(({ file, line, text }) => `${file} ${line} ${text}`),
			ignored.map((text) => `/tmp/.uci/d ${text.replace(" ", " change ignored: ")}`),
		);
	});
}

test("a renamed section can be changed under its new name only", () => {
	const files = fakeFiles({
		"/etc/config/d": "config t 'a'\n",
		"/tmp/.uci/d": "@d.a='b'\nd.a.x='1'\nd.b.y='2'\n",
	});
	assert.equal(formatUci(loadPackage(files, "d")!), "\nconfig t 'b'\n\toption y '2'\n\n");
});

test("a list emptied item by item is gone, and an item added later stands where it was", () => {
	const base = "config t 'a'\n list l 1\n option x 2\n";
	const emptied = fakeFiles({ "/etc/config/d": base, "/tmp/.uci/d": "~d.a.l='1'\n" });
	assert.equal(loadPackage(emptied, "d")!.sections[0]!.options.has("l"), false);
	const refilled = fakeFiles({ "/etc/config/d": base, "/tmp/.uci/d": "~d.a.l='1'\n|d.a.l='3'\n" });
	assert.equal(formatUci(loadPackage(refilled, "d")!), "\nconfig t 'a'\n\tlist l '3'\n\toption x '2'\n\n");
});

test("renaming an option onto another one keeps the earlier of both", () => {
	const files = fakeFiles({
		"/etc/config/d": "config t 'a'\n option x 1\n option y 2\n",
		"/tmp/.uci/d": "@d.a.y='x'\n",
	});
	assert.equal(formatUci(loadPackage(files, "d")!), "\nconfig t 'a'\n\toption x '1'\n\n");
});

test("delta lines as libuci writes them, read and written", () => {
	const text = [
		"d.main.a='it'\\''s'",
		"+d.cfg0422f1='anon'",
		"-d.main.del",
		"-d.main.l='1'",
		"@d.main.n='m'",
		"^d.first='0'",
		"|d.main.l='z z'",
		"~d.main.l='x\ny'",
		"",
	].join("\n");
	const changes = parseDelta("d", text, "/tmp/.uci/d");
	assert.deepEqual(changes[0], { op: "set", section: "main", option: "a", value: "it's" });
	assert.deepEqual(changes[1], { op: "add", section: "cfg0422f1", option: null, value: "anon" });
	assert.deepEqual(changes[2], { op: "remove", section: "main", option: "del", value: null });
	assert.equal(changes.length, 8);
	assert.equal(formatDelta("d", changes), text);
});

test("a delta file that is no text is an error, not a change", () => {
	const files = fakeFiles({ "/etc/config/d": "config t 'a'\n", "/tmp/.uci/d": "d.a.x='\0'\n" });
	assert.throws(() => loadPackage(files, "d"), { code: "uci_parse", message: /^\/tmp\/\.uci\/d: NUL byte in line 1/ });
});
