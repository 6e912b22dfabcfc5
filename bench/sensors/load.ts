/**
 * What the sensors add to a running daemon: pairs of routers side by side, each with a dish, a modem, a wire and a radio,
 * one with the daemon as it ships, one with the same daemon without sensors. All are measured over the same minutes, so
 * that whatever else the machine does falls on all.
 */
import { type Autonomyd, BUNDLE, engineFlags, hostBus, startAutonomyd } from "../../lab/autonomyd.ts";
import { placeDish } from "../../lab/dish/place.ts";
import { nowMs } from "../../lab/net/lab.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import { TICKS_PER_S, type Usage, usage } from "../footprint/usage.ts";
import { BARE, buildBare } from "./bare.ts";

export interface Load {
	readonly cpuPct: number;
	/** Median of the looks. */
	readonly anonMb: number;
	/** Sensors that answer, "wan starlink". */
	readonly sensors: readonly string[];
	/** Class of each uplink. */
	readonly classes: readonly string[];
}

const UPLINKS = 4;
const DISH = 1;
const MODEM = 2;
const RADIO = 4;
const LOOK_MS = 5000;
/** The lab's radio has a wire's name. */
const CONFIG = "config autonomy 'main'\n\nconfig member 'wand'\n\toption class 'wifi'\n";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function answering(daemon: Autonomyd): Promise<Pick<Load, "sensors" | "classes">> {
	const members = await daemon.members();
	const sensors = members.flatMap((one) =>
		one.sensors.filter((sensor) => sensor.state === "ok").map((sensor) => `${one.name} ${sensor.sensor}`),
	);
	return { sensors, classes: members.map((one) => one.class) };
}

async function one(bundle: string, warmUpS: number, seconds: number, start: () => Promise<void>): Promise<Load> {
	const config = { autonomy: CONFIG };
	const router = await startStandIn({ isps: UPLINKS, layout: "mwan3", modems: [MODEM], radios: [RADIO], config });
	const bus = hostBus(router);
	try {
		await placeDish(router.lab, DISH);
		const daemon = await startAutonomyd(router, bus, { nodeArgs: engineFlags("node"), bundle });
		const pid = daemon.process.pid;
		if (pid === null) throw new Error("the daemon did not start");
		await daemon.until(
			"every uplink is good",
			async () => {
				const { rank } = await daemon.status();
				return rank.length === UPLINKS && rank.every((uplink) => uplink.state === "eligible");
			},
			120_000,
		);
		await start();
		await sleep(warmUpS * 1000);
		const from = nowMs();
		const first = (await usage(router, pid)).daemon;
		const anon: number[] = [];
		let last: Usage = first;
		let lastMs = from;
		while (nowMs() - from < seconds * 1000) {
			await sleep(Math.min(LOOK_MS, from + seconds * 1000 - nowMs()));
			last = (await usage(router, pid)).daemon;
			lastMs = nowMs();
			anon.push(last.anonKb / 1024);
		}
		const cpuPct = ((last.cpuTicks - first.cpuTicks) / TICKS_PER_S / ((lastMs - from) / 1000)) * 100;
		const found = await answering(daemon);
		await daemon.stop();
		return { cpuPct, anonMb: median(anon), ...found };
	} finally {
		bus.close();
		await router.close();
	}
}

function mean(all: readonly Load[], of: (one: Load) => number): number {
	return all.reduce((sum, one) => sum + of(one), 0) / all.length;
}

/** Resolves for all when the last one has come. */
function gathering(count: number): () => Promise<void> {
	let open = (): void => undefined;
	const opened = new Promise<void>((resolve) => {
		open = resolve;
	});
	let here = 0;
	return () => {
		if (++here === count) open();
		return opened;
	};
}

export interface Loads {
	readonly with: readonly Load[];
	readonly without: readonly Load[];
	/** Of the means: the heap of one process is larger by a megabyte or two than that of the next. */
	readonly added: { readonly cpuPct: number; readonly anonMb: number };
}

export async function loads(warmUpS: number, seconds: number, pairs: number): Promise<Loads> {
	await buildBare();
	const together = gathering(2 * pairs);
	const start = (bundle: string): Promise<Load[]> =>
		Promise.all(Array.from({ length: pairs }, () => one(bundle, warmUpS, seconds, together)));
	const [all, bare] = await Promise.all([start(BUNDLE), start(BARE)]);
	const more = (of: (one: Load) => number): number => mean(all, of) - mean(bare, of);
	return { with: all, without: bare, added: { cpuPct: more((one) => one.cpuPct), anonMb: more((one) => one.anonMb) } };
}
