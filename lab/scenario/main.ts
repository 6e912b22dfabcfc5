/**
 * Plays a scenario file on a lab with the real daemon: `npx tsx lab/scenario/main.ts FILE... [--no-daemon]`. Exit code 1
 * when an expectation is not met.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { cannotMoveClock, hostBus, startAutonomyd } from "../autonomyd.ts";
import { startStandIn } from "../router/stand-in.ts";
import { readScenario } from "./format.ts";
import { play } from "./play.ts";

async function one(file: string, withDaemon: boolean): Promise<boolean> {
	const scenario = readScenario(readFileSync(file, "utf8"), basename(file));
	console.log(`${scenario.name}: ${scenario.about}`);
	const { isps, layout, modems, radios, autonomy } = scenario;
	const config = autonomy === "" ? {} : { config: { autonomy } };
	const router = await startStandIn({ isps, layout, modems, radios, ...config });
	const bus = hostBus(router);
	try {
		const movableClock = cannotMoveClock() === null;
		const daemon = withDaemon ? await startAutonomyd(router, bus, { movableClock }) : null;
		const played = await play(router, scenario, {
			...(daemon && movableClock ? { clockJump: daemon.clockJump } : {}),
			onStep: (step, skipped) =>
				console.log(`  ${step.at_s} s  ${step.do}${skipped === null ? "" : `: skipped, ${skipped}`}`),
		});
		const { fresh, open, rejected } = played.report;
		const line = (name: string, t: typeof fresh): string =>
			`  ${name}: ${t.lost} of ${t.sent} lost, longest gap ${t.gapMs} ms, ways ${t.ways.map((w) => w.isp).join(" > ")}`;
		console.log(`${line("new flows ", fresh)}\n${line("open flow ", open)}\n  rejected: ${rejected}`);
		for (const failure of played.failures) console.log(`  NOT MET ${failure}`);
		if (daemon) await daemon.stop();
		return played.failures.length === 0;
	} finally {
		bus.close();
		await router.close();
	}
}

const args = process.argv.slice(2);
const files = args.filter((arg) => !arg.startsWith("--"));
if (files.length === 0) {
	console.error("usage: npx tsx lab/scenario/main.ts FILE... [--no-daemon]");
	process.exit(2);
}
let good = true;
for (const file of files) good = (await one(file, !args.includes("--no-daemon"))) && good;
process.exit(good ? 0 : 1);
