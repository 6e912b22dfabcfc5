import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { until } from "../bus/support.ts";
import { HOSTILE, type World, world } from "../serve/world.ts";
import { hasAsh, type Tree, tree } from "./shell.ts";

let w: World;
let box: Tree;
const skip = hasAsh ? false : "no busybox with ash here";

before(async () => {
	if (!hasAsh) return;
	w = await world({ names: ["wan", "wanb", HOSTILE] });
	box = await tree(w.socket);
});
after(async () => {
	if (!hasAsh) return;
	box.remove();
	await w.stop();
});

function fits(text: string): void {
	for (const line of text.split("\n")) {
		assert.ok([...line].length <= 80, `${[...line].length} columns: ${line}`);
		assert.doesNotMatch(line, /\p{Cc}/u);
	}
}

const VIEWS: readonly (readonly [string[], RegExp])[] = [
	[[], /^backup: wanb/],
	[["status"], /^backup: wanb/],
	[["members"], /UPLINK +DEVICE/],
	[["forecast"], /^UPLINK(?:.|\n)*^wanb: (?:.|\n)*Predictive switches since the router started/m],
	[["forecast", "wanb"], /^wanb: /m],
	[["forecast", "reset", "wanb"], /^What was learnt of wanb is forgotten/i],
	[["forecast", "reset"], /^What was learnt of all uplinks/i],
	[["metrics", "wanb"], /^wanb: 20 samples/],
	// Not all of them; fewer the slower the machine, whose clock goes on.
	[["metrics", "wanb", "30"], /^wanb: 1?\d samples/],
	[["history", "wanb"], /^wanb: last 10m/],
	[["history", "wan", "120"], /score +█+.?▁+/],
	[["events", "5"], /UTC +WHAT/],
	[["explain"], /^decision d2/],
	[["explain", "d1"], /^decision d1/],
	[["what-if"], /^With the settings in force nothing/],
	[["what-if", "switch_margin=3", "wanb.weight=10", "500"], /^With switch_margin 3, wanb.weight 10 /],
	[["config", "show"], /main\.cooldown_s='20'/],
	[["config", "diff"], /^main\.switch_margin='12'\nwan\.weight='90'$/m],
	[["health"], /^ok, running for 1h/],
	[["info"], /^version: +1\.2\.3 on node/],
	[["starlink"], /^There is no uplink that a dish could be behind\.$/m],
	[["starlink", "map"], /^There is no uplink that a dish could be behind\.$/m],
	[["cellular"], /^UPLINK +SIGNAL +RSRP(?:.|\n)* in service$/m],
	[["cellular", "wanb", "5"], /^wanb, last 5 min, \d+ samples/],
	[["wifi"], /^There is no uplink over Wi-Fi\.$/m],
	[["usage"], /^UPLINK +TODAY/m],
	[["gps"], /^Off\. /m],
	[["version"], /^autonomy 1\.2\.3\n$/],
	[["help"], /^usage: autonomyctl/],
	[["metrics", HOSTILE], /^e\?\[31mvil"; reboot;/],
];

for (const [args, expected] of VIEWS) {
	test(`autonomyctl ${args.join(" ").replace(/\p{Cc}/gu, "?")}`, { skip }, async () => {
		const ran = await box.ctl(args);
		if (args.includes(HOSTILE)) {
			// A name that holds an escape cannot be typed; what it must not do is get through.
			assert.equal(ran.code, 2);
			assert.match(ran.stderr, /control characters/);
			return;
		}
		assert.equal(ran.code, 0, ran.stderr);
		assert.equal(ran.stderr, "");
		assert.match(ran.stdout, expected);
		fits(ran.stdout);
	});
}

test("cellular as JSON, whole or over time; minutes are checked", { skip }, async () => {
	const all = await box.ctl(["-j", "cellular"]);
	const { cellular } = JSON.parse(all.stdout) as { cellular: Record<string, { operator: string }> };
	assert.equal(cellular.wanb?.operator, HOSTILE);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
	assert.doesNotMatch(all.stdout.trimEnd(), /[\u0000-\u001f]/);
	const one = JSON.parse((await box.ctl(["-j", "cellular", "wanb", "5"])).stdout) as Record<string, unknown>;
	assert.deepEqual([one.name, one.window_minutes], ["wanb", 5]);
	for (const wrong of ["0", "61", "x", "-1", "5; reboot"]) {
		assert.equal((await box.ctl(["cellular", "wanb", wrong])).code, 2, wrong);
	}
	assert.equal((await box.ctl(["cellular", "wan"])).code, 1);
});

test("-j gives the daemon's JSON, -w another width", { skip }, async () => {
	const status = JSON.parse((await box.ctl(["-j", "status"])).stdout) as { current: string };
	assert.equal(status.current, "wanb");
	const story = JSON.parse((await box.ctl(["-j", "explain", "d2"])).stdout) as { rule: string };
	assert.equal(story.rule, "hard_failure");
	const wide = (await box.ctl(["-w", "200", "status"])).stdout;
	assert.ok(wide.split("\n").some((line) => line.length > 80));
});

test("commands do what they say and tell it", { skip }, async () => {
	const before = w.commands.length;
	assert.match((await box.ctl(["failover", "wanb", "60"])).stdout, /^Stays on wanb and pinned there for 60 s/);
	assert.match((await box.ctl(["hold", "300"])).stdout, /^Held for 5 min/);
	assert.match((await box.ctl(["release"])).stdout, /^The hold ended/);
	assert.match((await box.ctl(["promote", "wanb"])).stdout, /^wanb is preferred/);
	assert.match((await box.ctl(["restore"])).stdout, /^Automatic again/);
	assert.match((await box.ctl(["recheck"])).stdout, /^Fresh probes/);
	assert.equal((await box.ctl(["setlog", "debug"])).code, 0);
	assert.deepEqual(w.levels, ["debug"]);
	assert.deepEqual(
		w.commands.slice(before).map(({ name, uplink, forMs }) => [name, uplink, forMs]),
		[
			["failover", "wanb", 60_000],
			["hold", null, 300_000],
			["release", null, null],
			["promote", "wanb", null],
			["restore", null, null],
			["recheck", null, null],
		],
	);
});

test("wrong usage is 2, refusals are 1, each in one clear line", { skip }, async () => {
	const table: [string[], number, RegExp][] = [
		[["dance"], 2, /unknown command/],
		[["-x"], 2, /unknown option/],
		[["status", "now"], 2, /too many arguments/],
		[["metrics"], 2, /the name of an uplink is missing/],
		[["metrics", "wan", "soon"], 2, /'soon' is not a whole number of seconds/],
		[["metrics", "wan", "-5"], 2, /'-5' is not a whole number/],
		[["metrics", "wan", "007"], 2, /'007' is not a whole number/],
		[["metrics", "wan", "99999999999"], 2, /is not a whole number/],
		[["metrics", "wan", "9999999"], 2, /not a whole number from 1 to 604800/],
		[["metrics", "nobody"], 1, /there is no uplink 'nobody'; known: wan, wanb/],
		[["metrics", 'a"b\\c'], 1, /there is no uplink 'a"b\\c'/],
		[["metrics", "$(id)`id`"], 1, /there is no uplink '\$\(id\)`id`'/],
		[["starlink", "dance"], 2, /starlink or starlink map/],
		[["starlink", "map", "wan"], 1, /no dish is looked for behind 'wan'; uplinks where one is: none/],
		[["starlink", "map", "wan", "wanb"], 2, /too many arguments/],
		[["-j", "starlink", "map", "wan"], 1, /obstruction_map: not found/],
		[["explain", "d99"], 1, /no decision d99 is on record/],
		[["setlog"], 2, /which level/],
		[["setlog", "loud"], 2, /'level' is 'loud', not one of/],
		[["promote"], 2, /the name of an uplink is missing/],
		[["failover", ""], 2, /the name of an uplink is missing/],
		[["release", ""], 2, /the name of an uplink is missing/],
		[["failover", "wan"], 1, /failover to wan refused: no reply/],
		[["config"], 2, /config show, config diff or config validate/],
		[["what-if", "nonsense=1"], 2, /option nonsense is unknown/],
		[["-w", "x", "status"], 2, /-w needs a number/],
		[["-j", "metrics", "nobody"], 1, /metrics: not found/],
		[["-j", "metrics", "wan", "9999999"], 1, /does not take these arguments/],
	];
	for (const [args, code, words] of table) {
		const ran = await box.ctl(args);
		assert.match(ran.stderr, words, args.join(" "));
		assert.equal(ran.code, code, `${args.join(" ")}: ${ran.stderr}`);
		assert.equal(ran.stdout, "");
		assert.ok(ran.stderr.trimEnd().split("\n").length === 1, ran.stderr);
	}
});

test("monitor tells what happens", { skip }, async () => {
	const child = box.start(["monitor"]);
	let told = "";
	child.stdout?.setEncoding("utf8").on("data", (text) => {
		told += text;
	});
	await until("the state at first", () => told.includes("Traffic uses"));
	// Subscribed some time after that line: say something new until it is heard.
	const end = Date.now() + 120_000;
	const wanted = "Held until released (from the test)";
	for (let n = 1; !told.includes(wanted) && Date.now() < end; n++) {
		w.feed({
			kind: "command",
			atMs: w.now() + n,
			id: `m${n}`,
			name: n % 2 === 1 ? "hold" : "restore",
			uplink: null,
			forMs: 0,
			reason: "from the test",
		});
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	child.kill("SIGKILL");
	assert.ok(told.includes(wanted), told);
});

/** What this process started. */
function childrenOf(pid: number): number[] {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
	return text === "" ? [] : text.split(" ").map(Number);
}

function isListener(pid: number): boolean {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("subscribe");
	} catch {
		return false;
	}
}

test("monitor that is ended takes its listener with it and leaves nothing in /tmp", { skip }, async (t) => {
	if (!existsSync(`/proc/${process.pid}/task/${process.pid}/children`)) return t.skip("this kernel names no children");
	for (const [signal, code] of [
		["SIGTERM", 143],
		["SIGHUP", 129],
		["SIGINT", 130],
	] as const) {
		for (const args of [["monitor"], ["-j", "monitor"]]) {
			const child = box.start(args);
			const pid = child.pid ?? 0;
			const ended = new Promise<number | null>((resolve) => void child.on("exit", resolve));
			const json = args.includes("-j");
			let listeners: number[] = [];
			await until("a listener", () => {
				listeners = json ? [pid].filter(isListener) : childrenOf(pid).filter(isListener);
				return listeners.length === 1;
			});
			child.kill(signal);
			const status = await ended;
			if (!json) assert.equal(status, code, signal);
			await until(`nobody left after ${signal}`, () => !listeners.some(isListener));
			assert.equal(existsSync(join(process.env.TMPDIR ?? "/tmp", `autonomyctl.${pid}`)), false);
		}
	}
});

test("without the daemon, without a broker, without ubus: each said in words", { skip }, async (t) => {
	const alone = await tree(`${w.socket}.nobody`);
	t.after(() => alone.remove());
	const dead = await alone.ctl(["status"]);
	assert.deepEqual([dead.code, dead.stdout], [4, ""]);
	assert.match(dead.stderr, /ubus does not answer: is ubusd running\?/);
	rmSync(`${alone.bin}/ubus`);
	const none = await alone.ctl(["status"]);
	assert.equal(none.code, 4);
	assert.match(none.stderr, /there is no ubus command here/);
	const empty = await import("../../lab/ubusd/ubusd.ts").then(({ startUbusd }) =>
		startUbusd({ path: `${w.socket}.2` }),
	);
	t.after(() => empty.close());
	const noDaemon = await tree(`${w.socket}.2`);
	t.after(() => noDaemon.remove());
	for (const args of [["status"], ["-j", "members"], ["failover"], ["monitor"], ["version"]]) {
		const ran = await noDaemon.ctl(args);
		assert.equal(ran.code, 3, `${args}: ${ran.stderr}`);
		assert.match(ran.stderr, /autonomyd is not running\. Start it: \/etc\/init\.d\/autonomy start/);
	}
	rmSync(`${noDaemon.bin}/jsonfilter`);
	assert.equal((await noDaemon.ctl(["help"])).code, 0);
});

test("without jsonfilter it says so and shows JSON", { skip }, async (t) => {
	const poor = await tree(w.socket);
	t.after(() => poor.remove());
	rmSync(`${poor.bin}/jsonfilter`);
	const ran = await poor.ctl(["status"]);
	assert.equal(ran.code, 0);
	assert.match(ran.stderr, /jsonfilter is missing/);
	assert.equal((JSON.parse(ran.stdout) as { state: string }).state, "backup");
});

test("config validate needs no daemon and passes its verdict on", { skip }, async (t) => {
	const alone = await tree(`${w.socket}.nobody`);
	t.after(() => alone.remove());
	const ran = await alone.ctl(["config", "validate", "/tmp/a b"]);
	assert.equal(ran.code, 1);
	assert.equal(ran.stdout, '["--validate","/tmp/a b"]\n');
});
