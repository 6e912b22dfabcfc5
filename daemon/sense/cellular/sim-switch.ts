/**
 * Puts the other SIM of a modem to use when this one serves nobody: by the platform's own call, only where the owner
 * asked for it (option sim_switch), never while RutOS does the same by itself, and rarely: a switch costs half a minute,
 * and two SIMs without coverage would be switched for ever. A SIM that carries the traffic is only given up when it can
 * carry nothing any more. Shared by all uplinks of the router, because two of them may be one modem.
 */
import type { Files } from "../../platform/platform.ts";
import { loadPackage } from "../../uci/load.ts";
import { optionText, sectionsOfType } from "../../uci/package.ts";
import { saidOf } from "../values.ts";
import type { ModemHint } from "./modem-hint.ts";
import type { Provider } from "./provider.ts";
import type { Reading } from "./reading.ts";

const LOST_MS = 30_000;
const WEAK_MS = 60_000;
const FIRST_PAUSE_MS = 300_000;
const MAX_PAUSE_MS = 3_600_000;
/** A SIM that served this long ends the doubling. */
const SETTLED_MS = 1_800_000;

export interface SimTrouble {
	readonly lostSinceMs: number | null;
	readonly weakSinceMs: number | null;
	readonly why: string;
}

export interface SwitchWish {
	readonly atMs: number;
	readonly hint: ModemHint;
	readonly provider: Provider;
	readonly reading: Reading;
	readonly trouble: SimTrouble;
	/** This uplink carries traffic now. */
	readonly active: boolean;
	readonly event: (reason: string) => void;
}

export interface SimSwitcher {
	/** Switches when it should; resolves when that is done or refused. */
	consider(wish: SwitchWish): Promise<void>;
	/** When the SIM of this modem may be switched next, monotonic ms; null: any time. */
	waitsUntilMs(hint: ModemHint): number | null;
}

interface Past {
	atMs: number;
	pauseMs: number;
}

export function createSimSwitcher(files: Files): SimSwitcher {
	const past = new Map<string, Past>();
	const told = new Set<string>();
	const keyOf = (hint: ModemHint): string => hint.usbId ?? hint.control ?? hint.netdevs.join(" ");

	/** RutOS's own service has a rule for this modem. */
	function rutosSwitches(hint: ModemHint): boolean {
		try {
			const rules = loadPackage(files, "sim_switch", { strict: false });
			return (rules === null ? [] : sectionsOfType(rules, "sim_switch")).some((rule) => {
				const modem = optionText(rule, "modem");
				return (
					optionText(rule, "enabled") === "1" && (modem === undefined || hint.usbId === null || modem === hint.usbId)
				);
			});
		} catch {
			return true; // not readable: rather not meddle
		}
	}

	function due({ atMs, trouble, active, hint }: SwitchWish): boolean {
		const last = past.get(keyOf(hint));
		if (last !== undefined && atMs - last.atMs < last.pauseMs) return false;
		if (trouble.lostSinceMs !== null) return atMs - trouble.lostSinceMs >= LOST_MS;
		return !active && trouble.weakSinceMs !== null && atMs - trouble.weakSinceMs >= WEAK_MS;
	}

	return {
		async consider(wish) {
			const { atMs, hint, provider, reading, trouble, event } = wish;
			const { simSlot, simSlots } = reading;
			if (provider.switchSim === undefined || simSlot === null || simSlots === null || simSlots < 2) return;
			if (!due(wish)) return;
			const key = keyOf(hint);
			if (rutosSwitches(hint)) {
				if (!told.has(key)) event("left alone: SIM switch of RutOS is on for this modem (/etc/config/sim_switch)");
				told.add(key);
				return;
			}
			told.delete(key);
			const last = past.get(key);
			const again = last !== undefined && atMs - last.atMs < SETTLED_MS + last.pauseMs;
			const pauseMs = again ? Math.min(MAX_PAUSE_MS, last.pauseMs * 2) : FIRST_PAUSE_MS;
			past.set(key, { atMs, pauseMs });
			const slot = (simSlot % simSlots) + 1;
			const next = `; not again within ${Math.round(pauseMs / 60_000)} min`;
			try {
				await provider.switchSim(hint, slot);
				event(`SIM ${simSlot} -> SIM ${slot}: ${trouble.why}${next}`);
			} catch (error) {
				event(`SIM ${simSlot} -> SIM ${slot} failed: ${saidOf(error)}${next}`);
			}
		},
		waitsUntilMs(hint) {
			const last = past.get(keyOf(hint));
			return last === undefined ? null : last.atMs + last.pauseMs;
		},
	};
}
