/**
 * A way to ask a modem. Providers are tried best first; one that is absent, denied or failing rests while the next one
 * answers, and is tried again later. What rests is told with every answer, so that health shows it.
 */
import { AutonomyError } from "../../platform/error.ts";
import type { Closable, Platform } from "../../platform/platform.ts";
import { MAX_PAUSE_MS, stateOf } from "../poller.ts";
import { saidOf } from "../values.ts";
import type { HeardCell } from "./heard.ts";
import type { ModemHint } from "./modem-hint.ts";
import type { Reading } from "./reading.ts";

export interface Provider {
	/** For people: "RutOS gsm". */
	readonly name: string;
	/** Programs are started for each answer: asked less often. */
	readonly startsPrograms: boolean;
	/** `full`: also what changes slowly. Rejects with not_found or bus_not_found when it does not know this modem. */
	ask(hint: ModemHint, full: boolean): Promise<Reading>;
	/** The cells this modem hears, as far as it tells. Asked only where the position is wanted by cells. */
	heard?(hint: ModemHint): Promise<readonly HeardCell[]>;
	/** Puts another SIM to use, by the platform's own call. */
	switchSim?(hint: ModemHint, slot: number): Promise<void>;
	/** Something happened that makes asking worthwhile. */
	listen?(changed: () => void): Closable;
}

export interface ChainAnswer {
	readonly reading: Reading;
	readonly provider: Provider;
	/** Better providers that do not answer, in words. */
	readonly resting: readonly string[];
}

export interface Chain {
	ask(hint: ModemHint, full: boolean): Promise<ChainAnswer>;
	/** Everybody is tried again: the modem or its bus came back. */
	wake(): void;
}

interface Rest {
	untilMs: number;
	pauseMs: number;
	error: unknown;
}

const REST_MS = 30_000;
/** What is not installed does not come by itself. */
const ABSENT_REST_MS = MAX_PAUSE_MS;

export function createChain(providers: readonly Provider[], clock: Platform["clock"]): Chain {
	const rests = new Map<Provider, Rest>();

	function rest(provider: Provider, error: unknown): void {
		const old = rests.get(provider);
		const absent = stateOf(error) === "absent";
		const pauseMs = absent ? ABSENT_REST_MS : Math.min(MAX_PAUSE_MS, old === undefined ? REST_MS : old.pauseMs * 2);
		rests.set(provider, { untilMs: clock.monotonicMs() + pauseMs, pauseMs, error });
	}

	function resting(before: Provider): readonly string[] {
		const better = providers.slice(0, providers.indexOf(before));
		return better.flatMap((one) => {
			const error = rests.get(one)?.error;
			// What is not on this system at all is no fallback worth telling.
			return error === undefined || stateOf(error) === "absent" ? [] : [`${one.name}: ${saidOf(error)}`];
		});
	}

	/** The error that says most: somebody refuses, somebody fails, nobody is there. */
	function worst(): unknown {
		const errors = [...rests.values()].map((one) => one.error);
		const of = (state: string): unknown => errors.find((error) => stateOf(error) === state);
		return (
			of("denied") ?? of("failing") ?? new AutonomyError("not_found", "nobody on this router knows a modem for it")
		);
	}

	return {
		async ask(hint, full) {
			const nowMs = clock.monotonicMs();
			const due = providers.filter((one) => (rests.get(one)?.untilMs ?? nowMs) <= nowMs);
			// The poller has waited long enough: rather ask all than nobody.
			for (const provider of due.length > 0 ? due : providers) {
				try {
					const reading = await provider.ask(hint, full || rests.has(provider));
					rests.delete(provider);
					return { reading, provider, resting: resting(provider) };
				} catch (error) {
					rest(provider, error);
				}
			}
			throw worst();
		},
		wake: () => rests.clear(),
	};
}
