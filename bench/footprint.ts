/**
 * What the daemon costs at rest: memory, CPU and wake-ups of the daemon and everything it started, over a minute, with 4
 * and with 16 uplinks; how long from start to the first verdict; bytes of the bundle; probe bytes a day. Measured from
 * /proc on the virtual router with the default configuration; engines are called with the flags the installed wrapper uses.
 *
 * Options: --engine quickjs|node (default: both, one after the other), --seconds N (default 60), --uplinks 4,16,
 * --flags='--a --b' (others for Node than those of the wrapper, to compare).
 */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { pace } from "../daemon/probe/budget.ts";
import { BUNDLE, type Engine, engineFlags, findQjs, hostBus, QJS_BUNDLE, startAutonomyd } from "../lab/autonomyd.ts";
import { nowMs } from "../lab/net/lab.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import type { RouterUnderTest } from "../lab/under-test.ts";

/** USER_HZ: what /proc/PID/stat counts in, on every Linux platform of today. */
export const TICKS_PER_S = 100;

export interface Usage {
	readonly rssKb: number;
	readonly anonKb: number;
	readonly pssKb: number;
	readonly cpuTicks: number;
	readonly wakeups: number;
	readonly processes: number;
}

interface Footprint {
	readonly rss_kb: number;
	readonly anon_kb: number;
	readonly daemon_rss_kb: number;
	readonly daemon_anon_kb: number;
	readonly pss_kb: number;
	readonly cpu_pct: number;
	readonly wakeups_per_s: number;
	readonly daemon_cpu_pct: number;
	readonly daemon_wakeups_per_s: number;
	readonly start_ms: number;
	readonly processes: number;
}

export const nodeFlags = (): string[] => engineFlags("node");

/** One look at every process of the router, cut into parts by markers. */
const LOOK = `for d in /proc/[0-9]*; do
	[ -r $d/stat ] || continue
	echo "@pid \${d#/proc/}"; cat $d/stat 2>/dev/null
	grep -E '^(Rss|Pss|Anonymous):' $d/smaps_rollup 2>/dev/null
	for t in $d/task/*; do grep -E '^voluntary_ctxt_switches' $t/status 2>/dev/null; done
done`;

interface Process extends Usage {
	readonly pid: number;
	readonly parent: number;
}

function parseLook(text: string): Process[] {
	return text
		.split("@pid ")
		.slice(1)
		.map((part) => {
			const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(part)?.[1] ?? 0);
			// Fields after the name, which may hold spaces: state, ppid, ... utime is the 12th of them, then stime.
			const fields = part.slice(part.lastIndexOf(")") + 2).split(" ");
			const switches = [...part.matchAll(/^voluntary_ctxt_switches:\s+(\d+)/gm)];
			return {
				pid: Number(part.slice(0, part.indexOf("\n"))),
				parent: Number(fields[1]),
				rssKb: number("Rss"),
				pssKb: number("Pss"),
				anonKb: number("Anonymous"),
				// Own time, and that of children that have ended (bursts).
				cpuTicks: [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0),
				wakeups: switches.reduce((sum, one) => sum + Number(one[1]), 0),
				processes: 1,
			};
		});
}

