/** What both engines make of a push: decrypted and verified by Node's own cryptography. */
import assert from "node:assert/strict";
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import { describe, test } from "node:test";
import { isAutonomyError } from "../../daemon/platform/error.ts";
import type { Outlets, PushKeys, PushToSend } from "../../daemon/platform/outlets.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "base64url");

export interface Browser {
	readonly p256dh: string;
	readonly auth: string;
	/** What was sealed for it, as text. */
	open(body: Uint8Array): string;
}

/** Its keys, and reading what was sealed for it, by Node's own HKDF. */
export function browser(): Browser {
	const ours = createECDH("prime256v1");
	ours.generateKeys();
	const auth = randomBytes(16);
	return {
		p256dh: ours.getPublicKey("base64url"),
		auth: auth.toString("base64url"),
		open(body) {
			const all = Buffer.from(body);
			const [salt, sender] = [all.subarray(0, 16), all.subarray(21, 86)];
			assert.equal(all.readUInt32BE(16), 4096);
			assert.equal(all[20], 65);
			const info = Buffer.concat([Buffer.from("WebPush: info\0"), ours.getPublicKey(), sender]);
			const material = Buffer.from(hkdfSync("sha256", ours.computeSecret(sender), auth, info, 32));
			const part = (name: string, length: number): Buffer =>
				Buffer.from(hkdfSync("sha256", material, salt, `Content-Encoding: ${name}\0`, length));
			const open = createDecipheriv("aes-128-gcm", part("aes128gcm", 16), part("nonce", 12));
			open.setAuthTag(all.subarray(-16));
			const plain = Buffer.concat([open.update(all.subarray(86, -16)), open.final()]);
			assert.equal(plain.at(-1), 2, "the last record");
			return plain.subarray(0, -1).toString("utf8");
		},
	};
}

/** The claims of the token in these headers; it is signed with the key that stands beside it. */
function claimsOf(headers: Readonly<Record<string, string>>, keys: PushKeys): Record<string, unknown> {
	const [, token = "", key] = /^vapid t=([^,]+), k=(.+)$/.exec(headers.authorization ?? "") ?? [];
	assert.equal(key, keys.publicKey);
	const [head = "", claims = "", signature = ""] = token.split(".");
	assert.deepEqual(JSON.parse(bytes(head).toString()), { typ: "JWT", alg: "ES256" });
	const point = bytes(keys.publicKey);
	const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString("base64url"));
	const known = createPublicKey({ key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, format: "jwk" });
	const signed = { key: known, dsaEncoding: "ieee-p1363" } as const;
	assert.ok(verify("sha256", Buffer.from(`${head}.${claims}`), signed, bytes(signature)));
	return JSON.parse(bytes(claims).toString()) as Record<string, unknown>;
}

