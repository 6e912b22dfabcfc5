import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
	generateSecretKey,
	parsePublicKey,
	parseSecretKey,
	publicKeyText,
	signText,
	verifyText,
} from "../../scripts/feed/usign.ts";
import { folder, has, must, run } from "./support.ts";

const SEED = Buffer.alloc(32, 7);
const NUMBER = Buffer.from("0123456789abcdef", "hex");

test("key, signature and verification; every flipped bit of message or signature is noticed", () => {
	const secret = parseSecretKey(generateSecretKey(SEED, NUMBER));
	assert.equal(secret.number, "0123456789abcdef");
	const key = parsePublicKey(publicKeyText(secret));
	assert.equal(key.number, secret.number);
	const message = Buffer.from("Package: autonomy\n");
	const signature = signText(message, secret);
	assert.equal(signature, signText(message, secret));
	assert.equal(verifyText(message, signature, key), true);
	for (let bit = 0; bit < message.length * 8; bit++) {
		const flipped = Buffer.from(message);
		flipped[bit >> 3]! ^= 1 << (bit & 7);
		assert.equal(verifyText(flipped, signature, key), false);
	}
	const [comment = "", base64 = ""] = signature.split("\n");
	const bytes = Buffer.from(base64, "base64");
	for (let at = 2; at < bytes.length; at++) {
		const flipped = Buffer.from(bytes);
		flipped[at]! ^= 1;
		assert.equal(verifyText(message, `${comment}\n${flipped.toString("base64")}\n`, key), false, `byte ${at}`);
	}
	assert.equal(
		verifyText(message, signature, parsePublicKey(publicKeyText(parseSecretKey(generateSecretKey())))),
		false,
	);
});

test("what is no key, or a damaged one, is refused", () => {
	const good = generateSecretKey(SEED, NUMBER);
	const [comment = "", base64 = ""] = good.split("\n");
	const changed = (at: number): string => {
		const bytes = Buffer.from(base64, "base64");
		bytes[at]! ^= 1;
		return `${comment}\n${bytes.toString("base64")}\n`;
	};
	const cases: [string, RegExp][] = [
		["", /not a secret key of usign: two lines/],
		["-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n", /not a secret key of usign: two lines/],
		[`${comment}\n%%%%\n`, /two lines/],
		[`${comment}\n${base64}\nmore\n`, /two lines/],
		[`${comment}\n${base64.slice(0, 40)}\n`, /wrong kind or length/],
		[changed(0), /wrong kind or length/],
		[changed(2), /unknown key derivation/],
		[changed(7), /has a password/],
		[changed(25), /damaged: checksum/],
		[changed(41), /damaged: checksum/],
	];
	for (const [text, message] of cases) assert.throws(() => parseSecretKey(text), message);
	assert.throws(() => parsePublicKey(good), /not a public key of usign: wrong kind or length/);
});

test("signify of OpenBSD accepts our signature and we accept its own", {
	skip: has("signify-openbsd") ? false : "no signify-openbsd here",
}, (t) => {
	const place = folder();
	t.after(() => rmSync(place, { recursive: true }));
	const secret = parseSecretKey(generateSecretKey());
	const at = (name: string): string => join(place, name);
	writeFileSync(at("key.pub"), publicKeyText(secret));
	writeFileSync(at("message"), "Package: autonomy\n");
	writeFileSync(at("message.sig"), signText(Buffer.from("Package: autonomy\n"), secret));
	must(["signify-openbsd", "-V", "-q", "-p", at("key.pub"), "-m", at("message"), "-x", at("message.sig")]);
	writeFileSync(at("message"), "Package: autonomx\n");
	assert.notEqual(
		run(["signify-openbsd", "-V", "-q", "-p", at("key.pub"), "-m", at("message"), "-x", at("message.sig")]).status,
		0,
	);
	must(["signify-openbsd", "-G", "-n", "-p", at("their.pub"), "-s", at("their.sec")]);
	const theirs = parseSecretKey(must(["cat", at("their.sec")]));
	assert.equal(publicKeyText(theirs).split("\n")[1], must(["cat", at("their.pub")]).split("\n")[1]);
});
