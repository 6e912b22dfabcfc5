import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { HOSTILE, readConfigFile, worldFor } from "./world.ts";

test("actions reach the engine; refusals come in words", async (t) => {
	const fromMs = Date.now();
	const w = await worldFor(t);
	const moved = await w.call("action", { cmd: "failover", name: "mob1s1a1", for_s: 60, reason: "test" });
	assert.equal(moved.ok, true);
	assert.match(String(moved.text), /^Moved to mob1s1a1 and pinned there for 60 s \(test\)/);
	assert.equal((await w.call("explain", { id: moved.decision_id })).rule, "manual_failover");
	const pin = (await w.call("status")).pin as Record<string, unknown>;
	assert.equal(pin.name, "mob1s1a1");
	const pinnedAtMs = Number(pin.until_unix_ms) - 60_000;
	assert.ok(pinnedAtMs >= fromMs - 1000 && pinnedAtMs <= Date.now() + 1000, `${pinnedAtMs}`);
	const again = await w.call("failover", { interface: "mob1s1a1", for_s: 60 });
	assert.equal(again.ok, true, "asking twice does no harm");
	const refused: [string, Record<string, unknown>, string, RegExp][] = [
		["failover", { member: "wan" }, "refused", /^failover to wan refused: no reply from 3 of 3 targets/],
		["failover", { member: "nobody" }, "not_found", /^there is no uplink 'nobody'; known: wan, wanb, mob1s1a1$/],
		["failover", { member: "wan", interface: "wanb" }, "bad_argument", /two different uplinks/],
		["action", { cmd: "promote" }, "bad_argument", /^promote needs the name of an uplink$/],
		["action", { cmd: "set_level" }, "bad_argument", /^set_level needs a level/],
		["action", { cmd: "restore", name: "wan" }, "bad_argument", /leave out the name/],
		["action", { cmd: "explode" }, "bad_argument", /'cmd' is 'explode', not one of/],
	];
	for (const [method, args, code, words] of refused) {
		const answer = await w.call(method, args);
		assert.equal(answer.ok, false, `${method} ${JSON.stringify(args)}`);
		assert.equal(answer.code, code);
		assert.match(String(answer.text), words);
	}
	assert.equal(w.commands.length, 3, "what is refused here never reaches the engine");
});

test("setlog sets the level; a level nobody knows is refused", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	assert.equal((await w.call("setlog", { level: "debug" })).ok, true);
	assert.equal((await w.call("action", { cmd: "set_level", level: "warn" })).ok, true);
	assert.equal((await w.call("setlog", { level: "noisy" })).code, "bad_argument");
	assert.deepEqual(w.levels, ["debug", "warn"]);
});

test("no more than ten changes within ten seconds; reading goes on", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const answers = [];
	for (let i = 0; i < 13; i++) answers.push(await w.call("setlog", { level: "info" }));
	assert.deepEqual(
		answers.map((one) => one.ok),
		[...Array.from({ length: 10 }, () => true), false, false, false],
	);
	assert.equal(answers[10]?.code, "rate_limited");
	assert.match(String(answers[10]?.text), /^more than 10 changes within 10 s; try again in \d+ s$/);
	assert.equal(w.log.messages("warn").filter((msg) => msg === "throttle").length, 3);
	assert.equal((await w.call("status")).state, "starting");
});

test("config.set checks, writes through uci, and takes over", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const done = await w.call("config.set", { section: "main", values: { switch_margin: 7.5, predictive: false } });
	assert.equal(done.ok, true, String(done.text));
	assert.deepEqual(done.changed, ["main.switch_margin", "main.predictive"]);
	assert.match(readConfigFile(w), /option switch_margin '7\.5'/);
	assert.equal(w.deps.config.current().main.switchMargin, 7.5);
	const list = await w.call("config.set", { section: "probe", values: { target4: ["1.1.1.1", "9.9.9.9"] } });
	assert.deepEqual(list.changed, ["probe.target4"]);
	const unset = await w.call("config.set", { values: { switch_margin: "" } });
	assert.equal(unset.ok, true);
	assert.doesNotMatch(readConfigFile(w), /switch_margin/);
	const same = await w.call("config.set", { values: { predictive: "0" } });
	assert.deepEqual([same.ok, same.changed], [true, []]);
	const { set, sections } = (await w.call("config.get")) as { set: string[]; sections: Record<string, object> };
	assert.deepEqual(set, ["main.predictive", "probe.target4", "wan.weight"]);
	assert.deepEqual(sections.wan, { weight: "90" });
});

test("config.set refuses what is wrong and then writes nothing", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const before = readConfigFile(w);
	const table: [Record<string, unknown>, RegExp][] = [
		[{ values: { switch_margin: 1_000 } }, /switch_margin '1000' is not a number from 0 to 100/],
		[{ values: { switch_margin: 5, nonsense: 1 } }, /option nonsense is unknown/],
		[{ values: {} }, /no value is given/],
		[{ section: "../etc/passwd", values: { a: "b" } }, /no section name/],
		[{ section: "bad name", values: { weight: 5 } }, /no section name/],
		[{ values: { log_file: "/tmp/x\noption evil '1'" } }, /log_file/],
		[{ values: { mode: { a: 1 } } }, /must be text, a number/],
	];
	for (const [args, words] of table) {
		const answer = await w.call("config.set", args);
		assert.equal(answer.ok, false, JSON.stringify(args));
		assert.equal(answer.code, "bad_argument");
		assert.match(String(answer.text), words);
	}
	assert.equal(readConfigFile(w), before);
});

