/**
 * What the end-to-end tests share: a router (the lab's stand-ins, or the real userland OPENWRT_ROOT names), the daemon on
 * it as a child process, and words for what the network should look like. A file of tests uses one router; each test
 * leaves it as it found it.
 */
import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import type { TestContext } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import {
	type Autonomyd,
	bundleMissing,
	type DaemonOptions,
	defaultEngine,
	hostBus,
	type LogLine,
	startAutonomyd,
} from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { nowMs, type Traffic } from "../../lab/net/lab.ts";
import type { LabOptions } from "../../lab/net/plan.ts";
import { missing } from "../../lab/net/possible.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { defaultRuntime } from "../../lab/runtime.ts";
import { createWorld, type World } from "../../lab/scenario/world.ts";
import type { RouterUnderTest } from "../../lab/under-test.ts";
import { ONCE_MORE } from "../support/events.ts";

/** What things are tidied up after: a test, or one attempt of it (undisturbed). */
export interface Scope {
	after(tidy: () => unknown): void;
}

export interface Bench {
	readonly router: RouterUnderTest;
	readonly bus: Bus;
	readonly world: World;
	/**
	 * Starts a daemon that is stopped after the test if it still runs. It knows nothing of the ones before, unless it is
	 * to find what they left.
	 */
	daemon(t: Scope, options?: DaemonOptions & { readonly inherits?: boolean }): Promise<Autonomyd>;
	/** The one that was started last. */
	latest(): Autonomyd | null;
	/** A LAN client that is stopped after the test. */
	traffic(t: Scope, options?: Parameters<RouterUnderTest["lab"]["traffic"]>[0]): Promise<Traffic>;
	close(): Promise<void>;
}

/** For the texts of failures: what the kernel and mwan3 say when traffic does not go where it should. */
let inUse: RouterUnderTest | null = null;
/** How the daemon of the test before ended. */
let before = "";

async function situation(): Promise<string> {
	const looks = [
		"iptables -t mangle -S | grep policy",
		"head /var/run/mwan3/iface_state/*",
		"cat /var/state/mwan3",
		"ip rule",
		"ip route show table all default",
	];
	const result = await inUse?.run([
		"sh",
		"-c",
		looks.map((look) => `echo "$ ${look.replaceAll('"', "")}"; ${look}`).join("; "),
	]);
	return `${result?.stdout ?? ""}\nthe daemon before this one ended with:\n${before}`;
}

