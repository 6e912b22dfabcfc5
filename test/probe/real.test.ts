/** Real fping and ping over real packets: two namespaces, one veth pair, targets on the far side's loopback. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after, before, type TestContext } from "node:test";
import type { Observation, ReachObservation } from "../../daemon/health/types.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import type { Argv, Platform } from "../../daemon/platform/platform.ts";
import { parseNetDev } from "../../daemon/probe/passive.ts";
import { createProber, type Prober } from "../../daemon/probe/prober.ts";
import { DEFAULT_PROBE_SETTINGS } from "../../daemon/probe/settings.ts";
import type { Uplink } from "../../daemon/uplink/types.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { familyLink, uplink as uplinkOf } from "../support/uplink.ts";

const NEAR = `pr${process.pid}a`;
const FAR = `pr${process.pid}b`;
const TARGETS4 = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
const TARGETS6 = DEFAULT_PROBE_SETTINGS.targets.ipv6;
let whyNot: string | null = null;

const ip = (...words: string[]): string =>
	execFileSync("ip", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

before(() => {
	if (process.getuid?.() !== 0) whyNot = "network namespaces need root";
	else if (spawnSync("fping", ["-v"]).error) whyNot = "fping is not installed";
	else if (spawnSync("ip", ["netns", "add", NEAR]).status !== 0) whyNot = "this machine allows no network namespaces";
	if (whyNot !== null) return;
	ip("netns", "add", FAR);
	ip("link", "add", "up0", "netns", NEAR, "type", "veth", "peer", "name", "isp0", "netns", FAR);
	for (const [space, device, host] of [
		[NEAR, "up0", "2"],
		[FAR, "isp0", "1"],
	] as const) {
		ip("-n", space, "link", "set", "lo", "up");
		ip("-n", space, "link", "set", device, "up");
		ip("-n", space, "addr", "add", `10.77.0.${host}/24`, "dev", device);
		ip("-n", space, "addr", "add", `fd77::${host}/64`, "dev", device, "nodad");
	}
	for (const target of TARGETS4) ip("-n", FAR, "addr", "add", `${target}/32`, "dev", "lo");
	for (const target of TARGETS6) ip("-n", FAR, "addr", "add", `${target}/128`, "dev", "lo", "nodad");
	routes("add");
});

after(() => {
	for (const space of [NEAR, FAR]) spawnSync("ip", ["netns", "del", space]);
});

function routes(verb: "add" | "replace"): void {
	ip("-n", NEAR, "route", verb, "default", "via", "10.77.0.1", "dev", "up0");
	ip("-n", NEAR, "-6", "route", verb, "default", "via", "fd77::1", "dev", "up0");
}

/** Everything to the targets vanishes at the ISP, without a word; or, with "prohibit", with an ICMP error. */
function dark(kind: "blackhole" | "prohibit" | null): void {
	for (const target of TARGETS4) {
		spawnSync("ip", ["-n", FAR, "rule", "del", "to", target, "pref", "1"], { stdio: "ignore" });
		if (kind) ip("-n", FAR, "rule", "add", "to", target, "pref", "1", kind);
	}
	// The local table is asked first: step aside for rule 1.
	spawnSync("ip", ["-n", FAR, "rule", "del", "pref", "0"], { stdio: "ignore" });
	spawnSync("ip", ["-n", FAR, "rule", "add", "pref", "10", "table", "local"], { stdio: "ignore" });
}

/** The node platform whose programs start inside the router's namespace. */
function platformIn(programs: Readonly<Record<string, string | null>> = {}): Platform {
	const base = createNodePlatform();
	return {
		...base,
		processes: {
			...base.processes,
			find: (name) => (name in programs ? (programs[name] ?? null) : base.processes.find(name)),
			start: (argv: Argv, handlers, options) =>
				base.processes.start(["ip", "netns", "exec", NEAR, ...argv], handlers, options),
		},
	};
}

const LINK = familyLink({ device: "up0", address: "10.77.0.2", gateway: "10.77.0.1" });
const UPLINK = uplinkOf({ proto: "static", device: "up0", lowerDevice: "up0", ipv4: LINK });

interface Watched {
	readonly prober: Prober;
	readonly seen: Observation[];
	/** The first verdict of that kind from now on. */
	next(verdict: ReachObservation["verdict"], family?: "ipv4" | "ipv6"): Promise<ReachObservation>;
	until(what: string, condition: () => boolean): Promise<void>;
}

