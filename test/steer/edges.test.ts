/** Steering where programs or space are missing, and the small parts around it, without a kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SteerAction } from "../../daemon/decide/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { Platform, RunResult } from "../../daemon/platform/platform.ts";
import { mergeActions } from "../../daemon/steer/actions.ts";
import { createLane, together } from "../../daemon/steer/lane.ts";
import { createMwan3Driver } from "../../daemon/steer/mwan3-driver.ts";
import { MWAN3_PATHS } from "../../daemon/steer/mwan3-state.ts";
import { createReleaser } from "../../daemon/steer/release.ts";
import { createStateFile, parseMemory } from "../../daemon/steer/state-file.ts";
import { createSteerer } from "../../daemon/steer/steerer.ts";
import { createTools } from "../../daemon/steer/tools.ts";
import type { Discovered, Uplink } from "../../daemon/uplink/types.ts";
import { fakeFiles, fakeLog, fakeProcesses, fakeTime, type RunScript } from "../support/fake-platform.ts";
import { planOf, steer } from "../support/steer-drive.ts";
import { nthUplink } from "../support/uplink.ts";

test("ip -batch where there is one, one process per line on busybox", async () => {
	const good = fakeProcesses();
	assert.deepEqual(await createTools(good).ipChange("ipv6", ["rule add pref 901", "rule del pref 903"]), []);
	assert.deepEqual(good.runs, [
		{ argv: ["ip", "-6", "-force", "-batch", "-"], stdin: "rule add pref 901\nrule del pref 903\n" },
	]);
	const busybox = fakeProcesses((argv) =>
		argv.includes("-batch") ? { code: 1, stderr: "BusyBox v1.37.0 multi-call binary.\n\nUsage: ip [OPTIONS]" } : {},
	);
	const tools = createTools(busybox);
	assert.deepEqual(await tools.ipChange("ipv4", ["rule add pref 901", "rule del pref 903"]), []);
	assert.deepEqual(await tools.ipChange("ipv4", ["rule add pref 905", "rule add pref 907"]), []);
	assert.deepEqual(
		busybox.runs.map((run) => run.argv.slice(2).join(" ")),
		["-force -batch -", "rule add pref 901", "rule del pref 903", "rule add pref 905", "rule add pref 907"],
	);
	assert.equal(tools.started(), 5);
});

test("what failed in a batch is named by its line; what was to go and is gone is no failure", async () => {
	const stderr = `RTNETLINK answers: File exists
Command failed -:1
RTNETLINK answers: No such file or directory
Command failed -:2
Error: argument "x" is wrong: "dev" not a valid ifname
Command failed -:3
`;
	const tools = createTools(fakeProcesses(() => ({ code: 1, stderr })));
	assert.deepEqual(await tools.ipChange("ipv4", ["rule add pref 901", "rule del pref 903", "route replace default"]), [
		"ip rule add pref 901: RTNETLINK answers: File exists",
		'ip route replace default: Error: argument "x" is wrong: "dev" not a valid ifname',
	]);
});

test("changes and looks in one process; on busybox one each; a look that failed is no answer", async () => {
	const shows = ["rule show", "route show default"];
	const stderr = "RTNETLINK answers: Network is down\nCommand failed -:1\n";
	const good = fakeProcesses(() => ({ code: 1, stdout: "0:\tfrom all lookup local\ndefault dev eth1\n", stderr }));
	assert.deepEqual(await createTools(good).ipChangeAndShow("ipv4", ["route replace default dev eth2"], shows), {
		failed: ["ip route replace default dev eth2: RTNETLINK answers: Network is down"],
		text: "0:\tfrom all lookup local\ndefault dev eth1\n",
	});
	assert.deepEqual(good.runs, [
		{
			argv: ["ip", "-4", "-force", "-batch", "-"],
			stdin: "route replace default dev eth2\nrule show\nroute show default\n",
		},
	]);
	const busybox = fakeProcesses((argv) =>
		argv.includes("-batch") ? { code: 1, stderr: "BusyBox v1.37.0\nUsage: ip" } : { stdout: `${argv.join(" ")}\n` },
	);
	assert.deepEqual(await createTools(busybox).ipChangeAndShow("ipv6", ["route replace default dev eth2"], shows), {
		failed: [],
		text: "ip -6 rule show\nip -6 route show default\n",
	});
	for (const [result, message] of [
		[{ code: 1, stderr: "Cannot allocate\nCommand failed -:2\n" }, "ip rule show: Cannot allocate"],
		[{ code: null }, "ip -batch: exit code none"],
		[{ code: null, timedOut: true }, "ip -batch: it did not end in time"],
	] as const) {
		const tools = createTools(fakeProcesses(() => result));
		await assert.rejects(tools.ipChangeAndShow("ipv4", ["route replace default dev eth2"], shows), {
			code: "process_failed",
			message,
		});
	}
});

test("an action overtaken while waiting leaves its wish to free connections behind", () => {
	const dead = steer(planOf(["wanb"], ["wan"]), ["wan"]);
	const later = steer(planOf(["wanc"], ["wan", "wanb"]));
	const merged = mergeActions(dead, later);
	assert.deepEqual([merged.id, merged.mode, merged.plan], [later.id, "dead", later.plan]);
	assert.deepEqual(merged.release, [{ uplink: "wan", families: ["ipv4", "ipv6"] }]);
	const back: SteerAction = steer(planOf(["wan"], ["wanb"]));
	assert.equal(mergeActions(dead, back), back, "wan is wanted again: nothing of it is freed");
	assert.equal(mergeActions(later, back), back);
	const wish = (family: "ipv4" | "ipv6"): SteerAction["release"] => [{ uplink: "wan", families: [family] }];
	const both = mergeActions({ ...dead, release: wish("ipv4") }, { ...later, mode: "dead", release: wish("ipv6") });
	assert.deepEqual(both.release, [{ uplink: "wan", families: ["ipv6", "ipv4"] }], "one family after the other dies");
});

test("the lane runs one task at a time and goes on after a failure", async () => {
	const lane = createLane();
	const seen: string[] = [];
	const task =
		(name: string, fails = false) =>
		async (): Promise<string> => {
			seen.push(`${name} begins`);
			await new Promise((resolve) => setImmediate(resolve));
			seen.push(`${name} ends`);
			if (fails) throw new Error(name);
			return name;
		};
	const all = await Promise.allSettled([lane.run(task("a")), lane.run(task("b", true)), lane.run(task("c"))]);
	assert.deepEqual(
		all.map((one) => one.status),
		["fulfilled", "rejected", "fulfilled"],
	);
	assert.deepEqual(seen, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("a task whose part fails ends when its other parts have ended: nothing runs beside the next task", async () => {
	const lane = createLane();
	const seen: string[] = [];
	const slow = async (): Promise<void> => {
		for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
		seen.push("the slow part ends");
	};
	const first = lane.run(() => together([Promise.reject(new Error("no room")), slow()]));
	const next = lane.run(() => Promise.resolve(seen.push("given back")));
	await assert.rejects(first, /no room/);
	await next;
	assert.deepEqual(seen, ["the slow part ends", "given back"]);
});

test("a metric that uci does not take out is named, and stays remembered until it is out", async () => {
	const delta = "/var/state/mwan3";
	const lines = "mwan3.wan_m1.metric='2'\nmwan3.wanb_m2.metric='7'\n";
	const files = fakeFiles({ [delta]: lines });
	const state = createStateFile(files, "/tmp/autonomy/steer.json", fakeLog());
	const ours = [{ member: "wan_m1", metric: 2, found: null }];
	state.set({ overrides: ours });
	let works = false;
	const processes = fakeProcesses((argv, { stdin = "" }) => {
		assert.deepEqual([...argv, stdin], ["uci", "-P", "/var/state", "-q", "batch", "revert mwan3.wan_m1.metric\n"]);
		// `uci -q batch` says nothing and ends with 0 whatever it could not do (measured).
		if (works) files.content.set(delta, "mwan3.wanb_m2.metric='7'\n");
		return {};
	});
	const driver = createMwan3Driver(createTools(processes), files, MWAN3_PATHS, state);
	assert.match(
		(await driver.override(new Map())) ?? "",
		/wan_m1 is still in \/var\/state\/mwan3 \(exit code 0\): "uci -P \/var\/state revert mwan3\.wan_m1\.metric"/,
	);
	assert.deepEqual(state.get().overrides, ours);
	works = true;
	assert.equal(await driver.override(new Map()), null);
	assert.deepEqual(state.get().overrides, []);
});

test("a full tmpfs is told once, and over when there is room again", () => {
	const files = fakeFiles();
	const log = fakeLog();
	const state = createStateFile(files, "/tmp/autonomy/steer.json", log);
	const override = { member: "wan_m", metric: 2, found: null };
	files.full = true;
	state.set({ overrides: [override] });
	state.set({ overrides: [override, { ...override, member: "wanb_m" }] });
	assert.match(state.problem() ?? "", /cannot be written .*free space in \/tmp/);
	assert.deepEqual(log.messages("warn"), ["steering state cannot be kept"]);
	files.full = false;
	state.set({ overrides: [override] });
	assert.equal(state.problem(), null);
	assert.deepEqual(parseMemory(files.readText("/tmp/autonomy/steer.json"))?.overrides, [override]);
	state.set({ overrides: [] });
	assert.equal(files.readTextIfAny("/tmp/autonomy/steer.json"), null);
});

function steererWith(script: RunScript, missing: readonly string[] = []) {
	const processes = fakeProcesses(script);
	for (const name of missing) processes.missing.add(name);
	const time = fakeTime();
	const platform = { ...time, files: fakeFiles(), processes } as unknown as Platform;
	const log = fakeLog();
	return { steerer: createSteerer({ platform, log }), processes, log, time };
}

const DISCOVERED: Discovered = { uplinks: [nthUplink("wan", 1), nthUplink("wanb", 2)], mwan3: null, problems: [] };

test("ip missing: nothing pretends to have worked", async () => {
	const { steerer } = steererWith(() => ({}), ["ip"]);
	await steerer.setDiscovered(DISCOVERED);
	const report = await steerer.apply(steer(planOf(["wanb"], ["wan"]), ["wan"]));
	assert.deepEqual([report.ok, report.verified, report.changed], [false, false, []]);
	assert.match(report.text, /ip is not installed/);
	assert.match(steerer.status().problems.join(), /source rules: ip is not installed/);
	steerer.close();
});

test("programs that cannot be started for once, or hang: what is ours there is not forgotten, the rest is given back", async () => {
	const path = "/tmp/autonomy/steer.json";
	const drain = { family: "ipv4", uplink: "wan", slot: 1, table: 9001, device: "eth1", address: "100.64.1.9" };
	const chains = { mask: 0x3f00, families: ["ipv4"], targets: [] };
	const noted = JSON.stringify({
		version: 1,
		memory: { rules: [], routes: [], overrides: [], drains: [drain], chains },
	});
	for (const trouble of ["no process", "hangs"] as const) {
		let isOver = false;
		const processes = fakeProcesses(([program]) => {
			if (isOver || !/^(ip6?tables.*-save|nft)$/.test(program)) return {};
			if (trouble === "hangs") return { code: null, timedOut: true };
			throw new AutonomyError("spawn_failed", `cannot start ${program}: EAGAIN`);
		});
		const files = fakeFiles({ [path]: noted });
		const platform = { ...fakeTime(), files, processes } as unknown as Platform;
		const giveBack = () => {
			const steerer = createSteerer({ platform, log: fakeLog(), stateFile: path });
			steerer.recover();
			return steerer.giveBack();
		};
		const first = await giveBack();
		assert.equal(first.ok, false);
		assert.match(first.problems.join("\n"), /mwan3's ipv4 chains cannot be read \(.*: run "mwan3 restart"/);
		const kept = parseMemory(files.readText(path));
		assert.deepEqual([kept?.chains, kept?.drains], [chains, [drain]], trouble);
		isOver = true;
		assert.equal((await giveBack()).ok, true);
		assert.equal(files.readTextIfAny(path), null);
	}
});

test("before anything is known a plan is refused, after giving back too", async () => {
	const { steerer } = steererWith(() => ({}));
	const early = await steerer.apply(steer(planOf(["wanb"])));
	assert.deepEqual([early.ok, early.text], [false, "no uplinks are known yet: nothing was changed"]);
	await steerer.giveBack();
	const late = await steerer.apply(steer(planOf(["wanb"])));
	assert.deepEqual([late.ok, late.text], [false, "the router has been given back"]);
});

test("a kernel that does not take the route: said, not verified", async () => {
	const route = "default via 100.64.1.1 dev eth1 proto static metric 10\ndefault via 100.64.2.1 dev eth2 metric 20\n";
	const answer = (argv: readonly string[]): Partial<RunResult> => {
		if (argv.includes("show")) return { stdout: argv[2] === "route" && argv[1] === "-4" ? route : "" };
		return argv[0] === "ip" ? { code: 2, stderr: "RTNETLINK answers: Network is unreachable\n" } : {};
	};
	const { steerer, log } = steererWith((argv) => answer(argv));
	await steerer.setDiscovered(DISCOVERED);
	const report = await steerer.apply(steer(planOf(["wanb"], ["wan"])));
	assert.deepEqual([report.ok, report.verified], [false, false]);
	assert.match(report.text, /Network is unreachable; the ipv4 main table is not as wanted/);
	assert.match(steerer.status().problems.join(), /the last change did not take/);
	assert.ok(log.messages("error").includes("steering failed"));
	steerer.close();
});

test("two uplinks over one device: its route is of the one that is up", async () => {
	const route = "default via 100.64.1.1 dev eth1 metric 10\ndefault via 100.64.2.1 dev eth2 metric 20\n";
	const { steerer } = steererWith((argv) =>
		argv.includes("show") && argv[1] === "-4" && argv[2] === "route" ? { stdout: route } : {},
	);
	const gone = nthUplink("old", 2, { order: 0, up: false }, { up: false, address: null });
	await steerer.setDiscovered({ ...DISCOVERED, uplinks: [gone, nthUplink("wan", 1), nthUplink("wanb", 2)] });
	await steerer.apply(steer(planOf(["wanb", "wan"])));
	assert.equal(
		steerer
			.status()
			.routes.find((one) => one.family === "ipv4")
			?.ours?.includes("dev eth2"),
		true,
	);
	steerer.close();
});

test("uplinks that share a metric are told: without us the router knows one of them alone", async () => {
	const { steerer } = steererWith(() => ({}));
	const uplinks = [
		nthUplink("wan", 1, {}, { metric: 0 }),
		nthUplink("wanb", 2, {}, { metric: 0 }),
		nthUplink("wanc", 3),
	];
	await steerer.setDiscovered({ ...DISCOVERED, uplinks });
	await steerer.apply(steer(planOf(["wan", "wanb", "wanc"])));
	const told = steerer.status().problems.filter((problem) => problem.includes("the same route metric"));
	assert.equal(told.length, 1);
	assert.match(told[0] ?? "", /^wan, wanb have the same route metric \(0\)/);
	await steerer.setDiscovered({ ...DISCOVERED, uplinks: [1, 2, 3].map((n) => nthUplink(`wan${n}`, n)) });
	assert.doesNotMatch(steerer.status().problems.join(), /route metric/);
	steerer.close();
});

test("what a sensor asks or finds changes the rules of its uplink, and nothing else is looked at for it", async () => {
	const { steerer, processes } = steererWith(() => ({}));
	await steerer.setDiscovered(DISCOVERED);
	await steerer.apply(steer(planOf(["wanb"], ["wan"])));
	const follow = async (change: Partial<Uplink>): Promise<string[]> => {
		const before = processes.runs.length;
		await steerer.setDiscovered({ ...DISCOVERED, uplinks: [nthUplink("wan", 1, change), nthUplink("wanb", 2)] });
		return processes.runs.slice(before).map((run) => run.argv.slice(1).join(" "));
	};
	const asked = await follow({ peer: { host: "192.168.100.1", direct: true } });
	assert.deepEqual(asked, ["-4 rule show", "-4 -force -batch -", "-4 rule show"]);
	assert.match(processes.runs.at(-2)?.stdin ?? "", /route replace 192\.168\.100\.1 dev eth1 table 9000/);
	const peer = { host: "192.168.100.1", direct: true };
	const found = await follow({ peer, class: "starlink", classReason: "a dish answers", medium: "lan" });
	// Rules this kernel never shows are tried again; the routes of the traffic are no matter.
	assert.ok(!found.some((one) => one.includes("route show")), found.join("; "));
	assert.ok(
		(await follow({ peer, device: "eth7" })).some((one) => one.includes("route show")),
		"another device",
	);
	steerer.close();
});

test("a look that finds all as it was writes nothing", async () => {
	const rules = new Map([
		["-4", new Set<string>()],
		["-6", new Set<string>()],
	]);
	const files = fakeFiles();
	const time = fakeTime();
	const processes = fakeProcesses((argv, { stdin = "" }) => {
		const lines = rules.get(argv[1] ?? "") ?? new Set();
		for (const [, pref, rest, table] of stdin.matchAll(/^rule add pref (\d+) (.*?) lookup (\S+)/gm)) {
			lines.add(`${pref}:\t${rest} lookup ${table}`);
		}
		return argv.includes("show") || stdin.includes("show") ? { stdout: [...lines].join("\n") } : {};
	});
	const steerer = createSteerer({ platform: { ...time, files, processes } as unknown as Platform, log: fakeLog() });
	const both = DISCOVERED.uplinks.map((one, at) => {
		const ipv6 = one.ipv4 && { ...one.ipv4, address: `2001:db8::${at + 1}`, gateway: "fe80::1" };
		return { ...one, ipv6 };
	});
	await steerer.setDiscovered({ ...DISCOVERED, uplinks: both });
	assert.equal(steerer.ways().length, 4);
	const before = files.writes;
	assert.ok(before > 0);
	for (let look = 0; look < 3; look++) {
		await time.advance(61_000);
		await steerer.reassert("timer");
	}
	assert.ok(processes.runs.some((run) => run.stdin.includes("route show default")));
	assert.equal(files.writes, before);
	steerer.close();
});

test("the same facts again start no process", async () => {
	const { steerer, processes } = steererWith(() => ({}));
	await steerer.setDiscovered(DISCOVERED);
	const before = processes.runs.length;
	assert.ok(before > 0);
	await steerer.setDiscovered({ ...DISCOVERED, problems: ["another word"] });
	assert.equal(processes.runs.length, before);
	steerer.close();
});

test("hostile device and address from outside reach no program", async () => {
	const evil = nthUplink("wan", 1);
	const bad: Uplink = { ...evil, ipv4: { ...evil.ipv4!, device: "eth1\nrule flush", gateway: "1.1.1.1; reboot" } };
	const { steerer, processes } = steererWith(() => ({}));
	await steerer.setDiscovered({ ...DISCOVERED, uplinks: [bad] });
	assert.ok(processes.runs.every((run) => !run.stdin.includes("flush") && !run.argv.join(" ").includes("reboot")));
	assert.match(steerer.status().problems.join(), /device name .* is refused/);
	steerer.close();
});

test("follow-up checks end by themselves and with close()", async () => {
	const { steerer, time } = steererWith(() => ({}));
	await steerer.setDiscovered(DISCOVERED);
	await steerer.reassert("ifup wan");
	assert.equal(time.pending(), 1);
	await time.advance(10_000);
	assert.equal(time.pending(), 0);
	void steerer.reassert("ifup wan");
	steerer.close();
	assert.equal(time.pending(), 0);
});

test("conntrack trips over a connection that has just ended: the rest is freed by another run, within bounds", async () => {
	const gone = "conntrack v1.4.7 (conntrack-tools): Operation failed: such conntrack doesn't exist";
	const done = "conntrack v1.4.7 (conntrack-tools): 12 flow entries have been deleted.";
	for (const [trips, expected] of [
		[2, { released: [{ uplink: "wan", family: "ipv4", flows: 12 }], notes: [] }],
		[99, { released: [], notes: [`conntrack -D for wan: ${gone}`] }],
	] as const) {
		let runs = 0;
		const processes = fakeProcesses(() => (runs++ < trips ? { code: 1, stderr: gone } : { stderr: done }));
		const releaser = createReleaser(createTools(processes), () => null);
		const wan = { id: "wan", ipv4: { address: "100.64.1.50" }, ipv6: null, mwan3: { ipv4: null, ipv6: null } };
		releaser.remember({ uplinks: [wan as unknown as Uplink], mwan3: null, problems: [] });
		const wish = [{ uplink: "wan", families: ["ipv4"] }] as const;
		assert.deepEqual(await releaser.release(wish, "ipv4", false, () => true), expected);
		assert.equal(runs, Math.min(trips + 1, 6));
	}
});
