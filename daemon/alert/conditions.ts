/**
 * The picture -> conditions of the router and of what sensors know: disk, memory, certificates, the watchdog, data plans,
 * dead sensors, obstruction. Pure but for its memory of what holds, by which it ends what nobody else ends: a condition
 * whose event of the end was missed (a modem that was away when it registered again, a dish that forgot its alerts), one
 * that is not looked at any more (a plan taken back, a certificate not used now), and all of an uplink that is gone.
 */
import type { Config } from "../config/types.ts";
import type { Picture } from "./picture.ts";
import { off, on } from "./signal.ts";
import type { AlertKindName, Signal } from "./types.ts";

export interface Conditions {
	/** Remembers what holds; gives back what it was given. */
	keep(signals: readonly Signal[]): readonly Signal[];
	/** What held before the daemon was started again. */
	recall(signals: readonly Signal[], atMs: number): void;
	picture(picture: Picture): readonly Signal[];
	/** Ends of conditions of uplinks that have not been there for a while. */
	gone(picture: Picture): readonly Signal[];
}

/** Looked at in every picture: when it is not in one, nobody watches it any more. */
const LOOKED_AT: ReadonlySet<AlertKindName> = new Set(["system", "certificate", "data_limit", "obstruction"]);
const GONE_MS = 600_000;
/** Counted from whole seconds: the same moment may come out a little later. */
const SAME_MS = 3_000;
/** After a restart it takes a while until everything has been looked at. */
const SETTLE_MS = 120_000;
const HOUR_MS = 3_600_000;
const MAX_HELD = 500;

interface Plan {
	readonly usedUp: boolean;
	readonly fromUnixMs: number | null;
	readonly resetUnixMs: number | null;
	readonly words: string;
}

