/** The one sentence of status: what it says is what is, also when the daemon only looks on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../daemon/decide/describe.ts";
import { sentence } from "../../daemon/serve/status.ts";
import { facts, reach, World } from "../decide/support.ts";

function told(observe: boolean, bad: string | null): string {
	const w = new World([facts("wan", 1), facts("wanb", 2)], { observe }).run(60_000);
	if (bad !== null) w.set(bad, { dead: true });
	w.run(2_000);
	return sentence(describe(w.state), "wan");
}

test("in control it says what traffic uses", () => {
	assert.match(told(false, null), /^Traffic uses wan: score \d+, loss 0 %, \d+ ms\.$/);
	assert.match(told(false, "wan"), /^Traffic uses the backup wanb: .*; wan: no reply from .*\.$/);
});

test("observing it says what it would do, and that it does nothing", () => {
	assert.match(told(true, null), /^Traffic would use wan: .*\. Only observing: nothing is touched\.$/);
	assert.match(told(true, "wan"), /^Traffic would use the backup wanb: .*\. Only observing: nothing is touched\.$/);
});

test("a family that the uplink in use does not carry is told, with the uplink that does and why", () => {
	const both = { families: ["ipv4", "ipv6"] } as const;
	const w = new World([facts("wan", 1, both), facts("wanb", 2, both)]).run(60_000);
	const say = (): string => sentence(describe(w.state), "wan");
	assert.match(say(), /^Traffic uses wan: score \d+, loss 0 %, \d+ ms\.$/);
	w.send(reach("wan", w.nowMs, "dead"));
	assert.match(say(), /^Traffic uses wan: .*\. IPv4 uses wanb instead: wan does not answer\.$/);
	w.send(reach("wan", w.nowMs, "up"));
	assert.match(say(), /^Traffic uses wan: .*\. IPv4 uses wanb instead: wan has yet to prove itself\.$/);
	w.run(120_000);
	assert.match(say(), /^Traffic uses wan: score \d+, loss 0 %, \d+ ms\.$/);
	w.facts("wan", { families: ["ipv6"] });
	assert.match(say(), /^Traffic uses wan: .*\. IPv4 uses wanb instead: wan has no address with a route\.$/);
});

test("a preferred uplink that has to be good for a while yet is waited for, and the sentence says so", () => {
	const w = new World([facts("wan", 1), facts("wanb", 2)]).run(25_000);
	w.facts("wanb", { order: 0 });
	const say = (): string => sentence(describe(w.state), "wanb");
	assert.match(say(), /^Traffic uses the backup wan: .*; wanb: not good for long enough yet\.$/);
	w.run(60_000);
	assert.match(say(), /^Traffic uses wanb: /);
});
