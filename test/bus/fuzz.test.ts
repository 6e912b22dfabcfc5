/**
 * A million and more mutated frames through reassembly, message and value decoding: nothing but bus_protocol may come
 * out, in bounded time and without memory growing. The seed is fixed, so a failure can be repeated; FUZZ_SEED changes it.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { checkArgs } from "../../daemon/bus/arguments.ts";
import { double, int64 } from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";
import { createFrameReader } from "../../daemon/bus/frame.ts";
import { ATTR, FrameWriter, type Message, MSG, parseMessage, signatureTable } from "../../daemon/bus/message.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";

const FRAMES = 1_000_000;

/** xorshift32: fast, and the same everywhere. */
function generator(seed: number): (below: number) => number {
	let state = seed | 1;
	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

function seeds(): Uint8Array[] {
	const writer = new FrameWriter();
	const deep = { a: { b: { c: [1, [2, [3, { d: "x" }]], double(1.5), int64(7n)] } }, "": null, ok: true };
	return [
		writer.begin(MSG.data, 1, 7).u32(ATTR.objId, 7).table(ATTR.data, deep).end(),
		writer.begin(MSG.status, 1, 7).u32(ATTR.status, 0).u32(ATTR.objId, 7).end(),
		writer
			.begin(MSG.data, 2, 0)
			.text(ATTR.objPath, "network.interface")
			.u32(ATTR.objId, 7)
			.u32(ATTR.objType, 8)
			.table(ATTR.signature, signatureTable({ dump: {}, status: { interface: "string", ubus_rpc_session: "string" } }))
			.end(),
		writer
			.begin(MSG.invoke, 3, 0xdeadbeef)
			.u32(ATTR.objId, 7)
			.text(ATTR.method, "status")
			.text(ATTR.user, "root")
			.text(ATTR.group, "root")
			.table(ATTR.data, { name: "wän", id: 5, list: ["a", "b"], flag: false })
			.end(),
		writer.begin(MSG.notify, 1, 0).u32(ATTR.objId, 7).bool(ATTR.active, true).end(),
	];
}

const LENGTHS = [0, 1, 3, 4, 5, 7, 8, 0xff, 0x100, 0xffff, 0x00ffffff, 0x7f000004, 0x80000000, 0xffffffff];

function mutate(seed: Uint8Array, random: (below: number) => number): Uint8Array {
	const bytes = seed.slice(0, random(8) === 0 ? 8 + random(seed.length - 7) : seed.length);
	const view = new DataView(bytes.buffer);
	for (let left = 1 + random(4); left > 0; left--) {
		const at = random(bytes.length);
		if (random(3) === 0 && bytes.length >= 16)
			view.setUint32(8 + 4 * random((bytes.length - 8) >> 2), LENGTHS[random(14)]!);
		else if (random(2) === 0) bytes[at] = random(256);
		else bytes[at]! ^= 1 << random(8);
	}
	return bytes;
}

/** Does to a message what the client does. */
function use(message: Message): void {
	if (message.signature !== null) decodeTable(message.signature);
	if (message.data === null) return;
	if (message.type === MSG.invoke) {
		checkArgs(message.data, { name: "string", id: "int32", list: "array", flag: "bool" });
	} else {
		decodeTable(message.data);
	}
}

/** Memory in use after full collections, so that growth is told from garbage. Buffers are freed a turn later. */
async function usedBytes(): Promise<number> {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	for (let i = 0; i < 4; i++) {
		collect();
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

test("a million mutated frames", { timeout: 600_000 }, async (t) => {
	const random = generator(Number(process.env.FUZZ_SEED ?? 20261121));
	const originals = seeds();
	const outcomes = { whole: 0, refused: 0, malformed: 0, ended: 0 };
	let reader = createFrameReader(take);

	function take(frame: Uint8Array): void {
		const message = parseMessage(frame);
		outcomes.whole++;
		if (message.malformed !== null) outcomes.malformed++;
		try {
			use(message);
		} catch (error) {
			if (!(error instanceof AutonomyError) || !["bus_protocol", "bus_bad_argument"].includes(error.code)) throw error;
			outcomes.refused++;
		}
	}

	/** Until so many more frames came out of the reassembly. */
	function feed(count: number): void {
		const enough = outcomes.whole + count;
		while (outcomes.whole < enough) {
			const bytes = mutate(originals[random(originals.length)]!, random);
			try {
				if (random(4) === 0) {
					const cut = random(bytes.length);
					reader.push(bytes.subarray(0, cut));
					reader.push(bytes.subarray(cut));
				} else {
					reader.push(bytes);
				}
			} catch (error) {
				assert.ok(error instanceof AutonomyError && error.code === "bus_protocol", String(error));
				outcomes.ended++;
				reader = createFrameReader(take);
			}
			// A claimed length swallows what follows; start anew now and then, as a new connection would.
			if (reader.heldBytes > 4096) reader = createFrameReader(take);
		}
	}

	feed(FRAMES / 10);
	const before = await usedBytes();
	const startedMs = performance.now();
	feed(FRAMES);
	const seconds = (performance.now() - startedMs) / 1000;
	const grownKb = ((await usedBytes()) - before) / 1024;
	t.diagnostic(
		`${FRAMES} frames in ${seconds.toFixed(1)} s: ${JSON.stringify(outcomes)}, memory ${grownKb.toFixed(0)} KiB more`,
	);
	const { refused, malformed, ended } = outcomes;
	assert.ok(Math.min(refused, malformed, ended) > 10_000, "every way out was taken often");
	assert.ok(grownKb < 2048, `memory grew by ${grownKb} KiB`);
});
