/** Some seeded minutes in the life of a router, and everything its recording leads to. Runs on every engine. */
import { step } from "../../daemon/decide/engine.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Input } from "../../daemon/decide/types.ts";
import { createInputLog } from "../../daemon/record/input-log.ts";
import { facts, randomFrom, SETTINGS, World } from "../decide/support.ts";

const STEPS = 6;
const MINUTE_MS = 60_000;

export function live(seed: number): readonly Input[] {
	const families = ["ipv4", "ipv6"] as const;
	const ids = ["wan", "dish", "mob1s1a1"];
	const world = new World(
		ids.map((id, i) => facts(id, i, { families: [...families], weight: 100 - 10 * i })),
		{},
		seed,
	);
	const random = randomFrom(seed);
	for (let i = 0; i < STEPS; i++) {
		const id = ids[Math.floor(random() * ids.length)] ?? "wan";
		const fault = [{ dead: true }, { lossPct: 30 }, { rttMs: 1500 }, { link: false }, { dnsDead: true }][
			Math.floor(random() * 5)
		];
		world.set(id, fault ?? {});
		world.run(MINUTE_MS * (0.1 + 0.5 * random()));
		if (random() < 0.2) world.command("failover", ids[Math.floor(random() * 3)], 30_000);
		world.set(id, { dead: false, lossPct: 0, rttMs: 30 + 10 * random(), link: true, dnsDead: false });
		world.run(MINUTE_MS * 0.4);
	}
	return world.inputs;
}

/** As the recorder keeps them. */
export function throughTheLog(inputs: readonly Input[]): readonly Input[] {
	const log = createInputLog(64 << 20, () => null);
	for (const input of inputs) log.add(input);
	return [...log.since(Number.NEGATIVE_INFINITY)];
}

/** Decisions, events, actions and the state at the end, as text. */
export function outcomeOf(inputs: readonly Input[]): string {
	const all: object[] = [];
	let state = initialState(SETTINGS);
	for (const input of inputs) {
		const { state: next, ...out } = step(state, input);
		state = next;
		for (const list of [out.decisions, out.events, out.actions]) all.push(...list);
	}
	return JSON.stringify([all, state]);
}
