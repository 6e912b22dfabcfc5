/**
 * What one switch costs: 100 planned switches between two uplinks while a LAN client sends 1000 packets a second, first
 * one open UDP flow, in a router of network namespaces, with mwan3's layout and without. Options: --switches N.
 */
import { buildSync } from "esbuild";
import { planOf, remoteSteerer, startEcho, startFlow, steer } from "../test/support/steer-drive.ts";
import { fakeUci } from "../test/support/steer-fakes.ts";
import { createWorld, whyNoWorld } from "../test/support/steer-world.ts";

interface SteerFigures {
	readonly apply_ms: { readonly median: number; readonly p95: number };
	/** From the call until new connections go the new way: the last family's transaction has ended. */
	readonly moved_ms: { readonly median: number; readonly p95: number };
	/** Programs started by one switch, median. */
	readonly processes: number;
	readonly sent: number;
	readonly lost: number;
	readonly rejected: number;
}

/** Pause between switches: each one meets a router at rest. */
const PAUSE_MS = 50;

function quantile(values: readonly number[], part: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
	return Math.round(value * 10) / 10;
}

function spread(values: readonly number[]): { median: number; p95: number } {
	return { median: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

async function measure(mwan3: boolean, switches: number): Promise<SteerFigures> {
	const world = createWorld({ mwan3 });
	try {
		fakeUci(world);
		await startEcho(world);
		// As the daemon runs on a router: one bundled file, no compiler in its memory.
		const bundle = `${world.folder}/steer-inside.mjs`;
		const common = { bundle: true, platform: "node", format: "esm", logLevel: "error" } as const;
		buildSync({ ...common, entryPoints: ["test/support/steer-inside.ts"], outfile: bundle });
		const steerer = remoteSteerer(world, [], bundle);
		await steerer.discovered(world.discovered());
		const flow = await startFlow(world, { everyMs: 1 });
		const applyMs: number[] = [];
		const movedMs: number[] = [];
		const processes: number[] = [];
		for (let i = 0; i < switches; i++) {
			const order = i % 2 === 0 ? ["wanb", "wan", "wanc"] : ["wan", "wanb", "wanc"];
			const [report] = await steerer.apply(steer(planOf(order)));
			if (!report?.ok) throw new Error(`switch ${i + 1} failed: ${report?.text}`);
			applyMs.push(report.durationMs);
			movedMs.push(report.movedMs ?? report.durationMs);
			processes.push(report.processes);
			await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
		}
		const { sent, lost, rejected } = await flow.stop();
		await steerer.giveBack();
		return {
			apply_ms: spread(applyMs),
			moved_ms: spread(movedMs),
			processes: quantile(processes, 0.5),
			sent,
			lost,
			rejected,
		};
	} finally {
		world.close();
	}
}

function row(name: string, figures: SteerFigures): string {
	const { apply_ms, moved_ms, processes, sent, lost, rejected } = figures;
	const cells = [apply_ms.median, apply_ms.p95, moved_ms.median, processes, sent, lost, rejected];
	return [name.padEnd(16), ...cells.map((cell) => String(cell).padStart(9))].join(" ");
}

export async function run(args: string[]): Promise<object> {
	const at = args.indexOf("--switches");
	const switches = at >= 0 ? Number(args[at + 1]) : 100;
	const missing = whyNoWorld();
	if (missing !== null) {
		console.error(`cannot be measured on this machine: ${missing}`);
		return { skipped: missing };
	}
	const withMwan3 = await measure(true, switches);
	const without = await measure(false, switches);
	const head = ["apply p50", "p95 ms", "moved p50", "processes", "sent", "lost", "rejected"];
	console.error(`${switches} planned switches, IPv4 and IPv6, one open flow of 1000 packets/s`);
	console.error([" ".repeat(16), ...head.map((text) => text.padStart(9))].join(" "));
	console.error(row("mwan3's layout", withMwan3));
	console.error(row("without mwan3", without));
	console.error("uci is a stand-in here (a shell script on a delta file); all else are the machine's own programs.");
	return { ...withMwan3, no_mwan3: without };
}
