import assert from "node:assert/strict";
import { test } from "node:test";
import { netDevFields, netDevText } from "../../daemon/uplink/net-dev.ts";
import { fakeFiles, fakeTime } from "../support/fake-platform.ts";

test("one reading serves a moment, and no later one", async () => {
	const time = fakeTime();
	const files = fakeFiles({ "/proc/net/dev": "eth1: 1\n" });
	let reads = 0;
	const counted = {
		...files,
		readTextIfAny(path: string) {
			reads++;
			return files.readTextIfAny(path);
		},
	};
	const read = () => netDevText({ files: counted, clock: time.clock });
	assert.equal(read(), "eth1: 1\n");
	files.content.set("/proc/net/dev", "eth1: 2\n");
	await time.advance(50);
	assert.equal(read(), "eth1: 1\n");
	assert.equal(reads, 1);
	await time.advance(1);
	assert.equal(read(), "eth1: 2\n");
	files.content.delete("/proc/net/dev");
	await time.advance(1000);
	assert.equal(read(), "");
	assert.equal(netDevText({ files: fakeFiles({ "/proc/net/dev": "other" }), clock: time.clock }), "other");
});

test("fields of a device, whatever the others are called", () => {
	const text = "Inter-| x\n face |bytes\n   lo: 7 8\nbr-eth1: 1 2\n xeth1:3\n  eth1:4 5  6\neth1: 9\n";
	for (const [device, expected] of [
		["eth1", ["4", "5", "6"]],
		["lo", ["7", "8"]],
		["br-eth1", ["1", "2"]],
		["xeth1", ["3"]],
		["eth", null],
		["th1", null],
		["eth11", null],
	] as const) {
		assert.deepEqual(netDevFields(text, device), expected, device);
	}
	assert.equal(netDevFields("", "eth1"), null);
	assert.deepEqual(netDevFields("eth1: 1 2", "eth1"), ["1", "2"]);
});
