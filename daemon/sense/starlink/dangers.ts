/**
 * From what a dish says to the danger for its traffic. Pure. The gravest danger counts:
 *
 *   off        it says it shuts down for heat, is told to stow, or sleeps: at once
 *   restart    it has announced the time of a restart: `leadMs` before it
 *   outage     an outage that lasts minutes: at once; of the sky: from half a second on; else from two seconds on, for
 *              most are over by then
 *   again      three outages of a second or more within two minutes: the next one comes
 *   boot loop  three restarts within half an hour: it will go again
 */
import { outageKind, outageWords } from "./causes.ts";
import type { SeenOutage } from "./outages.ts";
import type { DishStatus } from "./status.ts";

export interface Danger {
	readonly risk: number;
	readonly confidence: number;
	readonly horizonMs: number;
	readonly cause: string;
	readonly text: string;
}

export interface DangerFacts {
	readonly status: DishStatus;
	/** Of a second or more, of the last two minutes. */
	readonly outages: readonly SeenOutage[];
	/** Until the announced restart; null: none. Negative: it should have happened. */
	readonly rebootInMs: number | null;
	readonly leadMs: number;
	/** Restarts within the last half hour. */
	readonly boots: number;
}

const MINUTE_MS = 60_000;
/** A restart takes some three minutes (a real dish: 38 s until the first ping after the boot, after one or two more). */
const RESTART_MS = 240_000;
const SKY_AFTER_MS = 500;
const BLINK_AFTER_MS = 2000;
const AGAIN = 3;
export const BOOT_LOOP = 3;

function off(status: DishStatus): Danger | null {
	const of = (cause: string, text: string): Danger => ({
		risk: 0.95,
		confidence: 0.9,
		horizonMs: MINUTE_MS,
		cause,
		text,
	});
	if (status.alerts.includes("thermal_shutdown")) return of("thermal_shutdown", "the dish is too hot and shuts down");
	if (status.stowRequested) return of("stow", "the dish was told to stow itself");
	if (status.alerts.includes("is_power_save_idle")) return of("power_save", "the dish goes to sleep to save power");
	return null;
}

function restart(facts: DangerFacts): Danger | null {
	const { rebootInMs, leadMs, status } = facts;
	const { rebootReady, rebootPossibleInS } = status.update;
	if (rebootInMs !== null && rebootInMs <= leadMs && rebootInMs > -MINUTE_MS) {
		const seconds = Math.max(0, Math.round(rebootInMs / 1000));
		const horizonMs = Math.max(0, rebootInMs) + RESTART_MS;
		const text = `the dish restarts in ${seconds} s, as it announced`;
		return { risk: 0.95, confidence: 0.95, horizonMs, cause: "scheduled_reboot", text };
	}
	if (rebootReady && rebootPossibleInS !== null && rebootPossibleInS * 1000 <= leadMs) {
		const horizonMs = rebootPossibleInS * 1000 + RESTART_MS;
		const text = `the dish is ready to restart for an update and may do so in ${rebootPossibleInS} s`;
		return { risk: 0.75, confidence: 0.75, horizonMs, cause: "update_reboot", text };
	}
	return null;
}

function outage({ status }: DangerFacts): Danger | null {
	if (status.outage === null) return null;
	const { cause, durationMs } = status.outage;
	const kind = outageKind(cause);
	const forS = (durationMs / 1000).toFixed(1);
	const of = (risk: number, horizonMs: number): Danger => ({
		risk,
		confidence: 0.85,
		horizonMs,
		cause: `outage_${cause.toLowerCase()}`,
		text: `the dish has been without service for ${forS} s: ${outageWords(cause)}`,
	});
	if (kind === "long") return of(0.95, MINUTE_MS);
	if (kind === "sky" && durationMs >= SKY_AFTER_MS) return of(0.8, 15_000);
	return durationMs >= BLINK_AFTER_MS ? of(0.8, 10_000) : null;
}

function again({ outages }: DangerFacts): Danger | null {
	if (outages.length < AGAIN) return null;
	const last = outages.at(-1)?.cause ?? "";
	const text = `the dish lost service ${outages.length} times within two minutes, the last time because ${outageWords(last)}`;
	return { risk: 0.75, confidence: 0.8, horizonMs: 30_000, cause: "outages_repeat", text };
}

function bootLoop({ boots }: DangerFacts): Danger | null {
	if (boots < BOOT_LOOP) return null;
	const text = `the dish restarted ${boots} times within half an hour`;
	return { risk: 0.75, confidence: 0.8, horizonMs: 600_000, cause: "boot_loop", text };
}

export function dangerOf(facts: DangerFacts): Danger | null {
	const all = [off(facts.status), restart(facts), outage(facts), again(facts), bootLoop(facts)];
	return all.reduce((worst, one) => (one !== null && (worst === null || one.risk > worst.risk) ? one : worst), null);
}