function watched(platform: Platform, uplink: Uplink = UPLINK): Watched {
	const prober = createProber({ platform, log: fakeLog(), settings: { ...DEFAULT_PROBE_SETTINGS, dnsName: "" } });
	const seen: Observation[] = [];
	prober.onObservation((observation) => seen.push(observation));
	prober.setUplinks([uplink]);
	prober.setActive(["wan"]);
	const until = async (what: string, condition: () => boolean): Promise<void> => {
		const limit = performance.now() + 60_000;
		while (!condition()) {
			assert.ok(performance.now() < limit, `waited 60 s for: ${what}`);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	};
	return {
		prober,
		seen,
		until,
		async next(verdict, family = "ipv4") {
			const from = seen.length;
			let found: ReachObservation | undefined;
			await until(`${family} ${verdict}`, () => {
				for (const one of seen.slice(from)) {
					if (one.kind === "reach" && one.family === family && one.verdict === verdict) found = one;
				}
				return found !== undefined;
			});
			assert.ok(found);
			return found;
		},
	};
}

function skipped(t: TestContext): boolean {
	if (whyNot !== null) t.skip(whyNot);
	return whyNot !== null;
}

test("fping: up, blackhole is dead though the gateway answers, back again; IPv6 apart", async (t) => {
	if (skipped(t)) return;
	const six = { ...LINK, address: "fd77::2", gateway: "fd77::1" };
	const one = watched(platformIn(), { ...UPLINK, ipv6: six });
	try {
		await one.until(
			"both up",
			() => one.prober.verdict("wan", "ipv4") === "up" && one.prober.verdict("wan", "ipv6") === "up",
		);
		dark("blackhole");
		const dead = await one.next("dead");
		assert.equal(dead.evidence.gateway, "answers");
		assert.equal(dead.evidence.targetsAnswered, 0);
		assert.equal(one.prober.verdict("wan", "ipv6"), "up");
		assert.ok(one.seen.some((seen) => seen.kind === "probe" && seen.rttMs === null && seen.family === "ipv4"));
		dark(null);
		await one.next("up");
		const [status] = one.prober.status();
		assert.equal(status?.method, "fping");
		assert.equal(status?.text, null);
		assert.ok((status?.bytesToday ?? 0) > 1000);
	} finally {
		dark(null);
		one.prober.close();
	}
});

test("fping: refused by a router on the way, and the device going down without a word", async (t) => {
	if (skipped(t)) return;
	const one = watched(platformIn());
	try {
		await one.next("up");
		dark("prohibit");
		await one.next("dead");
		dark(null);
		await one.next("up");
		ip("-n", NEAR, "link", "set", "up0", "down");
		await one.next("dead");
		ip("-n", NEAR, "link", "set", "up0", "up");
		ip("-n", NEAR, "addr", "replace", "fd77::2/64", "dev", "up0", "nodad");
		routes("replace");
		await one.next("up");
	} finally {
		dark(null);
		one.prober.close();
	}
});

test("fping killed: said, started again, and no verdict from it", async (t) => {
	if (skipped(t)) return;
	const one = watched(platformIn());
	try {
		await one.next("up");
		const from = one.seen.length;
		const pids = ip("netns", "pids", NEAR).trim().split("\n").map(Number);
		assert.equal(pids.length >= 1, true);
		for (const pid of pids) process.kill(pid, "SIGKILL");
		await one.until("a word in status", () => /fping ended \(it was killed/.test(one.prober.status()[0]?.text ?? ""));
		await one.until("well again", () => one.prober.status()[0]?.text === null);
		assert.ok(one.seen.slice(from).every((seen) => seen.kind !== "reach" || seen.verdict !== "dead"));
	} finally {
		one.prober.close();
	}
});

test("an fping that speaks nonsense: ping stands in, and the link is still judged", async (t) => {
	if (skipped(t)) return;
	const folder = mkdtempSync(`${tmpdir()}/probe-`);
	const fake = `${folder}/fping`;
	writeFileSync(
		fake,
		"#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo core meltdown $i; done\nexec sleep 60\n",
	);
	chmodSync(fake, 0o755);
	const one = watched(platformIn({ fping: fake }));
	try {
		await one.until("ping", () => one.prober.status()[0]?.method === "ping");
		await one.until("up", () => one.prober.verdict("wan", "ipv4") === "up");
	} finally {
		one.prober.close();
		rmSync(folder, { recursive: true });
	}
});

for (const [name, program] of [
	["busybox", "busybox"],
	["iputils", null],
] as const) {
	test(`no fping: ${name} ping finds the blackhole and the return`, async (t) => {
		if (skipped(t)) return;
		const folder = mkdtempSync(`${tmpdir()}/probe-`);
		const programs: Record<string, string | null> = { fping: null };
		if (program !== null) {
			if (spawnSync("busybox", ["--list"]).error) return t.skip("busybox is not installed");
			writeFileSync(`${folder}/ping`, '#!/bin/sh\nexec busybox ping "$@"\n');
			chmodSync(`${folder}/ping`, 0o755);
			programs.ping = `${folder}/ping`;
		}
		const one = watched(platformIn(programs));
		try {
			await one.next("up");
			dark("blackhole");
			await one.next("dead");
			dark(null);
			await one.next("up");
			assert.equal(one.prober.status()[0]?.method, "ping");
		} finally {
			dark(null);
			one.prober.close();
			rmSync(folder, { recursive: true });
		}
	});
}

test("the kernel's own counters are understood", (t) => {
	if (skipped(t)) return;
	const text = execFileSync("ip", ["netns", "exec", NEAR, "cat", "/proc/net/dev"], { encoding: "utf8" });
	const found = parseNetDev(text, new Set(["up0"])).get("up0");
	assert.ok(found && found.txPackets > 0 && found.rxBytes > 0);
});

test("nothing is left running", async (t) => {
	if (skipped(t)) return;
	const limit = performance.now() + 30_000;
	while (ip("netns", "pids", NEAR).trim() !== "" && performance.now() < limit) {
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	assert.equal(ip("netns", "pids", NEAR).trim(), "");
});