export async function usage(router: RouterUnderTest, root: number): Promise<{ all: Usage; daemon: Usage }> {
	const { stdout } = await router.run(["sh", "-c", LOOK]);
	const everyone = parseLook(stdout);
	const ours = new Set([root]);
	for (let size = 0; size !== ours.size; ) {
		size = ours.size;
		for (const one of everyone) if (ours.has(one.parent)) ours.add(one.pid);
	}
	const family = everyone.filter((one) => ours.has(one.pid));
	const sum = (key: keyof Usage): number => family.reduce((total, one) => total + one[key], 0);
	const daemon = family.find((one) => one.pid === root);
	if (!daemon) throw new Error("the daemon ended while it was measured");
	const all = {
		rssKb: sum("rssKb"),
		anonKb: sum("anonKb"),
		pssKb: sum("pssKb"),
		cpuTicks: sum("cpuTicks"),
		wakeups: sum("wakeups"),
		processes: family.length,
	};
	return { all, daemon };
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function measure(engine: Engine, uplinks: number, seconds: number, flags: readonly string[]): Promise<Footprint> {
	const router = await startStandIn({ layout: "mwan3", isps: uplinks });
	const bus = hostBus(router);
	try {
		const startedAt = nowMs();
		let firstVerdict: number | null = null;
		const daemon = await startAutonomyd(router, bus, { engine, nodeArgs: flags });
		const pid = daemon.process.pid;
		if (pid === null) throw new Error("the daemon did not start");
		await daemon.until(
			"a first verdict, then every uplink good",
			async () => {
				const { rank, current } = await daemon.status();
				// A score means that probes were answered and judged.
				if (current !== undefined && rank.some((one) => one.final !== undefined)) firstVerdict ??= nowMs();
				return rank.length === uplinks && rank.every((one) => one.state === "eligible");
			},
			60_000,
		);
		// Start-up allocates more than the daemon needs later: let it settle.
		await new Promise((resolve) => setTimeout(resolve, 5000));
		const before = await usage(router, pid);
		const from = nowMs();
		await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
		const after = await usage(router, pid);
		const elapsedS = (nowMs() - from) / 1000;
		const cpuPct = (of: "all" | "daemon"): number =>
			round(((after[of].cpuTicks - before[of].cpuTicks) / TICKS_PER_S / elapsedS) * 100);
		const perS = (of: "all" | "daemon"): number => round((after[of].wakeups - before[of].wakeups) / elapsedS);
		await daemon.stop();
		return {
			rss_kb: after.all.rssKb,
			anon_kb: after.all.anonKb,
			daemon_rss_kb: after.daemon.rssKb,
			daemon_anon_kb: after.daemon.anonKb,
			pss_kb: after.all.pssKb,
			cpu_pct: cpuPct("all"),
			wakeups_per_s: perS("all"),
			daemon_cpu_pct: cpuPct("daemon"),
			daemon_wakeups_per_s: perS("daemon"),
			start_ms: Math.round((firstVerdict ?? nowMs()) - startedAt),
			processes: after.all.processes,
		};
	} finally {
		bus.close();
		await router.close();
	}
}

function bytesPerDay(metered: boolean, role: "active" | "standby"): number {
	return pace({
		mode: "balanced",
		metered,
		role,
		families: [{ family: "ipv4", method: "icmp" }],
		overBudget: false,
		intervalMs: null,
		bytesPerDay: null,
	}).steadyBytesPerDay;
}

async function measureEngine(engine: Engine, values: { uplinks: number[]; seconds: number; flags: string[] }) {
	const result: Record<string, unknown> = {};
	console.error(engine === "node" ? `node ${process.version} ${values.flags.join(" ")}` : `quickjs ${findQjs().path}`);
	console.error("all processes, in brackets the daemon alone");
	console.error("uplinks  processes    rss MB     pss MB        anon MB           cpu %      wake-ups/s  start ms");
	for (const count of values.uplinks) {
		const one = await measure(engine, count, values.seconds, values.flags);
		result[`uplinks${count}`] = one;
		const mb = (kb: number): string => (kb / 1024).toFixed(1);
		const both = (all: unknown, daemon: unknown): string => `${String(all)} (${String(daemon)})`.padStart(15);
		const cells = [
			both(mb(one.rss_kb), mb(one.daemon_rss_kb)),
			mb(one.pss_kb).padStart(8),
			both(mb(one.anon_kb), mb(one.daemon_anon_kb)),
			both(one.cpu_pct, one.daemon_cpu_pct),
			both(one.wakeups_per_s, one.daemon_wakeups_per_s),
		];
		const [processes, start] = [String(one.processes).padStart(10), String(one.start_ms).padStart(9)];
		console.error(`${String(count).padStart(7)} ${processes} ${cells.join("")} ${start}`);
	}
	const bundle = engine === "node" ? BUNDLE : QJS_BUNDLE;
	return { ...result, bundle_bytes: statSync(bundle).size, parts_bytes: partsBytes(bundle) };
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			engine: { type: "string" },
			seconds: { type: "string", default: "60" },
			uplinks: { type: "string", default: "4,16" },
			flags: { type: "string" },
		},
		strict: false,
	});
	const how = {
		flags: typeof values.flags === "string" ? values.flags.split(/\s+/).filter(Boolean) : nodeFlags(),
		uplinks: String(values.uplinks).split(",").map(Number),
		seconds: Number(values.seconds) || 60,
	};
	const engines: Engine[] =
		values.engine === "quickjs" || values.engine === "node" ? [values.engine] : ["quickjs", "node"];
	const result: Record<string, unknown> = {};
	for (const engine of engines) {
		if (engine === "quickjs" && findQjs().path === null) console.error(findQjs().why);
		else result[engine] = await measureEngine(engine, how);
	}
	const probeBytes = {
		metered_standby: bytesPerDay(true, "standby"),
		metered_active: bytesPerDay(true, "active"),
		unmetered_standby: bytesPerDay(false, "standby"),
		unmetered_active: bytesPerDay(false, "active"),
	};
	console.error(`probe bytes a day, steady, one family: ${JSON.stringify(probeBytes)}`);
	return { ...result, probe_bytes_per_day: probeBytes };
}

/** What the entry loads, at once or when it is needed: parts of its own, and those both engines share. */
function partsBytes(bundle: string): number {
	const folders = [bundle.replace(/\.m?js$/, ""), join(dirname(bundle), "autonomyd.core")];
	return folders
		.flatMap((folder) => readdirSync(folder).map((name) => statSync(join(folder, name)).size))
		.reduce((sum, bytes) => sum + bytes, 0);
}
