/**
 * apk packages by a reader of their own: what is in them is what the ipk holds, sums and signatures fit, a flipped byte is
 * noticed. With the real programs: real.test.ts.
 */
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { AdbWriter, adbFile, keyId, parsePrivateKey } from "../../scripts/feed/adb.ts";
import { apkIndex, buildApk } from "../../scripts/feed/apk.ts";
import { file } from "../../scripts/feed/entry.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { blocks, field, items, plain, signedBy, value } from "./adb.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
const ONE: FeedPackage = {
	name: "one",
	version: "1.2-r3",
	section: "net",
	description: "x".repeat(300),
	depends: ["node>=20", "fping", "fping"],
	provides: ["virtual"],
	priority: 100,
	conffiles: ["/etc/config/one"],
	files: [file("etc/config/one", "", 0o600), file("usr/bin/one", Buffer.alloc(70_000, 1), 0o755), file("etc/one", "1")],
	scripts: { postInstall: "echo hello\n", preRemove: "exit 0\n", preUpgrade: "true\n" },
};
const text = (of: unknown): string => (Buffer.isBuffer(of) ? of.toString() : String(of));

test("description, folders, files with rights and sums, and their contents", () => {
	const apk = buildApk(ONE, 1_700_000_000, rsa);
	assert.equal(apk.filename, "one-1.2-r3.apk");
	const { adb, data, schema } = blocks(apk.bytes);
	assert.equal(schema, "pckg");
	const root = value(adb);
	const info = field(root, 1);
	assert.deepEqual(
		[1, 2, 4, 5, 6].map((slot) => text(field(info, slot))),
		["one", "1.2-r3", "x".repeat(300), "noarch", "MIT"],
	);
	assert.deepEqual(
		items(field(info, 15)).map((one) => items(one).map((part) => (Buffer.isBuffer(part) ? text(part) : part))),
		[["fping"], ["node", "20", 5]],
	);
	assert.equal(field(info, 14), 100);
	const found: string[] = [];
	for (const [at, folder] of items(field(root, 2)).entries()) {
		for (const [index, entry] of items(field(folder, 3)).entries()) {
			found.push(
				`${text(field(folder, 1))}/${text(field(entry, 1))} ${(field(entry, 2, 1) as number).toString(8)} ${field(entry, 3)}`,
			);
			const block = data.find((one) => one.readUInt32LE(0) === at + 1 && one.readUInt32LE(4) === index + 1);
			const content = block?.subarray(8) ?? Buffer.alloc(0);
			assert.equal(content.length, field(entry, 3));
			assert.deepEqual(field(entry, 5), createHash("sha256").update(content).digest());
		}
	}
	const list = "/etc/config/one\n/etc/one\n/usr/bin/one\n";
	assert.deepEqual(found, [
		"etc/one 644 1",
		"etc/config/one 600 0",
		"lib/apk/packages/one.conffiles 644 16",
		"lib/apk/packages/one.conffiles_static 644 81",
		`lib/apk/packages/one.list 644 ${list.length}`,
		"usr/bin/one 755 70000",
	]);
	assert.ok(data.some((one) => one.subarray(8).toString() === list));
	const scripts = items(field(root, 3)).map((script) => (script === null ? null : text(script)));
	assert.deepEqual(
		scripts.map((script) => script !== null),
		[false, false, true, true, false, true, true],
	);
	assert.match(scripts[2]!, /pkgname="one"\nadd_group_and_user\ndefault_postinst\necho hello\n$/);
	assert.match(scripts[3]!, /^#!\/bin\/sh\n\(\nexit 0\n\)\n/);
	assert.match(scripts[6]!, /^#!\/bin\/sh\nexport PKG_UPGRADE=1\n/);
});

test("signatures of both kinds of keys; a flipped byte anywhere is noticed", () => {
	for (const key of [rsa, ec]) {
		const parts = blocks(buildApk(ONE, 0, key).bytes);
		assert.equal(signedBy(parts, createPublicKey(key)), true);
		for (let at = 0; at < parts.adb.length; at += 7) {
			const adb = Buffer.from(parts.adb);
			adb[at]! ^= 0x10;
			assert.equal(signedBy({ ...parts, adb }, createPublicKey(key)), false, `byte ${at}`);
		}
		assert.equal(signedBy(parts, createPublicKey(key === rsa ? ec : rsa)), false);
		assert.equal(signedBy({ ...parts, schema: "indx" }, createPublicKey(key)), false);
	}
	assert.deepEqual(blocks(buildApk(ONE, 0, null).bytes).signatures, []);
	assert.equal(keyId(rsa).length, 16);
	assert.deepEqual(keyId(rsa), keyId(createPublicKey(rsa)));
	assert.throws(() => parsePrivateKey("nonsense"));
	const ed = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
	assert.throws(() => parsePrivateKey(ed), /not ed25519/);
});

test("the index names what apk downloads, by the sum of its signed part", () => {
	const apks = [buildApk({ ...ONE, name: "two" }, 0, rsa), buildApk(ONE, 0, rsa)];
	const { adb, schema } = blocks(apkIndex(apks, "test", rsa));
	assert.equal(schema, "indx");
	const entries = items(field(value(adb), 2));
	assert.deepEqual(
		entries.map((entry) => text(field(entry, 1))),
		["one", "two"],
	);
	const [first] = entries;
	assert.equal(field(first!, 13), apks[1]!.bytes.length);
	assert.deepEqual(field(first!, 3), createHash("sha256").update(blocks(apks[1]!.bytes).adb).digest());
});

test("values of every width; equal ones stand once", () => {
	const writer = new AdbWriter();
	const wide = Buffer.alloc(70_000, 2);
	const parts = [
		writer.int(5),
		writer.int(0x10000000),
		writer.int(0xffffffff),
		writer.blob("a"),
		writer.blob("b".repeat(300)),
		writer.blob(wide),
	];
	assert.equal(writer.blob("a"), parts[3]);
	assert.notEqual(writer.blob("a", false), parts[3]);
	assert.equal(writer.blob(""), 0);
	assert.equal(writer.object([0, 0, undefined]), 0);
	const adb = writer.finish(writer.array(parts));
	assert.deepEqual(items(value(adb)), [
		5,
		0x10000000,
		0xffffffff,
		Buffer.from("a"),
		Buffer.from("b".repeat(300)),
		wide,
	]);
	assert.throws(() => writer.int(-1), /not a number for ADB: -1/);
	assert.throws(() => writer.int(2 ** 32), /not a number for ADB/);
	const bytes = adbFile({ schema: "pckg", adb, key: null, data: [] });
	assert.equal(plain(bytes), bytes);
	assert.equal(bytes.length % 8, 0);
});
