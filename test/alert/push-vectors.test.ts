/** The arithmetic of web push for engines without cryptography, against the vectors of its standards; runs on both engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sealGcm } from "../../daemon/platform/qjs/aes-gcm.ts";
import { decodeBase64, encodeBase64Url } from "../../daemon/platform/qjs/base64.ts";
import {
	BASE,
	bytesOf,
	bytesOfPoint,
	multiply,
	numberOf,
	ORDER,
	pointOf,
	privateOf,
	type Steps,
	sign,
} from "../../daemon/platform/qjs/p256.ts";
import { browserOf, encrypt, record } from "../../daemon/platform/qjs/push-steps.ts";
import { hmac, sha256 } from "../../daemon/platform/qjs/sha256.ts";
import { encodeText } from "../../daemon/platform/text.ts";

function finish<T>(work: Steps<T>): T {
	for (;;) {
		const { done, value } = work.next();
		if (done === true) return value;
	}
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (two) => Number.parseInt(two, 16));

test("HMAC-SHA-256: RFC 4231, cases 1 and 6", () => {
	assert.equal(
		hex(hmac(new Uint8Array(20).fill(0x0b), encodeText("Hi "), encodeText("There"))),
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	);
	assert.equal(
		hex(hmac(new Uint8Array(131).fill(0xaa), encodeText("Test Using Larger Than Block-Size Key - Hash Key First"))),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	);
});

test("P-256: multiples of the base point (NIST), both ways through bytes", () => {
	for (const [number, x, y] of [
		[
			1n,
			"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
			"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
		],
		[
			2n,
			"7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
			"07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
		],
		[
			112233445566778899n,
			"339150844ec15234807fe862a86be77977dbfb3ae3d96f4c22795513aeaab82f",
			"b1c14ddfdc8ec1b2583f51e85a5eb3a155840f2034730e9b5ada38b674336a21",
		],
		[
			ORDER - 1n,
			"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
			"b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
		],
	] as const) {
		const point = finish(multiply(number, BASE));
		assert.equal(hex(bytesOfPoint(point)), `04${x}${y}`, String(number));
		assert.deepEqual(pointOf(bytesOfPoint(point)), point);
		assert.equal(numberOf(bytesOf(number)), number);
	}
});

test("P-256: both ends of a secret come to the same, also by way of numbers at the edges", () => {
	const numbers = [1n, 2n, 3n, 4n, 5n, ORDER / 2n, ORDER - 2n, ORDER - 1n];
	const first = numbers.map((number) => finish(multiply(number, BASE)));
	for (const [i, a] of numbers.entries()) {
		const j = (i * 3 + 1) % numbers.length;
		const [here, there] = [first[i], first[j]];
		assert.ok(here !== undefined && there !== undefined);
		assert.equal(finish(multiply(a, there)).x, finish(multiply(numbers[j] ?? 0n, here)).x, `${i} and ${j}`);
	}
});

test("P-256: what is no point and no key", () => {
	const good = bytesOfPoint(BASE);
	const beyond = unhex(`04${"f".repeat(128)}`);
	const changed = good.slice();
	changed[64] = (changed[64] ?? 0) ^ 1;
	for (const [name, bytes] of [
		["none", new Uint8Array(0)],
		["too short", good.subarray(0, 64)],
		["too long", Uint8Array.of(...good, 0)],
		["short form", Uint8Array.of(3, ...good.subarray(1, 33))],
		["hybrid form", Uint8Array.of(7, ...good.subarray(1))],
		["beyond the field", beyond],
		["beside the curve", changed],
		["zeros", Uint8Array.of(4, ...new Uint8Array(64))],
	] as const) {
		assert.equal(pointOf(bytes), null, name);
	}
	assert.notEqual(pointOf(good), null);
	for (const bytes of [new Uint8Array(32), bytesOf(ORDER), new Uint8Array(32).fill(255), new Uint8Array(31).fill(1)])
		assert.equal(privateOf(bytes), null, hex(bytes));
	assert.equal(privateOf(bytesOf(ORDER - 1n)), ORDER - 1n);
});

test("ECDSA with numbers by rule: RFC 6979, A.2.5", () => {
	const key = privateOf(unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
	assert.ok(key !== null);
	assert.equal(
		hex(bytesOfPoint(finish(multiply(key, BASE)))),
		"0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	);
	for (const [text, signature] of [
		[
			"sample",
			"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
		],
		[
			"test",
			"f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
		],
	] as const) {
		assert.equal(hex(finish(sign(sha256(encodeText(text)), key))), signature);
	}
});

test("AES-128-GCM: cases 1 to 3 of its authors, as NIST has them", () => {
	const zeros = "0".repeat(32);
	for (const [key, nonce, text, sealed] of [
		[zeros, "0".repeat(24), "", "58e2fccefa7e3061367f1d57a4e7455a"],
		[zeros, "0".repeat(24), zeros, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
		[
			"feffe9928665731c6d6a8f9467308308",
			"cafebabefacedbaddecaf888",
			"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
			"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4",
		],
	] as const) {
		assert.equal(hex(finish(sealGcm(unhex(key), unhex(nonce), unhex(text)))), sealed);
	}
});

test("aes128gcm: RFC 8188, 3.1", () => {
	const sealed = finish(
		record(
			encodeText("I am the walrus"),
			decodeBase64("yqdlZ-tYemfogSmv7Ws5PQ"),
			decodeBase64("I1BsxtFttlv3u_Oo94xnmw"),
			new Uint8Array(0),
		),
	);
	assert.equal(encodeBase64Url(sealed), "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
});

test("a push: RFC 8291, appendix A", () => {
	const sender = privateOf(decodeBase64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
	assert.ok(sender !== null);
	const to = browserOf({
		p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		auth: "BTBZMqHH6r4Tts7J_aSIgg",
	});
	const text = encodeText("When I grow up, I want to be a watermelon");
	assert.equal(
		encodeBase64Url(finish(encrypt(text, to, sender, decodeBase64("DGv6ra1nlYgDCS1FRnbzlw")))),
		"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
	);
});
