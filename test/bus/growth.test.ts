import assert from "node:assert/strict";
import test from "node:test";
import { BlobWriter } from "../../daemon/bus/blob.ts";
import { type BlobInputTable, double, int16, int64, writeTable } from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";

/** The buffer grows in the middle of a value: members of every size put that moment at every offset. */
test("nothing is lost when the buffer grows, whatever is being written then", () => {
	for (let head = 0; head < 64; head++) {
		const values: BlobInputTable = {
			head: "x".repeat(head),
			list: Array.from({ length: 200 }, (_, i) => [
				i % 2 === 0,
				i,
				double(i / 3),
				int64(2 ** 40 + i),
				int16(i),
				`${i}`,
			]),
		};
		const out = new BlobWriter();
		writeTable(out, values);
		assert.deepEqual(decodeTable(out.finish()), {
			head: "x".repeat(head),
			list: Array.from({ length: 200 }, (_, i) => [i % 2 === 0, i, i / 3, 2 ** 40 + i, i, `${i}`]),
		});
	}
});
