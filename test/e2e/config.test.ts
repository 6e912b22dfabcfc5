/** The configuration of a running daemon: broken in every way, changed while it runs, taken over from a predecessor. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Autonomyd, LogLine } from "../../lab/autonomyd.ts";
import {
	type Bench,
	flowsVia,
	impossible,
	movedTo,
	moveList,
	openBench,
	ready,
	undisturbed,
	uplink,
} from "./harness.ts";

const skip = impossible() ?? false;
const CONFIG = "/etc/config/autonomy";
/** A replay of all that happened shares the processor with what happens meanwhile. */
const REPLAY_MS = 60_000;
const GOOD = "config autonomy 'main'\n\toption min_uptime_s '1'\n";

describe("the configuration of a running daemon", { skip }, () => {
	let bench: Bench;
	before(async () => {
		bench = await openBench();
	});
	after(() => bench.close());

	const reasons = (daemon: Autonomyd): string =>
		daemon.log.map((line) => `${line.level} ${JSON.stringify(line.fields)}`).join("\n");

	const BAD: readonly (readonly [string, string, RegExp])[] = [
		["empty", "", /"startup|pid/],
		["binary", "\u0000\u0001\u0002ELF\u007f\u0000config\u0000", /\/etc\/config\/autonomy/],
		["huge", `config autonomy 'main'\n${"\toption nothing 'x'\n".repeat(300_000)}`, /\/etc\/config\/autonomy/],
		["torn", "config autonomy 'main'\n\toption mode 'con", /\/etc\/config\/autonomy.*line 2|\/etc\/config\/autonomy:2/],
		[
			"of unknown sections and options",
			"config teapot 'x'\n\toption y 'z'\nconfig autonomy 'main'\n\toption swich_margin '5'\n",
			/swich_margin/,
		],
		[
			"contradictory",
			"config thresholds 'failover'\n\toption loss '1'\nconfig thresholds 'restore'\n\toption loss '15'\n",
			/restore.*loss|loss.*restore/,
		],
		["out of range", "config autonomy 'main'\n\toption cooldown_s 'soon'\n", /cooldown_s.*soon|soon.*cooldown_s/],
	];
	for (const [name, text, told] of BAD) {
		test(`a file that is ${name}: the daemon starts, decides, and says what it uses instead`, async (t) => {
			t.after(() => bench.router.put(CONFIG, GOOD));
			await bench.router.put(CONFIG, text);
			const daemon = await bench.daemon(t);
			await daemon.until(
				"traffic has an uplink",
				async () => (await daemon.status()).current === uplink(bench, 1),
				15_000,
			);
			await daemon.until(
				`it is told: ${told}`,
				async () => told.test(`${reasons(daemon)}\n${(await daemon.status()).problems.join("\n")}`),
				5000,
			);
			assert.equal(daemon.process.ended, false);
		});
	}

	test("broken while it runs: the last good one stays, it is said, nothing is switched; put right: taken over", (t) =>
		undisturbed(bench, t, async (scope) => {
			scope.after(() => bench.router.put(CONFIG, GOOD));
			await bench.router.put(CONFIG, `${GOOD}\toption switch_margin '17'\n`);
			const daemon = await bench.daemon(scope);
			await ready(bench, daemon);
			const before_ = await moveList(daemon);
			const margin = async (): Promise<string> => JSON.stringify(await daemon.call("config.get", {}));
			assert.match(await margin(), /"switch_margin":"17"/);
			for (const text of ["config autonomy 'main\n", "\u0000", "config autonomy 'main'\n\toption switch_margin '\n"]) {
				await bench.router.put(CONFIG, text);
				const answer = await daemon.call<Reply<"reload">>("reload", {});
				assert.equal(answer.ok, false, answer.text);
				assert.match(answer.text, /\/etc\/config\/autonomy/);
				assert.match(await margin(), /"switch_margin":"17"/);
			}
			await bench.router.put(CONFIG, `${GOOD}\toption switch_margin '23'\n`);
			await daemon.kill("SIGHUP");
			await daemon.until("the new margin", async () => /"switch_margin":"23"/.test(await margin()), 5000);
			assert.deepEqual(await moveList(daemon), before_);
			assert.equal((await daemon.status()).current, uplink(bench, 1));
		}));

	test("set over the bus: checked, written, in force at once, shown; what is wrong is refused and changes nothing", async (t) => {
		t.after(() => bench.router.put(CONFIG, GOOD));
		await bench.router.put(CONFIG, GOOD);
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		const set = (values: Record<string, string>): Promise<Reply<"config.set">> =>
			daemon.call("config.set", { section: "main", values });
		const answer = await set({ switch_margin: "19" });
		assert.deepEqual([answer.ok, answer.changed], [true, ["main.switch_margin"]], answer.text);
		assert.match((await bench.router.read(CONFIG)) ?? "", /switch_margin '19'/);
		assert.match(JSON.stringify(await daemon.call("config.get", {})), /"switch_margin":"19"/);
		const { text } = await daemon.call<Reply<"render">>("render", { view: "config_diff" });
		assert.match(text, /switch_margin.*19/);
		const bad = await set({ switch_margin: "lots" });
		assert.equal(bad.ok, false);
		assert.match(bad.text, /switch_margin/);
		assert.match((await bench.router.read(CONFIG)) ?? "", /switch_margin '19'/);
	});

	test("a starfail configuration is taken over once, and left where it is", async (t) => {
		t.after(async () => {
			await bench.router.put(CONFIG, GOOD);
			await bench.router.remove("/etc/config/starfail");
		});
		const old = "config starfail 'main'\n\toption switch_margin '21'\n\toption min_uptime_s '5'\n";
		await bench.router.put("/etc/config/starfail", old);
		await bench.router.put(CONFIG, "config autonomy 'main'\n\toption enable '1'\n");
		const daemon = await bench.daemon(t);
		const written = async (): Promise<string> => (await bench.router.read(CONFIG)) ?? "";
		await daemon.until("taken over", async () => /switch_margin '21'/.test(await written()), 15_000);
		await daemon.until(
			"in force",
			async () => /"switch_margin":"21"/.test(JSON.stringify(await daemon.call("config.get", {}))),
			5000,
		);
		assert.equal(await bench.router.read("/etc/config/starfail"), old);
		assert.equal(await daemon.stop(), 0);
		await bench.router.put(CONFIG, (await written()).replace("'21'", "'22'"));
		const second = await bench.daemon(t);
		await ready(bench, second);
		assert.match(await written(), /switch_margin '22'/, "once is enough");
	});

	test("history, decisions and their explanations outlive a restart; what_if replays them with other settings", async (t) => {
		t.after(() => bench.world.healAll());
		const first = await bench.daemon(t);
		await ready(bench, first);
		const traffic = await bench.traffic(t);
		// A dead link has no score: what is found of one later is of now.
		const scored = async (daemon: Autonomyd): Promise<Reply<"history">["points"]> => {
			const { points } = await daemon.call<Reply<"history">>("history", { name: uplink(bench, 1), since_s: 600 });
			return points.filter(({ values }) => values.score !== undefined);
		};
		await first.until("a sample of the good uplink", async () => (await scored(first)).length > 0, 30_000);
		await bench.world.do({ do: "blackhole", isp: 1 });
		await flowsVia(traffic, 2, 6000, first);
		// One family may be found dead a moment before the other.
		const failover = await movedTo(first, uplink(bench, 2));
		const whatIf = (overrides: Record<string, string | number>): Promise<Reply<"what_if">> =>
			first.call("what_if", { overrides }, REPLAY_MS);
		const same = await whatIf({});
		assert.equal(same.differs, false, same.text);
		const other = await whatIf({ mode: "observe" }).catch(() => null);
		assert.ok(other === null || other.text.length > 0);
		const swapped = await whatIf({ [`${uplink(bench, 3)}.weight`]: 99 });
		assert.equal(swapped.differs, true, swapped.text);
		assert.ok(
			swapped.what_if.some((one) => one.to === uplink(bench, 3)),
			JSON.stringify(swapped.what_if),
		);
		assert.equal(await first.stop(), 0);

		const second = await bench.daemon(t, { inherits: true });
		await ready(bench, second, 2, [2, 3]);
		// Numbers begin anew with each start: what was before has a prefix.
		const id = `r1-${failover.id}`;
		const explained = await second.call<Reply<"explain">>("explain", { id });
		assert.equal(explained.text, failover.text);
		assert.ok(explained.candidates.length >= 3);
		assert.ok((await scored(second)).length > 0, "samples from before are there");
	});

	test("the log level changes while it runs", async (t) => {
		const daemon = await bench.daemon(t);
		await ready(bench, daemon);
		// By when they were written: a line may be on its way to us for a while.
		const info = (fromMs: number, toMs: number): LogLine[] =>
			daemon.log.filter(({ level, fields }) => {
				const writtenMs = Date.parse(String(fields.ts));
				return level === "info" && writtenMs > fromMs && writtenMs < toMs;
			});
		await daemon.order("action", { cmd: "set_level", level: "error" });
		const quietMs = Date.now();
		await daemon.order("failover", { member: uplink(bench, 2) });
		const moved = async (): Promise<boolean> => {
			const { current, steering } = await daemon.status();
			return current === uplink(bench, 2) && steering.in_force;
		};
		await daemon.until("moved", moved, 5000);
		const loudMs = Date.now();
		await daemon.order("action", { cmd: "set_level", level: "info" });
		await daemon.order("restore", {});
		await daemon.until("told", () => Promise.resolve(info(loudMs, Number.POSITIVE_INFINITY).length > 0), 5000);
		assert.deepEqual(info(quietMs, loudMs), []);
	});
});
