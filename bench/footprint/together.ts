/** Several daemons measured over the same time: what else the machine does falls on all of them. */
import type { Engine } from "../../lab/autonomyd.ts";
import type { Runtime } from "../../lab/runtime.ts";
import { type DayFigures, liveDay } from "./day.ts";
import { engineProgram } from "./programs.ts";
import { ALL_ON, type AtRest, type Resting, startResting } from "./rest.ts";

export interface Options {
	readonly warmUpS: number;
	readonly seconds: number;
	readonly uplinks: readonly number[];
	readonly hours: number;
	readonly pairs: number;
	readonly runtime: Runtime;
	readonly plain: boolean;
	readonly flags: readonly string[];
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Started one by one. */
export async function atRest(engines: readonly Engine[], options: Options): Promise<Map<Engine, Map<number, AtRest>>> {
	const places = engines.flatMap((engine) => options.uplinks.map((uplinks) => ({ engine, uplinks })));
	const resting: Resting[] = [];
	try {
		for (const place of places) resting.push(await startResting({ ...options, ...place }));
		console.error(
			`${places.length} daemons are up; ${options.warmUpS} s of warming up, ${options.seconds} s of measuring ...`,
		);
		await sleep(options.warmUpS);
		await Promise.all(resting.map((one) => one.begin()));
		await sleep(options.seconds);
		const measured: AtRest[] = [];
		for (const one of resting) measured.push(await one.end());
		const result = new Map<Engine, Map<number, AtRest>>(engines.map((engine) => [engine, new Map()]));
		for (const [at, { engine, uplinks }] of places.entries()) {
			const one = measured[at];
			if (one === undefined) continue;
			result.get(engine)?.set(uplinks, one);
			const programs = one.programs.map(({ path, count, rssKb }) => `${count} x ${path} (${rssKb} kB)`);
			console.error(
				`${engine}, ${uplinks} uplinks: ${programs.join(", ")}; daemon alone ${one.daemon_cpu_pct} % of CPU; ${one.wakeups_per_s} wake-ups/s`,
			);
		}
		return result;
	} finally {
		for (const one of resting) await one.close();
	}
}

/** All at once: memory does not depend on time. */
export async function days(engines: readonly Engine[], options: Options): Promise<Map<Engine, DayFigures>> {
	const result = new Map<Engine, DayFigures>();
	if (options.hours < 1) return result;
	console.error(`${options.hours} virtual hours ...`);
	await Promise.all(
		engines.map(async (engine) => {
			const program = engineProgram(engine, options.runtime, options.flags);
			if (typeof program === "string") throw new Error(program);
			const day = await liveDay({ engine, program, hours: options.hours, uplinks: 4, config: ALL_ON });
			result.set(engine, day);
			const samples = day.hours.map((one) => (one.anon_kb / 1024).toFixed(1)).join(" ");
			console.error(`${engine}: anonymous MB hour by hour: ${samples} (${day.seconds} s, ${day.decisions} decisions)`);
		}),
	);
	return result;
}
