/**
 * What the operator asked for outlives the daemon, though not the router: pin, promotion and holds are noted in /tmp
 * whenever they change, and after a restart given to the engine again, as the same commands and with the time they have
 * left. A command waits until its uplink is there and up, for a minute at most.
 */
import { type EngineState, hasLink } from "../decide/state.ts";
import type { Command, Input, UplinkFacts } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";

const WAIT_MS = 60_000;
const MAX_COMMANDS = 70;
/** How the ids of commands begin that are given again. */
const AGAIN = "restart-";
const NAMES = ["promote", "failover", "hold"] as const;

/** One wish. leftMs: null = until restore or release. */
interface Wish {
	readonly name: (typeof NAMES)[number];
	readonly uplink: string | null;
	readonly leftMs: number | null;
	readonly reason: string;
}

export interface OperatorMemory {
	/** Notes what is asked for at present; writes only when that changed. */
	remember(state: EngineState): void;
	/** An order given now counts more than what was asked before the restart, also when that has not been given again yet. */
	heard(input: Input): void;
	/** Commands to be given again, now that these uplinks are there. Each is returned once. */
	again(uplinks: readonly UplinkFacts[]): Command[];
}

export function createOperatorMemory(options: {
	readonly platform: Pick<Platform, "clock" | "files">;
	readonly log: Logger;
	readonly path: string;
}): OperatorMemory {
	const { clock, files } = options.platform;
	const startedMs = clock.monotonicMs();
	let waiting: readonly Wish[] = read();
	let noted = waiting.length > 0 ? "" : "[]";
	let told = false;
	let given = 0;

	function read(): readonly Wish[] {
		try {
			const value: unknown = JSON.parse(files.readTextIfAny(options.path) ?? "{}");
			if (!isRecord(value) || typeof value.atUnixMs !== "number" || !Array.isArray(value.wishes)) return [];
			const passedMs = Math.max(0, clock.wallMs() - value.atUnixMs);
			return value.wishes
				.filter(isWish)
				.slice(0, MAX_COMMANDS)
				.map((wish) => ({ ...wish, leftMs: wish.leftMs === null ? null : wish.leftMs - passedMs }))
				.filter((wish) => wish.leftMs === null || wish.leftMs > 0);
		} catch {
			return []; // torn or foreign: as if nothing had been asked
		}
	}

	return {
		remember(state) {
			if (waiting.length > 0 && clock.monotonicMs() - startedMs < WAIT_MS) return;
			const wishes = wishesOf(state);
			const key = JSON.stringify(wishes.map((wish) => ({ ...wish, leftMs: wish.leftMs === null })));
			if (key === noted) return;
			try {
				if (wishes.length === 0) files.remove(options.path);
				else files.writeAtomic(options.path, JSON.stringify({ atUnixMs: clock.wallMs(), wishes }));
				// Only now: what is noted still would else be an order from before, also when there is room again.
				noted = key;
			} catch (error) {
				if (!told) options.log.warn("command", { reason: `will not be known after a restart: ${errorText(error)}` });
				told = true;
			}
		},
		heard(input) {
			if (input.kind !== "command" || input.id.startsWith(AGAIN)) return;
			waiting = waiting.filter((wish) => !isOverruled(wish, input));
		},
		again(uplinks) {
			if (waiting.length === 0) return [];
			const atMs = clock.monotonicMs();
			const late = atMs - startedMs >= WAIT_MS;
			// What ran out while its uplink was waited for.
			waiting = waiting.filter(({ leftMs }) => leftMs === null || leftMs > atMs - startedMs);
			const ready = (wish: Wish): boolean =>
				wish.uplink === null || uplinks.some((one) => one.id === wish.uplink && hasLink(one));
			const now = waiting.filter(ready);
			waiting = late ? [] : waiting.filter((wish) => !ready(wish));
			return now.map(({ name, uplink, leftMs, reason }) => ({
				kind: "command",
				atMs,
				id: `${AGAIN}${++given}`,
				name,
				uplink,
				forMs: leftMs === null ? 0 : leftMs - (atMs - startedMs),
				reason,
			}));
		},
	};
}

function isOverruled({ name, uplink }: Wish, order: Command): boolean {
	switch (order.name) {
		case "failover":
		case "promote":
			return name === order.name;
		case "restore":
			return name !== "hold";
		case "hold":
			return name === "hold" && uplink === order.uplink;
		case "release":
			return name === "hold" && (order.uplink === null || uplink === order.uplink);
		case "recheck":
			return false;
	}
}

function wishesOf({ pin, promoted, hold, uplinks, nowMs }: EngineState): Wish[] {
	const left = (untilMs: number | null): number | null => (untilMs === null ? null : Math.max(0, untilMs - nowMs));
	const wishes: Wish[] = [];
	for (const { facts, held } of uplinks) {
		if (held) wishes.push({ name: "hold", uplink: facts.id, leftMs: left(held.untilMs), reason: held.reason });
	}
	if (hold) wishes.push({ name: "hold", uplink: null, leftMs: left(hold.untilMs), reason: hold.reason });
	if (promoted !== null) wishes.push({ name: "promote", uplink: promoted, leftMs: null, reason: "" });
	if (pin) wishes.push({ name: "failover", uplink: pin.uplink, leftMs: left(pin.untilMs), reason: pin.reason });
	return wishes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

function isWish(value: unknown): value is Wish {
	return (
		isRecord(value) &&
		NAMES.some((name) => name === value.name) &&
		(value.uplink === null || typeof value.uplink === "string") &&
		(value.leftMs === null || typeof value.leftMs === "number") &&
		typeof value.reason === "string" &&
		value.reason.length <= 1000
	);
}
