import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { BlobWriter, MAX_BLOB_BYTES } from "../../daemon/bus/blob.ts";
import {
	type BlobInputTable,
	bool,
	double,
	int16,
	int32,
	int64,
	MAX_DEPTH,
	writeTable,
} from "../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../daemon/bus/blobmsg-read.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { hex, unhex } from "./support.ts";

function encode(table: BlobInputTable): Uint8Array {
	const out = new BlobWriter();
	writeTable(out, table);
	return out.finish();
}

/** Type number and value bytes of the only member, which is called "v". */
function wire(value: BlobInputTable[string]): string {
	const bytes = encode({ v: value });
	const length = ((bytes[2]! << 8) | bytes[3]!) - 8;
	return `${bytes[0]! & 0x7f}:${hex(bytes.subarray(8, 8 + length))}`;
}

test("numbers without a type: int32, else int64, else double", () => {
	const table: [number | bigint, string][] = [
		[0, "5:00000000"],
		[-0, "5:00000000"],
		[2 ** 31 - 1, "5:7fffffff"],
		[-(2 ** 31), "5:80000000"],
		[2 ** 31, "4:0000000080000000"],
		[-(2 ** 31) - 1, "4:ffffffff7fffffff"],
		[Number.MAX_SAFE_INTEGER, "4:001fffffffffffff"],
		[2 ** 53, "8:4340000000000000"],
		[1.5, "8:3ff8000000000000"],
		[1e300, "8:7e37e43c8800759c"],
		[5n, "4:0000000000000005"],
		[-(2n ** 63n), "4:8000000000000000"],
	];
	for (const [value, expected] of table) assert.equal(wire(value), expected, String(value));
});

test("the wire type follows the wrapper, not the value", () => {
	assert.equal(wire(double(2)), "8:4000000000000000");
	assert.equal(wire(int64(2)), "4:0000000000000002");
	assert.equal(wire(int32(2)), "5:00000002");
	assert.equal(wire(int16(2)), "6:0002");
	assert.equal(wire(bool(true)), "7:01");
	assert.equal(wire(int32(0xffffffff)), "5:ffffffff");
	assert.equal(wire(int16(0xffff)), "6:ffff");
});

test("what has no place on the wire is refused, by name", () => {
	const table: [() => unknown, string][] = [
		[() => encode({ v: Number.NaN }), "NaN is no number the bus can carry"],
		[() => encode({ v: Number.POSITIVE_INFINITY }), "Infinity is no number the bus can carry"],
		[() => encode({ v: 2n ** 63n }), "9223372036854775808 is no int64"],
		[() => double(Number.NaN), "NaN is no double"],
		[() => int32(1.5), "1.5 is no int32"],
		[() => int32(2 ** 32), "4294967296 is no int32"],
		[() => int32(-(2 ** 31) - 1), "-2147483649 is no int32"],
		[() => int16(70000), "70000 is no int16"],
		[() => int64(2 ** 53), "9007199254740992 is no int64"],
		[() => int64(2n ** 63n), "9223372036854775808 is no int64"],
		[() => encode({ v: (() => 1) as never }), "a function cannot travel on the bus"],
		[() => encode({ ["n".repeat(70_000)]: 1 }), "member name longer than 65535 bytes"],
		[() => encode({ v: "x".repeat(MAX_BLOB_BYTES + 8) }), "message is longer than the 1 MiB a ubus message may have"],
	];
	for (const [attempt, message] of table) {
		assert.throws(attempt, (error: unknown) => {
			assert.ok(error instanceof AutonomyError);
			assert.equal(error.code, "bus_bad_argument");
			assert.equal(error.message, message);
			return true;
		});
	}
});

test("undefined members are left out, null is sent, strings end at a NUL", () => {
	const table = { a: undefined, b: null, c: "ab\0cd", "d\0e": 1, l: [1, undefined] };
	assert.deepEqual(decodeTable(encode(table)), { b: null, c: "ab", d: 1, l: [1, null] });
});

test("a hostile __proto__ is an ordinary member", () => {
	const decoded = decodeTable(encode(JSON.parse('{"__proto__": {"up": true}, "x": 1}') as BlobInputTable));
	assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
	assert.deepEqual(Object.keys(decoded), ["__proto__", "x"]);
	assert.equal(decoded.up, undefined);
});

function nested(levels: number): BlobInputTable {
	let table: BlobInputTable = {};
	for (let i = 1; i < levels; i++) table = { t: table };
	return table;
}