export function pushSuite(name: string, skip: string | false, outlets: () => Outlets, other: Outlets): void {
	const nowMs = 1_790_000_000_000;
	const push = (keys: PushKeys, to: Browser, more: Partial<PushToSend> = {}): PushToSend => ({
		endpoint: "https://push.example/send/abc",
		p256dh: to.p256dh,
		auth: to.auth,
		keys,
		payload: "{}",
		contact: null,
		nowMs,
		...more,
	});

	describe(`web push on ${name}`, { skip }, () => {
		test("RFC 8292: who sends, for whom, until when; signed with the key the browser knows", async () => {
			const keys = await outlets().newPushKeys();
			for (const [endpoint, aud] of [
				["https://push.example:8443/send/abc", "https://push.example:8443"],
				["https://Push.Example:443/send", "https://push.example"],
				["https://[2001:db8::1]:444/send", "https://[2001:db8::1]:444"],
			] as const) {
				const contact = "mailto:me@example.org";
				const { headers } = await outlets().sealPush(push(keys, browser(), { endpoint, contact }));
				const { exp, ...rest } = claimsOf(headers, keys);
				assert.deepEqual(rest, { aud, sub: contact });
				assert.ok(Number(exp) * 1000 > nowMs && Number(exp) * 1000 <= nowMs + 86_400_000);
				assert.equal(headers["content-encoding"], "aes128gcm");
			}
			for (const [laterMs, contact] of [
				[0, null],
				[3_600_000, null],
				[86_400_000, null],
				[-86_400_000, null],
			] as const) {
				const at = nowMs + laterMs;
				const { headers } = await outlets().sealPush(push(keys, browser(), { contact, nowMs: at }));
				const { exp, ...rest } = claimsOf(headers, keys);
				assert.deepEqual(rest, { aud: "https://push.example" });
				assert.ok(Number(exp) * 1000 > at + 3_600_000 && Number(exp) * 1000 <= at + 86_400_000, `${laterMs}`);
			}
		});

		test("each browser reads what was sealed for it, of any length, many at once", async () => {
			const keys = await outlets().newPushKeys();
			const payloads = ["", "a", "\u4e16\u{1f6f0}", "x".repeat(14), "y".repeat(15), "z".repeat(16), "w".repeat(3993)];
			const bodies = await Promise.all(
				payloads.map(async (payload) => {
					const to = browser();
					const { body } = await outlets().sealPush(push(keys, to, { payload }));
					assert.equal(to.open(body), payload);
					assert.throws(() => browser().open(body), "another one");
					return Buffer.from(body).subarray(0, 86).toString("hex");
				}),
			);
			assert.equal(new Set(bodies).size, payloads.length, "salt and key are new for each");
			await assert.rejects(outlets().sealPush(push(keys, browser(), { payload: "w".repeat(3994) })), {
				code: "bad_argument",
				message: "3994 bytes are too long for a push",
			});
		});

		test("keys of the other engine sign here, and keys of this one there", async () => {
			for (const [from, at] of [
				[other, outlets()],
				[outlets(), other],
			] as const) {
				const keys = await from.newPushKeys();
				assert.match(keys.publicKey, /^B[\w-]{86}$/);
				assert.match(keys.privateKey, /^[\w-]{43}$/);
				const { headers } = await at.sealPush(push(keys, browser()));
				assert.equal(claimsOf(headers, keys).aud, "https://push.example");
			}
		});

		test("keys of a browser that are none are refused, with the reason", async () => {
			const keys = await outlets().newPushKeys();
			const good = browser();
			const point = bytes(good.p256dh);
			const changed = (at: number, value: number): string =>
				Buffer.from(point)
					.fill(value, at, at + 1)
					.toString("base64url");
			const noPoint = /^the key of the browser is not a point of P-256$/;
			const noSecret = /^the secret of the browser does not have 16 bytes$/;
			for (const [wrong, says] of [
				[{ p256dh: "" }, noPoint],
				[{ p256dh: point.subarray(0, 64).toString("base64url") }, noPoint],
				[{ p256dh: Buffer.concat([point, Buffer.of(0)]).toString("base64url") }, noPoint],
				[{ p256dh: changed(64, (point[64] ?? 0) ^ 1) }, noPoint],
				[{ p256dh: changed(0, 2) }, noPoint],
				[{ p256dh: changed(0, 6) }, noPoint],
				[{ p256dh: Buffer.concat([Buffer.of(3), point.subarray(1, 33)]).toString("base64url") }, noPoint],
				[{ p256dh: `B${"A".repeat(86)}` }, noPoint],
				[{ p256dh: Buffer.alloc(65, 255).fill(4, 0, 1).toString("base64url") }, noPoint],
				[{ auth: Buffer.alloc(15).toString("base64url") }, noSecret],
				[{ auth: Buffer.alloc(17).toString("base64url") }, noSecret],
				[{ auth: "" }, noSecret],
			] as const) {
				await assert.rejects(
					outlets().sealPush(push(keys, good, wrong)),
					(error) => isAutonomyError(error, "bad_argument") && says.test(error.message),
					JSON.stringify(wrong),
				);
			}
			// What came to nothing holds up nothing.
			assert.equal(good.open((await outlets().sealPush(push(keys, good))).body), "{}");
		});
	});
}
