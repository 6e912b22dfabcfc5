/**
 * The same failover on QuickJS and on Node, in pairs: both daemons warm up on a router each, then one is measured after the
 * other within seconds, in turn, so that whatever else the machine does falls on both.
 */
import { type Engine, hostBus } from "../../lab/autonomyd.ts";
import type { Layout } from "../../lab/net/plan.ts";
import { startStandIn } from "../../lab/router/stand-in.ts";
import type { Runtime } from "../../lab/runtime.ts";
import { createWorld } from "../../lab/scenario/world.ts";
import { type Compared, compare, type Pair, verdict } from "../paired.ts";
import { type Case, freshDaemon, makeTurn, measure } from "./measure.ts";

export interface EnginePairs {
	readonly pairs: number;
	/** Pairs of routers that warm up side by side. */
	readonly routers: number;
	readonly isps: number;
	readonly layout: Layout;
	readonly scenario: Case;
	/** Of both. */
	readonly runtime: Runtime;
}

async function place(options: EnginePairs, engine: Engine) {
	const router = await startStandIn({ layout: options.layout, isps: options.isps });
	const bus = hostBus(router);
	const world = createWorld(router);
	return {
		start: () => freshDaemon(router, bus, { engine, runtime: options.runtime }),
		async gapMs(daemon: Awaited<ReturnType<typeof freshDaemon>>): Promise<number> {
			return (await measure(router, daemon, world, options.scenario)).gapMs;
		},
		heal: () => world.healAll(),
		async close(): Promise<void> {
			bus.close();
			await router.close();
		},
	};
}

/** First is Node, second QuickJS: the ratio is that of QuickJS to Node. */
export async function comparedEngines(options: EnginePairs): Promise<Compared> {
	const pairs: Pair[] = [];
	const turn = makeTurn();
	let left = options.pairs;
	async function worker(): Promise<void> {
		const [node, quickjs] = await Promise.all([place(options, "node"), place(options, "quickjs")]);
		try {
			while (left-- > 0) {
				const daemons = await Promise.all([node.start(), quickjs.start()]);
				await turn(async () => {
					const swapped = pairs.length % 2 === 1;
					const early = swapped ? await quickjs.gapMs(daemons[1]) : null;
					const first = await node.gapMs(daemons[0]);
					pairs.push({ first, second: early ?? (await quickjs.gapMs(daemons[1])) });
					console.error(`pair ${pairs.length}: Node ${first} ms, QuickJS ${pairs.at(-1)?.second} ms`);
				});
				await Promise.all(daemons.map((one) => one.stop()));
				await Promise.all([node.heal(), quickjs.heal()]);
			}
		} finally {
			await Promise.all([node.close(), quickjs.close()]);
		}
	}
	await Promise.all(Array.from({ length: Math.min(options.routers, options.pairs) }, worker));
	return compare(pairs);
}

/** Of the goal: QuickJS may take so much longer than Node. */
export const SLOWER_BY = 0.2;

export function enginesInWords(scenario: string, compared: Compared): string[] {
	const { pairs, first, second, ratio, ci95 } = compared;
	const one = (name: string, { median, p25, p75 }: Compared["first"]): string =>
		`${name} ${median} ms (quartiles ${p25}-${p75})`;
	return [
		`${scenario}, ${pairs} pairs: ${one("Node", first)}, ${one("QuickJS", second)}`,
		`ratio ${ratio}, 95 % interval ${ci95.join("-")}: ${verdict(compared, SLOWER_BY)}`,
	];
}