test("reload tells what it found; a broken file keeps the last good settings", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	assert.match(String((await w.call("reload")).text), /^nothing has changed/);
	writeFileSync(w.configFile, "\nconfig autonomy 'main'\n\toption switch_margin '20'\n\toption cooldown_s 'soon'\n");
	const taken = await w.call("reload");
	assert.equal(taken.ok, true);
	assert.match(String(taken.text), /^taken over; 1 remark$/);
	assert.match(String((taken.problems as string[])[0]), /option cooldown_s 'soon' is not a whole number/);
	writeFileSync(w.configFile, "config autonomy 'main\n\toption\u0000");
	const broken = await w.call("reload");
	assert.equal(broken.ok, false);
	assert.equal(broken.code, "config_invalid");
	assert.equal(w.deps.config.current().main.switchMargin, 20);
});

test("what_if: the same settings give the same course, a disabled uplink another", async (t) => {
	const w = await worldFor(t);
	const same = await w.call("what_if", { overrides: {}, since_s: 500 });
	assert.equal(same.differs, false, String(same.text));
	assert.equal((same.actual as unknown[]).length, 1);
	const other = await w.call("what_if", { overrides: { "wanb.detect": "disable" } });
	assert.equal(other.differs, true);
	assert.equal((other.what_if as { to: string }[]).at(-1)?.to, "mob1s1a1");
	assert.equal((other.actual as { to: string }[]).at(-1)?.to, "wanb");
	const share = other.share as { name: string; actual_s: number; what_if_s: number }[];
	const on = (name: string) => share.find((one) => one.name === name);
	assert.equal(Math.round(on("mob1s1a1")?.what_if_s ?? 0), 59, JSON.stringify(share));
	assert.equal(on("mob1s1a1")?.what_if_s, on("wanb")?.actual_s);
	assert.equal(on("mob1s1a1")?.actual_s, 0);
	assert.deepEqual(other.settings, { "wanb.detect": "disable" });
	assert.equal((await w.call("status")).current, "wanb", "the live engine is not touched");
});

test("what_if runs beside other calls, one at a time", async (t) => {
	const w = await worldFor(t, { pastS: 3_000, runs: true });
	const slow = w.call("what_if", { overrides: { switch_margin: "3" } });
	const second = assert.rejects(
		w.call("what_if", { overrides: {} }),
		(error: { context?: { status?: number } }) => error.context?.status === 11,
	);
	const between = [await w.call("status"), await w.call("members")];
	assert.equal(between.length, 2);
	await second;
	assert.equal(typeof (await slow).differs, "boolean");
	assert.equal(typeof (await w.call("what_if", { overrides: {} })).differs, "boolean");
});

test("hostile names come back as they are in data and harmless in text", async (t) => {
	const w = await worldFor(t, { names: [HOSTILE, "wanb", "x".repeat(300), "線路一二三"] });
	const { members } = (await w.call("members")) as { members: { name: string }[] };
	assert.equal(members[0]?.name, HOSTILE);
	for (const width of [40, 80, 200]) {
		for (const args of [
			{ view: "status" },
			{ view: "members" },
			{ view: "events", limit: 100 },
			{ view: "explain" },
			{ view: "metrics", name: HOSTILE },
			{ view: "history", name: HOSTILE },
			{ view: "what_if", overrides: {} },
			{ view: "config" },
			{ view: "config_diff" },
			{ view: "health" },
			{ view: "info" },
		]) {
			const { ok, text } = await w.call("render", { ...args, width });
			assert.equal(ok, true, `${args.view}: ${text}`);
			for (const line of String(text).split("\n")) {
				assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u, `${args.view}: ${JSON.stringify(line)}`);
				const wide = [...line].reduce((sum, char) => sum + (/[\u2e80-\u9fff]/.test(char) ? 2 : 1), 0);
				if (args.view !== "config" && args.view !== "config_diff") {
					assert.ok(wide <= width, `${args.view} at ${width}: ${wide} columns: ${line}`);
				}
			}
		}
	}
	const colored = String((await w.call("render", { view: "status", color: true })).text);
	assert.ok(colored.includes("\u001b[33m"));
	const colorCodes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
	assert.ok(!colored.replace(colorCodes, "").includes("\u001b"));
});

test("render refuses in words", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	assert.deepEqual(await w.call("render", { view: "metrics" }), {
		ok: false,
		code: "bad_argument",
		text: "metrics needs the name of an uplink",
	});
	assert.equal((await w.call("render", { view: "metrics", name: "nobody" })).code, "not_found");
	assert.equal((await w.call("render", { view: "mirror" })).code, "bad_argument");
	assert.equal((await w.call("render", { view: "explain" })).code, "not_found");
});