test("nesting: 32 levels go through, 33 are refused both ways", () => {
	assert.deepEqual(decodeTable(encode(nested(MAX_DEPTH))), nested(MAX_DEPTH));
	assert.throws(() => encode(nested(MAX_DEPTH + 1)), /bus_bad_argument|nested deeper than 32 levels/);
	// 33 levels by hand: each table around the one before.
	let bytes = new Uint8Array(0);
	for (let i = 0; i < MAX_DEPTH; i++) {
		const outer = new Uint8Array(bytes.length + 8);
		outer.set(unhex("82000000 00017400"));
		new DataView(outer.buffer).setUint32(0, 0x82000000 + outer.length);
		outer.set(bytes, 8);
		bytes = outer;
	}
	assert.throws(() => decodeTable(bytes), { code: "bus_protocol", message: "value nested deeper than 32 levels" });
});

test("a table that contains itself is refused, not followed for ever", () => {
	const table: Record<string, unknown> = {};
	table.self = table;
	assert.throws(() => encode(table as BlobInputTable), { code: "bus_bad_argument" });
});

test("malformed members, each with its exact error", () => {
	const table: [string, string, string][] = [
		["too short for a header", "850000", "3 stray bytes where a blob attribute should begin"],
		["length below the header", "80000003", "blob attribute says it is 3 bytes long, 4 is the least"],
		["length zero", "80000000", "blob attribute says it is 0 bytes long, 4 is the least"],
		["length past the end", "85000010 00017600 00000001", "blob attribute of 16 bytes in a container with 12 left"],
		["padding past the end", "87000009 00017600 01", "blob attribute of 9 bytes in a container with 9 left"],
		["largest length there is", "85ffffff 00017600", "blob attribute of 16777215 bytes in a container with 8 left"],
		["no room for a name", "85000006 00000000", "member too short for its name"],
		["name past the end", "85000008 00057600", "member name reaches past the member"],
		["name as long as it can be", "85000008 ffff7600", "member name reaches past the member"],
		["name without NUL", "8500000c 00017678 00000001", "member name does not end with NUL"],
		["no name at all", "05000008 00000001", "table member without a name"],
		["type 9", "89000009 00017600 01000000", "unknown value type 9"],
		["type 127", "ff000008 00017600", "unknown value type 127"],
		["int32 of 3 bytes", "8500000b 00017600 00000100", "value of type 5 has 3 bytes, 4 wanted"],
		["int32 without value", "85000008 00017600", "value of type 5 has 0 bytes, 4 wanted"],
		["int16 of 4 bytes", "8600000c 00017600 00000001", "value of type 6 has 4 bytes, 2 wanted"],
		["int64 of 4 bytes", "8400000c 00017600 00000001", "value of type 4 has 4 bytes, 8 wanted"],
		["double of 4 bytes", "8800000c 00017600 00000001", "value of type 8 has 4 bytes, 8 wanted"],
		["bool of 4 bytes", "8700000c 00017600 00000001", "value of type 7 has 4 bytes, 1 wanted"],
		["empty string", "83000008 00017600", "string does not end with NUL"],
		["string without NUL", "8300000a 00017600 68690000", "string does not end with NUL"],
		["stray bytes in a table", "8200000b 00017400 00000000", "3 stray bytes where a blob attribute should begin"],
		[
			"broken member in a table",
			"82000010 00017400 85000010 00016100",
			"blob attribute of 16 bytes in a container with 8 left",
		],
		["broken member in an array", "8100000c 00016100 89000004", "member too short for its name"],
	];
	for (const [what, bytes, message] of table) {
		assert.throws(
			() => decodeTable(unhex(bytes)),
			(error: unknown) => {
				assert.ok(error instanceof AutonomyError, what);
				assert.equal(error.code, "bus_protocol", what);
				assert.equal(error.message, message, what);
				assert.equal(typeof error.context.offset, "number", what);
				return true;
			},
		);
	}
});

test("array members are read with and without a name header, duplicate names: the last", () => {
	assert.deepEqual(decodeTable(unhex("8100001c 00016100 8500000c 00000000 00000007 05000008 00000008")), { a: [7, 8] });
	assert.deepEqual(decodeTable(unhex("8500000c 00016100 00000001 8500000c 00016100 00000002")), { a: 2 });
});

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
	value: fc.oneof(
		{ depthSize: "small" },
		fc.constant(null),
		fc.boolean(),
		fc.maxSafeInteger(),
		fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
		fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((number) => !Number.isSafeInteger(Number(number))),
		fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
		fc.array(tie("value"), { maxLength: 4 }),
		tie("table"),
	),
	table: fc.dictionary(
		fc.string({ unit: "grapheme" }).map((name) => name.replaceAll("\0", "")),
		tie("value"),
		{
			maxKeys: 4,
			noNullPrototype: true,
		},
	),
})).table;

test("every table comes back as it was, aligned to 4 bytes", () => {
	fc.assert(
		fc.property(value, (table) => {
			const bytes = encode(table as BlobInputTable);
			assert.equal(bytes.length % 4, 0);
			assert.deepEqual(decodeTable(bytes), table);
		}),
		{ numRuns: 500 },
	);
});
