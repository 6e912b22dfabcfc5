/**
 * The feeds as folders: the same bytes twice, an index that fits its packages, and nothing changed unnoticed.
 */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { apkFeed } from "../../scripts/feed/apk-feed.ts";
import type { FileEntry } from "../../scripts/feed/entry.ts";
import { opkgFeed } from "../../scripts/feed/opkg-feed.ts";
import { feedOptions } from "../../scripts/feed/options.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { generateSecretKey, parsePublicKey, verifyText } from "../../scripts/feed/usign.ts";
import { builtSet, EPOCH_S, folder, notBuilt, REPO, run, STATIC_ARCH } from "./support.ts";

const skip = notBuilt;
const place = folder();
const usignKey = join(place, "usign.sec");
const apkKey = join(place, "apk.pem");
let packages: readonly FeedPackage[] = [];
let remove = (): void => undefined;

before(async () => {
	writeFileSync(usignKey, generateSecretKey());
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	writeFileSync(apkKey, privateKey.export({ type: "pkcs8", format: "pem" }));
	if (skip === false) ({ packages, remove } = await builtSet());
});
after(() => {
	remove();
	rmSync(place, { recursive: true });
});

function named(files: readonly FileEntry[], path: string): Buffer {
	const found = files.find((one) => one.path === path);
	assert.ok(found !== undefined, `no ${path}`);
	return found.content;
}

test("built twice, both feeds are the same to the byte", { skip }, async () => {
	const again = await builtSet();
	again.remove();
	for (const make of [
		(from: readonly FeedPackage[]) => opkgFeed(from, EPOCH_S, usignKey),
		(from: readonly FeedPackage[]) => apkFeed(from, EPOCH_S, apkKey),
	]) {
		const [first, second] = [make(packages), make(again.packages)];
		assert.deepEqual(
			second.map(({ path }) => path),
			first.map(({ path }) => path),
		);
		for (const one of first) assert.ok(named(second, one.path).equals(one.content), one.path);
	}
});

test("each Packages tells size and sum of what is there, and its signature covers it", { skip }, () => {
	const files = opkgFeed(packages, EPOCH_S, usignKey);
	const index = named(files, "Packages");
	for (const place of ["", `${STATIC_ARCH}/`]) {
		const text = named(files, `${place}Packages`);
		assert.deepEqual(gunzipSync(named(files, `${place}Packages.gz`)), text);
		const stanzas = text.toString().trimEnd().split("\n\n");
		assert.equal(stanzas.length, packages.filter((one) => (one.architecture ?? "") === place.slice(0, -1)).length);
		for (const stanza of stanzas) {
			const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
			const bytes = named(files, place + field("Filename"));
			assert.equal(field("Filename"), `${field("Package")}_${field("Version")}_${field("Architecture")}.ipk`);
			assert.equal(field("Architecture"), place === "" ? "all" : STATIC_ARCH);
			assert.equal(Number(field("Size")), bytes.length);
			assert.equal(field("SHA256sum"), createHash("sha256").update(bytes).digest("hex"));
			assert.doesNotMatch(stanza, /^(Source|Maintainer):/m);
			const manifest = named(files, `${place}Packages.manifest`).toString();
			assert.match(manifest, new RegExp(`^SHA256sum: ${field("SHA256sum")}$`, "m"));
		}
	}
	const keyFile = files.find((one) => one.path.startsWith("keys/"));
	const key = parsePublicKey(keyFile?.content.toString() ?? "");
	assert.equal(keyFile?.path, `keys/${key.number}`);
	const signature = named(files, "Packages.sig").toString();
	assert.equal(verifyText(index, signature, key), true);
	const own = [named(files, `${STATIC_ARCH}/Packages`), named(files, `${STATIC_ARCH}/Packages.sig`)] as const;
	assert.equal(verifyText(own[0], own[1].toString(), key), true);
	const flipped = Buffer.from(index);
	flipped[index.length >> 1]! ^= 1;
	assert.equal(verifyText(flipped, signature, key), false);
});

test("without a key there is no signature and no key", { skip }, () => {
	const names = [...opkgFeed(packages, EPOCH_S, null), ...apkFeed(packages, EPOCH_S, null)].map(({ path }) => path);
	assert.deepEqual(
		names.filter((name) => /sig|key/.test(name)),
		[],
	);
});

test("make feed writes both folders and says what is left out", { skip }, () => {
	const out = join(place, "out");
	const program = [process.execPath, "--import", "tsx", join(REPO, "scripts/feed/feed.ts"), "feed"];
	const ran = run([...program, "--out", out, "--version", "9.9.9", "--usign-key", usignKey, "--apk-key", apkKey], {
		cwd: REPO,
	});
	if (ran.status !== 0 && /build first/.test(ran.stderr)) return;
	assert.equal(ran.status, 0, ran.stderr);
	assert.match(ran.stdout, /autonomy-runtime-static/);
	assert.ok(readdirSync(join(out, "opkg")).includes("autonomy_9.9.9-r1_all.ipk"));
	assert.ok(readdirSync(join(out, "apk")).includes("autonomy-9.9.9-r1.apk"));
	assert.match(readFileSync(join(out, "apk/keys/autonomy.pem"), "utf8"), /BEGIN PUBLIC KEY/);
	const wrong = run([...program, "--out", out, "--usign-key", apkKey], { cwd: REPO });
	assert.notEqual(wrong.status, 0);
	assert.match(wrong.stderr, /not a secret key of usign/);
});

test("options that make no sense are refused", () => {
	assert.throws(() => feedOptions(["--release", "0"]), /--release is not a number from 1: 0/);
	const before = process.env.SOURCE_DATE_EPOCH;
	process.env.SOURCE_DATE_EPOCH = "yesterday";
	try {
		assert.throws(() => feedOptions([]), /SOURCE_DATE_EPOCH is not a number of seconds: yesterday/);
		process.env.SOURCE_DATE_EPOCH = "12";
		assert.equal(feedOptions([]).epochS, 12);
	} finally {
		if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
		else process.env.SOURCE_DATE_EPOCH = before;
	}
});
