/** Web push on QuickJS: the same tests, and as many random ones as there is time for without its processes. */
import assert from "node:assert/strict";
import { createECDH, createHash, createPrivateKey, randomBytes, verify } from "node:crypto";
import { after, before, test } from "node:test";
import { nodeOutlets } from "../../daemon/platform/node/outlets.ts";
import { BASE, bytesOfPoint, multiply, privateOf, type Steps, sign } from "../../daemon/platform/qjs/p256.ts";
import { browserOf, encrypt } from "../../daemon/platform/qjs/push-steps.ts";
import { type QjsOutlets, startQjsOutlets, withoutQjs } from "../support/qjs-outlets.ts";
import { browser, pushSuite } from "./push-suite.ts";

let quickjs: QjsOutlets | null = null;
before(async () => {
	if (withoutQjs() === false) quickjs = await startQjsOutlets();
});
after(() => quickjs?.stop());
pushSuite(
	"QuickJS",
	withoutQjs(),
	() => {
		if (quickjs === null) throw new Error("not started");
		return quickjs.outlets;
	},
	nodeOutlets,
);

function finish<T>(work: Steps<T>): T {
	for (;;) {
		const { done, value } = work.next();
		if (done === true) return value;
	}
}

test("random keys, texts and lengths: Node's cryptography comes to the same", () => {
	for (let round = 0; round < 60; round++) {
		const secret = randomBytes(32);
		const key = privateOf(secret);
		if (key === null) continue;
		const theirs = createECDH("prime256v1");
		theirs.setPrivateKey(secret);
		const point = theirs.getPublicKey();
		assert.equal(Buffer.from(bytesOfPoint(finish(multiply(key, BASE)))).toString("hex"), point.toString("hex"));
		const text = randomBytes(round * 7);
		const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString("base64url"));
		const jwk = { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "", d: secret.toString("base64url") };
		const signature = finish(sign(createHash("sha256").update(text).digest(), key));
		const known = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
		assert.ok(verify("sha256", text, known, signature));
		signature[40] = (signature[40] ?? 0) ^ 1;
		assert.ok(!verify("sha256", text, known, signature));
		const to = browser();
		const payload = text.toString("base64");
		const body = finish(encrypt(Buffer.from(payload), browserOf(to), key, randomBytes(16)));
		assert.equal(to.open(body), payload);
	}
});
