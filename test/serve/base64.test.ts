import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase64, encodeBase64 } from "../../daemon/serve/base64.ts";

test("the vectors of RFC 4648, 10", () => {
	for (const [plain, coded] of [
		["", ""],
		["f", "Zg=="],
		["fo", "Zm8="],
		["foo", "Zm9v"],
		["foob", "Zm9vYg=="],
		["fooba", "Zm9vYmE="],
		["foobar", "Zm9vYmFy"],
	] as const) {
		assert.equal(encodeBase64(Buffer.from(plain)), coded);
		assert.equal(Buffer.from(decodeBase64(coded) ?? "nothing").toString(), plain);
	}
});

test("any bytes: as the runtime's own, and back", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
			const coded = encodeBase64(bytes);
			assert.equal(coded, Buffer.from(bytes).toString("base64"));
			assert.deepEqual(decodeBase64(coded), bytes);
		}),
		{ numRuns: 2000 },
	);
});

test("what is no base64 gives nothing", () => {
	for (const text of ["Z", "Zg=", "Zg===", "Z=g=", "Zm9v\n", "Zm9v====", "Zm-_", "Zm9é", "=Zg="]) {
		assert.equal(decodeBase64(text), null, JSON.stringify(text));
	}
});