export function createConditions(limits: () => Config["notify"]): Conditions {
	const held = new Map<string, Signal>();
	const plans = new Map<string, Plan>();
	const awaySince = new Map<string, number>();
	/** Modems that were known to a program; since when they are so no more. */
	const voices = new Map<string, number | null>();
	let watchdogMs = Number.NEGATIVE_INFINITY;
	let settledMs = Number.NEGATIVE_INFINITY;

	function keep(signals: readonly Signal[]): readonly Signal[] {
		for (const signal of signals) {
			if (!signal.active || signal.lastsMs !== undefined) held.delete(signal.key);
			else held.set(signal.key, signal);
			if (held.size > MAX_HELD) held.delete(held.keys().next().value ?? "");
		}
		return signals;
	}

	function router({ atMs, disks, freeMib, certificates, watchdog }: Picture, seen: Set<string>): Signal[] {
		const signals: Signal[] = [];
		const { diskFull, memoryLow, certificateDays } = limits();
		for (const { path, usedPct } of disks) {
			const key = `system:${path}`;
			seen.add(key);
			// A little below before it counts as over, or the alert would come and go.
			if (usedPct >= diskFull) {
				signals.push(on("system", null, atMs, `${path} is ${Math.round(usedPct)} % full`, { key }));
			} else if (usedPct < diskFull - 2) signals.push(off("system", null, atMs, `${path} has room again`, { key }));
		}
		const key = "system:memory";
		if (freeMib !== null) seen.add(key);
		if (freeMib !== null && freeMib < memoryLow) {
			signals.push(on("system", null, atMs, `only ${Math.round(freeMib)} MiB of memory are free`, { key }));
		} else if (freeMib !== null && freeMib > memoryLow * 1.25) {
			signals.push(off("system", null, atMs, "there is memory again", { key }));
		}
		for (const { name, daysLeft } of certificates) {
			const key = `certificate:${name}`;
			seen.add(key);
			const words = daysLeft <= 0 ? "has ended" : `ends in ${Math.floor(daysLeft)} days`;
			const soon = daysLeft <= certificateDays;
			const text = soon ? `the certificate ${name} ${words}` : `the certificate ${name} is good for longer`;
			const level = daysLeft <= 2 ? "critical" : null;
			signals.push((soon ? on : off)("certificate", null, atMs, text, { level, key }));
		}
		if (watchdog !== null && watchdog.atMs > watchdogMs + SAME_MS) {
			watchdogMs = watchdog.atMs;
			signals.push(on("watchdog", null, watchdog.atMs, watchdog.text, { lastsMs: HOUR_MS }));
		}
		return signals;
	}

	/** Since when a modem that was known to a program before is so to none; null: it is, or never was. */
	function muteSince({ atMs, modems }: Picture, uplink: string): number | null {
		const modem = modems.find((one) => one.uplink === uplink);
		if (modem === undefined) return voices.get(uplink) ?? null;
		if (!modem.mute) voices.set(uplink, null);
		else if (voices.get(uplink) === null) voices.set(uplink, atMs);
		return voices.get(uplink) ?? null;
	}

	function sensors(picture: Picture, seen: Set<string>): Signal[] {
		const { atMs } = picture;
		const signals: Signal[] = [];
		for (const { uplink, sensor, state, forMs, text } of picture.sensors) {
			// A modem that does not answer is modem trouble to its owner.
			const kind = sensor === "cellular" ? "cellular" : "sensor";
			const key = `${kind}:${uplink}:${sensor}`;
			seen.add(key);
			const afterMs = limits().sensorAfterS * 1000;
			const failed = (state === "failing" || state === "denied") && forMs >= afterMs;
			const muteMs = sensor === "cellular" ? muteSince(picture, uplink) : null;
			const dead = failed || (muteMs !== null && atMs - muteMs >= afterMs);
			const words = `${uplink}, ${sensor}: ${text}`;
			if (dead) signals.push(on(kind, uplink, atMs, words, { key }));
			else if (state === "ok" && muteMs === null) signals.push(off(kind, uplink, atMs, words, { key }));
		}
		for (const { uplink, registered, roaming } of picture.modems) {
			if (registered) signals.push(end(`cellular:${uplink}:registration`, atMs, `${uplink}: registered again`));
			if (roaming === false) {
				signals.push(end(`cellular:${uplink}:roaming`, atMs, `${uplink}: back in the home network`));
			}
		}
		for (const { uplink, alerts } of picture.dishes) {
			const prefix = `dish:${uplink}:`;
			for (const key of held.keys()) {
				const name = key.startsWith(prefix) ? key.slice(prefix.length) : null;
				if (name !== null && !alerts.includes(name)) signals.push(end(key, atMs, `${uplink}: ${name} is over`));
			}
		}
		return signals;
	}

	/** The end of what holds under this key; harmless when nothing does. */
	function end(key: string, atMs: number, text: string, more: Partial<Signal> = {}): Signal {
		const { kind, uplink } = held.get(key) ?? { kind: "sensor", uplink: null };
		return off(kind, uplink, atMs, text, { key, ...more });
	}

	function usage(picture: Picture, seen: Set<string>): Signal[] {
		const { atMs } = picture;
		const signals: Signal[] = [];
		for (const plan of picture.plans) {
			const { uplink, usedPct, warnPct, text, fromUnixMs, resetUnixMs } = plan;
			const before = plans.get(uplink);
			const usedUp = usedPct >= 100;
			plans.set(uplink, { usedUp, fromUnixMs, resetUnixMs, words: `${Math.round(usedPct)} %` });
			const key = `data_limit:${uplink}`;
			seen.add(key);
			const anew = before?.resetUnixMs != null && fromUnixMs !== null && fromUnixMs >= before.resetUnixMs;
			const begins = `${uplink}: the data plan begins anew; ${before?.words ?? ""} of it were used`;
			if (usedPct >= warnPct) {
				const level = usedPct >= limits().dataCritical ? "critical" : null;
				// Its end is told though it is no more urgent than nearly so.
				const again = usedUp && before?.usedUp === false ? { again: true as const } : {};
				signals.push(on("data_limit", uplink, atMs, text, { level, ...again }));
			} else {
				signals.push(off("data_limit", uplink, atMs, anew ? begins : `${uplink}: there is data allowance again`));
				if (anew && !held.has(key)) {
					const more = { key: `data_reset:${uplink}`, level: "info", lastsMs: HOUR_MS } as const;
					signals.push(on("data_limit", uplink, atMs, begins, more));
				}
			}
		}
		for (const { uplink, text } of picture.spikes) {
			signals.push(on("data_usage_spike", uplink, atMs, text, { lastsMs: HOUR_MS }));
		}
		return signals;
	}

	function obstructions(picture: Picture, seen: Set<string>): Signal[] {
		const { atMs } = picture;
		return picture.obstructions.flatMap(({ uplink, nowPct, usualPct }) => {
			seen.add(`obstruction:${uplink}`);
			const figures = `${nowPct.toFixed(1)} % of the last hour, before that ${usualPct.toFixed(1)} %`;
			if (nowPct >= 2 && nowPct >= 2 * usualPct) {
				return [on("obstruction", uplink, atMs, `${uplink}: the view of the dish is blocked more: ${figures}`)];
			}
			if (nowPct >= Math.max(1, 1.5 * usualPct)) return [];
			return [off("obstruction", uplink, atMs, `${uplink}: the view of the dish is as usual: ${figures}`)];
		});
	}

	return {
		keep,
		recall(signals, atMs) {
			keep(signals);
			settledMs = atMs + SETTLE_MS;
		},
		picture(picture) {
			const { atMs } = picture;
			const seen = new Set<string>();
			const signals = [
				...router(picture, seen),
				...sensors(picture, seen),
				...usage(picture, seen),
				...obstructions(picture, seen),
			];
			const isSensor = (key: string, kind: AlertKindName): boolean =>
				kind === "sensor" || (kind === "cellular" && key.endsWith(":cellular"));
			for (const [key, { kind }] of held) {
				const lookedAt = LOOKED_AT.has(kind) || isSensor(key, kind);
				if (lookedAt && !seen.has(key) && atMs >= settledMs) {
					signals.push(end(key, atMs, "it is not watched any more", { quiet: true }));
				}
			}
			return keep(signals);
		},
		gone({ atMs, uplinks }) {
			const names = new Set([...held.values()].flatMap(({ uplink }) => (uplink === null ? [] : [uplink])));
			for (const name of awaySince.keys()) if (uplinks.includes(name) || !names.has(name)) awaySince.delete(name);
			const signals: Signal[] = [];
			for (const name of names) {
				if (uplinks.includes(name)) continue;
				const since = awaySince.get(name) ?? atMs;
				awaySince.set(name, since);
				if (atMs - since < GONE_MS) continue;
				for (const [key, { uplink }] of held) {
					if (uplink === name) signals.push(end(key, atMs, `${name} is gone`, { quiet: true }));
				}
			}
			return keep(signals);
		},
	};
}
