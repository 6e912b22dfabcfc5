/**
 * What the daemon would cost a small MIPS router: instructions, counted by qemu-user, not seconds, which say nothing there.
 * The daemon runs on the static QuickJS for mipsel_24kc, without FPU, on the virtual router with the default configuration;
 * its helpers (socat, fping) are this machine's own and not counted, nor is the kernel's work. Estimated for an MT7628 at
 * 580 MHz, whose 24KEc issues one instruction a cycle at best: CYCLES cycles each, caches missed included, is an assumption.
 *
 * qemu itself manages some 300 million instructions a second: with many more uplinks than four the daemon here would be
 * late as it is not on a router, so what more of them cost is the difference between two counts.
 *
 * Options: --seconds N (default 60), --uplinks 1,4 ('' for none: the steps of the engine alone)
 */
import { parseArgs } from "node:util";
import { hostBus, startAutonomyd } from "../lab/autonomyd.ts";
import { nowMs } from "../lab/net/lab.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import { type CountedEngine, countedEngine } from "./mips/engine.ts";
import { instructionsPerStep } from "./mips/steps.ts";

const CLOCK_HZ = 580_000_000;
const CYCLES = 1.7;

async function measure(engine: CountedEngine, uplinks: number, seconds: number) {
	engine.reset();
	const router = await startStandIn({ layout: "mwan3", isps: uplinks });
	const bus = hostBus(router);
	try {
		const daemon = await startAutonomyd(router, bus, { engine: "quickjs" });
		let first: number | null = null;
		await daemon.until(
			"a first verdict, then every uplink good",
			async () => {
				const { rank, current } = await daemon.status();
				if (current !== undefined && rank.some((one) => one.final !== undefined)) first ??= engine.instructions();
				return rank.length === uplinks && rank.every((one) => one.state === "eligible");
			},
			180_000,
		);
		await new Promise((resolve) => setTimeout(resolve, 10_000));
		const before = engine.instructions();
		const from = nowMs();
		await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
		const perS = (engine.instructions() - before) / ((nowMs() - from) / 1000);
		await daemon.stop(30_000);
		return {
			start_instructions: first ?? before,
			start_s_estimated: ((first ?? before) * CYCLES) / CLOCK_HZ,
			instructions_per_s: Math.round(perS),
			cpu_pct_estimated: (perS * CYCLES * 100) / CLOCK_HZ,
		};
	} finally {
		bus.close();
		await router.close();
	}
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: { seconds: { type: "string", default: "60" }, uplinks: { type: "string", default: "1,4" } },
	});
	const engine = countedEngine();
	if (typeof engine === "string") {
		console.error(engine);
		process.exitCode = 1;
		return { skipped: engine };
	}
	process.env.QJS = engine.program;
	const result: Record<string, object> = {};
	let steps: Record<string, number> = {};
	const million = (count: number): string => (count / 1e6).toFixed(1);
	try {
		steps = await instructionsPerStep(engine, [4, 16]);
		for (const [name, count] of Object.entries(steps))
			console.error(
				`one step of the engine, ${name.slice(7)} uplinks: ${million(count)} M instructions x ${CYCLES} / ${CLOCK_HZ / 1e6} M = ${((count * CYCLES * 1000) / CLOCK_HZ).toFixed(1)} ms`,
			);
		for (const count of values.uplinks.split(",").filter(Boolean).map(Number)) {
			const one = await measure(engine, count, Number(values.seconds));
			result[`uplinks${count}`] = one;
			console.error(
				`${count} uplinks, at rest: ${million(one.instructions_per_s)} M instructions/s x ${CYCLES} cycles / ${CLOCK_HZ / 1e6} M cycles/s = ${one.cpu_pct_estimated.toFixed(2)} %`,
			);
			console.error(
				`${count} uplinks, start to first verdict: ${million(one.start_instructions)} M instructions x ${CYCLES} / ${CLOCK_HZ / 1e6} M = ${one.start_s_estimated.toFixed(1)} s of the processor`,
			);
		}
	} finally {
		engine.remove();
	}
	return { cycles_per_instruction_assumed: CYCLES, clock_hz: CLOCK_HZ, instructions_per_step: steps, ...result };
}