/** What QuickJS lacks in the real userland OPENWRT_ROOT names; null when nothing, or when there is none. */
function rootLacks(): string | null {
	const root = process.env.OPENWRT_ROOT ?? "";
	if (root === "" || defaultEngine() !== "quickjs" || defaultRuntime() === "static") return null;
	const places = ["usr/bin", "usr/sbin", "bin", "sbin"].map((folder) => `${root}/${folder}/socat`);
	if (places.some((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined)) return null;
	return `${root} has no socat, which QuickJS has no sockets without: install it there, or AUTONOMY_RUNTIME=static`;
}

/** Why there can be no end-to-end test here; null when there can. */
export function impossible(): string | null {
	return missing()[0] ?? bundleMissing(REPO) ?? rootLacks();
}

async function startRouter(options: LabOptions): Promise<RouterUnderTest> {
	const root = process.env.OPENWRT_ROOT;
	if (root === undefined || root === "") return startStandIn(options);
	const { startOpenwrt } = await import("../../lab/router/openwrt.ts");
	return startOpenwrt(root, options);
}

export async function openBench(options: LabOptions = {}): Promise<Bench> {
	// Uplinks count from their first second: waiting for them is no subject of these tests.
	const config = { autonomy: "config autonomy 'main'\n\toption min_uptime_s '1'\n", ...options.config };
	const router = await startRouter({ ...options, config });
	inUse = router;
	const bus = hostBus(router);
	const world = createWorld(router);
	let latest: Autonomyd | null = null;
	return {
		router,
		bus,
		world,
		async daemon(t, { inherits = false, ...daemonOptions } = {}) {
			if (!inherits) await router.run(["rm", "-rf", "/tmp/autonomy"]);
			const started = await startAutonomyd(router, bus, daemonOptions);
			const daemon: Autonomyd = {
				...started,
				until: (what, condition, limitMs) => started.until(what, condition, limitMs * PATIENCE),
			};
			latest = daemon;
			t.after(async () => {
				if (!daemon.process.ended) await daemon.stop();
				before = daemon.process.tail.slice(-12).join("\n");
			});
			return daemon;
		},
		latest: () => latest,
		async traffic(t, trafficOptions) {
			const traffic = await router.lab.traffic(trafficOptions);
			t.after(() => traffic.stop());
			return traffic;
		},
		async close() {
			bus.close();
			await router.close();
		},
	};
}

/** Name of the netifd interface towards an ISP. */
export function uplink(bench: Bench, isp: number): string {
	return bench.router.lab.plan.isps[isp - 1]?.interface ?? "";
}

/** Waits until all uplinks (or those named) may carry traffic and the traffic is on `current`. */
export async function ready(bench: Bench, daemon: Autonomyd, current = 1, isps?: readonly number[]): Promise<void> {
	const names = (isps ?? bench.router.lab.plan.isps.map((isp) => isp.index)).map((isp) => uplink(bench, isp));
	await daemon.until(
		`traffic on ${uplink(bench, current)}, eligible: ${names.join(", ")}`,
		async () => {
			const status = await daemon.status();
			return (
				status.current === uplink(bench, current) &&
				names.every((name) => status.rank.some((one) => one.name === name && one.state === "eligible"))
			);
		},
		READY_MS,
	);
}

/**
 * On a starved machine a daemon can take its own standstill for loss; a standby must then prove itself with a hundred good
 * probes, at the slow pace of one that is not in use.
 */
export const READY_MS = 60_000;

/**
 * Limits are written for a machine that does nothing else; this is how much slower one may be that runs tests. Benches
 * measure how long things take.
 */
const PATIENCE = 5;

/** Waits until new flows of the client come through this ISP. */
export function flowsVia(traffic: Traffic, isp: number, limitMs: number, daemon?: Autonomyd): Promise<void> {
	return comes(traffic, "fresh", isp, limitMs, daemon);
}

/** Waits until the flow that is open all the while comes through this ISP: it must not be stuck on another one. */
export function openFlowVia(traffic: Traffic, isp: number, limitMs: number, daemon?: Autonomyd): Promise<void> {
	return comes(traffic, "open", isp, limitMs, daemon);
}

async function comes(
	traffic: Traffic,
	which: "fresh" | "open",
	isp: number,
	limitMs: number,
	daemon?: Autonomyd,
): Promise<void> {
	const deadline = nowMs() + limitMs * PATIENCE;
	let seen: number | null = null;
	while (nowMs() < deadline) {
		const { [which]: newest, nowMs: now } = await traffic.peek();
		seen = newest.isp;
		if (seen === isp && newest.atMs !== null && now - newest.atMs < 500) return;
		await new Promise((resolve) => setTimeout(resolve, 30));
	}
	const flows = which === "fresh" ? "new flows still use" : "the open flow still uses";
	const seen_ = seen === null ? "nobody" : `ISP ${seen}`;
	assert.fail(
		`after ${limitMs * PATIENCE} ms ${flows} ${seen_}, not ISP ${isp}\n${daemon?.describe() ?? ""}\n${await situation()}`,
	);
}

type Decision = Reply<"decisions">["decisions"][number];

/**
 * The decisions that moved the traffic. That a standby, or one family, left or rejoined the usable ones is a decision too
 * (kind "avoid"), and on a machine that stands still now and then there are some: they move nobody.
 */
async function moves(daemon: Autonomyd): Promise<Decision[]> {
	const { decisions } = await daemon.call<Reply<"decisions">>("decisions", { limit: 200 });
	return decisions.filter(({ kind }) => kind !== "avoid" && kind !== "none");
}

/** The same, to be compared: without their time, which is the wall clock's of the moment they are asked for. */
export async function moveList(daemon: Autonomyd): Promise<string[]> {
	return (await moves(daemon)).map(({ id, text }) => `${id}: ${text}`);
}

/** The newest move of the traffic to that uplink; waits for it, as flows may be there before the decision is told. */
export async function movedTo(daemon: Autonomyd, to: string): Promise<Decision> {
	let found: Decision | undefined;
	await daemon.until(
		`a decision that moved the traffic to ${to}`,
		async () => {
			found = (await moves(daemon)).find((one) => one.to === to && one.from !== to);
			return found !== undefined;
		},
		10_000,
	);
	assert.ok(found);
	return found;
}

/** Waits for a line of the log: what the daemon wrote takes another way to us than what it answers. */
export async function logged(daemon: Autonomyd, what: string, isIt: (line: LogLine) => boolean): Promise<void> {
	await daemon.until(what, () => Promise.resolve(daemon.log.some(isIt)), 20_000);
}

/** How long the daemon waited for a processor, as a multiple of how long it had one; null: this kernel does not tell. */
export async function starvation(router: RouterUnderTest, daemon: Autonomyd): Promise<number | null> {
	const { stdout } = await router.run(["cat", `/proc/${daemon.process.pid}/schedstat`]);
	const [workedNs = 0, waitedNs = 0] = stdout.split(" ").map(Number);
	return workedNs > 0 ? waitedNs / workedNs : null;
}

/** Half as fast as it could be. */
export const STARVED = 1;
const ATTEMPTS = 3;

/**
 * For what must not happen, or must be done before something else happens: nobody moves, traffic leaves in time. Probes and
 * the programs that ask take their time on a machine that is too busy for its daemons, and look like dead uplinks then. So
 * where it fails, and the daemon had to wait for its processor for as long as it worked, that proves nothing, and all is done
 * once more with another daemon. Where it had its processor the first failure counts.
 */
export async function undisturbed(
	bench: Bench,
	t: TestContext,
	body: (scope: Scope) => Promise<void>,
	attempts = ATTEMPTS,
): Promise<void> {
	const tidies: (() => unknown)[] = [];
	try {
		await body({ after: (tidy) => void tidies.push(tidy) });
	} catch (error) {
		const daemon = bench.latest();
		const waited = daemon === null || daemon.process.ended ? null : await starvation(bench.router, daemon);
		if (attempts <= 1 || waited === null || waited < STARVED) throw error;
		// Not a diagnostic, which is shown to nobody: test/run.ts repeats it at its end.
		console.error(
			`${ONCE_MORE} the daemon waited for its processor ${waited.toFixed(1)} times as long as it had one: "${t.name}": ${String(error).split("\n", 1)[0]}`,
		);
		for (const tidy of tidies.splice(0)) await tidy();
		await undisturbed(bench, t, body, attempts - 1);
	} finally {
		for (const tidy of tidies) await tidy();
	}
}

/** Fails with the lines that are there now and were not, or the other way round. */
export async function assertGivenBack(
	router: RouterUnderTest,
	found: Record<string, string>,
	when = "",
): Promise<void> {
	const now = await fingerprint(router);
	const more: string[] = [];
	for (const [name, text] of Object.entries(found)) {
		const was = text.split("\n");
		const is = (now[name] ?? "").split("\n");
		more.push(...is.filter((line) => !was.includes(line)).map((line) => `${name}: new: ${line}`));
		more.push(...was.filter((line) => !is.includes(line)).map((line) => `${name}: gone: ${line}`));
	}
	assert.deepEqual(more, [], when);
}

/** What of the kernel and of UCI the daemon may touch; equal before it starts and after it has left. */
export async function fingerprint(router: RouterUnderTest): Promise<Record<string, string>> {
	const commands: Record<string, readonly string[]> = {
		rules4: ["ip", "-4", "rule"],
		rules6: ["ip", "-6", "rule"],
		routes4: ["ip", "-4", "route", "show", "table", "all", "type", "unicast"],
		routes6: ["ip", "-6", "route", "show", "table", "all", "type", "unicast"],
		mangle4: ["iptables-save", "-t", "mangle"],
		mangle6: ["ip6tables-save", "-t", "mangle"],
		state: ["sh", "-c", "cat /var/state/mwan3 2>/dev/null"],
	};
	const out: Record<string, string> = {};
	for (const [name, argv] of Object.entries(commands)) {
		const { stdout } = await router.run(argv);
		out[name] = stdout
			.split("\n")
			// Comments carry a date, lifetimes count down, link-local routes come and go with the links.
			.filter((line) => !line.startsWith("#") && !line.startsWith("fe80:"))
			.map((line) =>
				line
					.replace(/\[\d+:\d+\]/, "[0:0]")
					.replace(/ expires \d+sec/, "")
					.trim(),
			)
			.sort()
			.join("\n");
	}
	return out;
}
