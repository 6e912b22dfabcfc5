import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { file, withParents } from "../../scripts/feed/entry.ts";
import { gzip, tar } from "../../scripts/feed/tar.ts";
import { must, stored } from "./support.ts";

test("the system's tar reads names, modes, owner, time and contents", (t) => {
	const deep = `${"a".repeat(60)}/${"b".repeat(60)}/${"c".repeat(90)}`;
	const bytes = tar(
		withParents([file("etc/secret", "x", 0o600), file("bin/run", "#!/bin/sh\n", 0o755), file(deep, "y".repeat(513))]),
		86_400,
	);
	const { folder, path } = stored("one.tar", bytes);
	t.after(() => rmSync(folder, { recursive: true }));
	const lines = must(["tar", "--numeric-owner", "--utc", "-tvf", path], { env: { ...process.env, LC_ALL: "C" } })
		.trimEnd()
		.split("\n")
		.map((line) => line.replace(/\s+/g, " "));
	assert.deepEqual(lines, [
		"drwxr-xr-x 0/0 0 1970-01-02 00:00 ./",
		`drwxr-xr-x 0/0 0 1970-01-02 00:00 ./${"a".repeat(60)}/`,
		`drwxr-xr-x 0/0 0 1970-01-02 00:00 ./${"a".repeat(60)}/${"b".repeat(60)}/`,
		`-rw-r--r-- 0/0 513 1970-01-02 00:00 ./${deep}`,
		"drwxr-xr-x 0/0 0 1970-01-02 00:00 ./bin/",
		"-rwxr-xr-x 0/0 10 1970-01-02 00:00 ./bin/run",
		"drwxr-xr-x 0/0 0 1970-01-02 00:00 ./etc/",
		"-rw------- 0/0 1 1970-01-02 00:00 ./etc/secret",
	]);
});

test("any contents come back", () => {
	const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{1,12}$/), { minLength: 1, maxLength: 5 });
	fc.assert(
		fc.property(
			names,
			fc.array(fc.uint8Array({ maxLength: 1200 }), { minLength: 5, maxLength: 5 }),
			(paths, contents) => {
				const entries = paths.map((path, at) => file(`d/${path}`, Buffer.from(contents[at]!)));
				const { folder, path } = stored("one.tgz", gzip(tar(withParents(entries), 0)));
				try {
					must(["tar", "-xzf", path, "-C", folder]);
					for (const entry of entries) assert.deepEqual(readFileSync(join(folder, entry.path)), entry.content);
				} finally {
					rmSync(folder, { recursive: true });
				}
			},
		),
		{ numRuns: 20 },
	);
});

test("what cannot be in a package is refused by name", () => {
	const cases: [() => unknown, RegExp][] = [
		[() => withParents([file("../etc/passwd", "")]), /not a path inside a package: \.\.\/etc\/passwd/],
		[() => withParents([file("/etc/x", "")]), /not a path inside a package: \/etc\/x/],
		[() => withParents([file("a//b", "")]), /not a path inside/],
		[() => withParents([file("a", ""), file("a", "")]), /twice in a package: a/],
		[() => withParents([file("a", ""), file("a/b", "")]), /both a file and a directory: a/],
		[() => withParents([file("a/b", ""), file("a", "")]), /both a file and a directory: a/],
		[() => tar([file("x".repeat(101), "")], 0), /too long a name for tar: \.\/x/],
		[() => tar([file(`${"x".repeat(160)}/y`, "")], 0), /too long a name for tar/],
		[() => tar([file("x", "")], 8 ** 11), /does not fit into 11 octal digits/],
	];
	for (const [make, message] of cases) assert.throws(make, message);
});
