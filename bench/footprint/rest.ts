/**
 * The daemon at rest on the lab's router: how long until the first verdict, then, after every uplink was found good and the
 * dish answered, memory, CPU and wake-ups over some time.
 */
import { type Engine, hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { placeDish } from "../../lab/dish/place.ts";
import { nowMs } from "../../lab/net/lab.ts";
import type { LabOptions } from "../../lab/net/plan.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import type { Runtime } from "../../lab/runtime.ts";
import { type Program, TICKS_PER_S, type Usage, usage } from "./usage.ts";

export interface RestOptions {
	readonly engine: Engine;
	readonly runtime: Runtime;
	readonly uplinks: number;
	/** For Node. */
	readonly flags: readonly string[];
	/** As installed, and nothing behind the uplinks that a sensor could ask. */
	readonly plain: boolean;
}

export interface AtRest {
	readonly rss_kb: number;
	readonly pss_kb: number;
	readonly alone_kb: number;
	readonly anon_kb: number;
	readonly daemon_rss_kb: number;
	readonly daemon_anon_kb: number;
	readonly cpu_pct: number;
	readonly daemon_cpu_pct: number;
	readonly wakeups_per_s: number;
	readonly daemon_wakeups_per_s: number;
	readonly start_ms: number;
	readonly processes: number;
	readonly programs: readonly Program[];
	/** Sensors that answer, "wan starlink". */
	readonly sensors: readonly string[];
}

const DISH = 1;
const MODEM = 2;
const RADIO = 4;
/** All that both engines can do; the lab's radio has a wire's name. */
export const ALL_ON = `config autonomy 'main'
config gps 'gps'
	option enabled '1'
config notifications 'webhook'
	option enabled '1'
	option url 'http://198.51.100.7/autonomy'
	option allow_private '1'
config member 'wand'
	option class 'wifi'
`;

function layout({ uplinks, plain }: RestOptions): LabOptions {
	if (plain) return { layout: "mwan3", isps: uplinks };
	const there = (isp: number): number[] => (isp <= uplinks ? [isp] : []);
	return {
		layout: "mwan3",
		isps: uplinks,
		modems: there(MODEM),
		radios: there(RADIO),
		receiver: "rutos",
		config: { autonomy: ALL_ON },
	};
}

const round = (value: number): number => Math.round(value * 100) / 100;
/** A daemon that is up, to be measured beside others over the same time. */
export interface Resting {
	/** From now on it counts. */
	begin(): Promise<void>;
	end(): Promise<AtRest>;
	close(): Promise<void>;
}

export async function startResting(options: RestOptions): Promise<Resting> {
	const { uplinks, engine, runtime, flags } = options;
	const router = await startStandIn(layout(options));
	const bus = hostBus(router);
	const close = async (): Promise<void> => {
		bus.close();
		await router.close();
	};
	try {
		if (!options.plain) await placeDish(router.lab, DISH);
		const startedAt = nowMs();
		let firstVerdict: number | null = null;
		const daemon = await startAutonomyd(router, bus, { engine, runtime, nodeArgs: flags });
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
			300_000,
		);
		const answering = async (): Promise<string[]> =>
			(await daemon.members()).flatMap((one) =>
				one.sensors.filter((sensor) => sensor.state === "ok").map((sensor) => `${one.name} ${sensor.sensor}`),
			);
		if (!options.plain) {
			const isDish = (sensor: string): boolean => sensor.endsWith(" starlink");
			await daemon.until("the dish answers", async () => (await answering()).some(isDish), 60_000);
		}
		let from = nowMs();
		let before = await usage(router, pid);
		return {
			async begin() {
				before = await usage(router, pid);
				from = nowMs();
			},
			async end() {
				const after = await usage(router, pid);
				const elapsedS = (nowMs() - from) / 1000;
				const cpuPct = (of: "all" | "daemon"): number =>
					round(((after[of].cpuTicks - before[of].cpuTicks) / TICKS_PER_S / elapsedS) * 100);
				const perS = (of: "all" | "daemon", key: keyof Usage): number =>
					round((after[of][key] - before[of][key]) / elapsedS);
				const sensors = await answering();
				await daemon.stop();
				return {
					rss_kb: after.all.rssKb,
					pss_kb: after.all.pssKb,
					alone_kb: after.aloneKb,
					anon_kb: after.all.anonKb,
					daemon_rss_kb: after.daemon.rssKb,
					daemon_anon_kb: after.daemon.anonKb,
					cpu_pct: cpuPct("all"),
					daemon_cpu_pct: cpuPct("daemon"),
					wakeups_per_s: perS("all", "wakeups"),
					daemon_wakeups_per_s: perS("daemon", "wakeups"),
					start_ms: Math.round((firstVerdict ?? nowMs()) - startedAt),
					processes: after.all.processes,
					programs: after.programs.map((one) => ({ ...one, path: one.path.replace(`${router.repo}/`, "") })),
					sensors,
				};
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}
