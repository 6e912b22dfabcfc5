import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { FRAME_HEADER_BYTES, MAX_BLOB_BYTES } from "../../daemon/bus/blob.ts";
import { createFrameReader } from "../../daemon/bus/frame.ts";
import { ATTR, FrameWriter, MSG } from "../../daemon/bus/message.ts";
import { hex, unhex } from "./support.ts";

function framesOf(chunks: readonly Uint8Array[]): string[] {
	const frames: string[] = [];
	const reader = createFrameReader((frame) => void frames.push(hex(frame)));
	for (const chunk of chunks) reader.push(chunk);
	return frames;
}

test("frames come out whole wherever the stream was cut", () => {
	const writer = new FrameWriter();
	const frames = [
		writer.begin(MSG.ping, 1, 0).end(),
		writer
			.begin(MSG.data, 2, 7)
			.table(ATTR.data, { text: "x".repeat(300), list: [1, 2, 3] })
			.end(),
		writer.begin(MSG.status, 3, 0).u32(ATTR.status, 0).end(),
		writer.begin(MSG.data, 4, 7).table(ATTR.data, { a: 1.5 }).end(),
	];
	const stream = Uint8Array.from(frames.flatMap((frame) => [...frame]));
	const expected = frames.map(hex);
	for (let cut = 0; cut <= stream.length; cut++) {
		assert.deepEqual(framesOf([stream.subarray(0, cut), stream.subarray(cut)]), expected, `cut at ${cut}`);
	}
	assert.deepEqual(framesOf([...stream].map((byte) => Uint8Array.of(byte))), expected, "byte by byte");
	fc.assert(
		fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
			const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
			assert.deepEqual(framesOf(at.slice(1).map((end, i) => stream.subarray(at[i], end))), expected);
		}),
	);
});

function headerOf(length: number): Uint8Array {
	const header = unhex("00020001 00000000 00000000");
	new DataView(header.buffer).setUint32(8, length);
	return header;
}

test("a blob of exactly 1 MiB is taken, also in pieces", () => {
	const frame = new Uint8Array(FRAME_HEADER_BYTES + MAX_BLOB_BYTES);
	frame.set(headerOf(MAX_BLOB_BYTES));
	assert.equal(framesOf([frame]).length, 1);
	assert.equal(framesOf([frame.subarray(0, 5), frame.subarray(5, 70_000), frame.subarray(70_000)]).length, 1);
});

test("a length nobody may send ends the stream, with the length named", () => {
	const table: [number, string][] = [
		[0, "ubus message of 0 bytes; 4 to 1048576 are allowed"],
		[3, "ubus message of 3 bytes; 4 to 1048576 are allowed"],
		[MAX_BLOB_BYTES + 1, "ubus message of 1048577 bytes; 4 to 1048576 are allowed"],
		[0xffffff, "ubus message of 16777215 bytes; 4 to 1048576 are allowed"],
	];
	for (const [length, message] of table) {
		const header = headerOf(length);
		assert.throws(() => framesOf([header]), { code: "bus_protocol", message });
		assert.throws(() => framesOf([header.subarray(0, 6), header.subarray(6)]), { code: "bus_protocol", message });
	}
});

test("a whole frame is handed on without being kept, an unfinished one holds no more than its own size", () => {
	const reader = createFrameReader(() => undefined);
	reader.push(headerOf(4));
	assert.equal(reader.heldBytes, 0);
	reader.push(headerOf(1000).subarray(0, 9));
	assert.equal(reader.heldBytes, 12);
	reader.push(headerOf(1000).subarray(9));
	assert.equal(reader.heldBytes, 1008);
	reader.push(new Uint8Array(996));
	assert.equal(reader.heldBytes, 0);
});
