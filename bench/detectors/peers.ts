/**
 * How others find out, over the same link: models written from what is known of their loops, checked against measured
 * figures (test/probe/peers.test.ts).
 *
 * mwan3track (mwan3 2.12): each round pings the targets one after the other, one packet each, waiting `timeout` for a
 * silent one; a round is good when `reliability` targets answered (the walk ends there). `down` bad rounds in a row end
 * an online link (one good round puts its score back to the top), `up` good ones in a row restore it. Between rounds it
 * sleeps `interval`.
 *
 * dpinger (pfSense): one target, a probe each 500 ms; loss is judged over a 60 s window without the last 2 s; over 20 %
 * is an alarm, looked at once a second.
 */
import type { Link } from "./link.ts";

export interface Verdicts {
	/** Times at which the link was called dead. */
	readonly dead: number[];
	/** Times at which it was called alive again. */
	readonly back: number[];
}

export interface Mwan3Settings {
	readonly targets: readonly string[];
	readonly reliability: number;
	readonly intervalMs: number;
	readonly timeoutMs: number;
	readonly down: number;
	readonly up: number;
}

/** The shipped /etc/config/mwan3: four targets, reliability 2 for wan, interval 10, timeout 4, down 5, up 5. */
export const MWAN3_DEFAULT: Mwan3Settings = {
	targets: ["1.0.0.1", "1.1.1.1", "208.67.222.222", "208.67.220.220"],
	reliability: 2,
	intervalMs: 10_000,
	timeoutMs: 4000,
	down: 5,
	up: 5,
};

/** What people copy: one target, everything at a second. */
export const MWAN3_TUNED: Mwan3Settings = {
	targets: ["1.1.1.1"],
	reliability: 1,
	intervalMs: 1000,
	timeoutMs: 1000,
	down: 2,
	up: 3,
};

/** A fork, an exec and the shell around one ping; measured 2-6 ms on x86. */
const PING_COST_MS = 5;

export function runMwan3(link: Link, settings: Mwan3Settings, untilMs: number, phaseMs: number): Verdicts {
	const verdicts: Verdicts = { dead: [], back: [] };
	let now = phaseMs;
	let online = true;
	let row = 0;
	while (now < untilMs) {
		let answers = 0;
		for (const target of settings.targets) {
			const answer = link.answerAt(target, now);
			const inTime = answer !== null && answer - now <= settings.timeoutMs;
			now += PING_COST_MS + (inTime ? answer - now : settings.timeoutMs);
			if (inTime) answers++;
			if (answers >= settings.reliability) break;
		}
		const good = answers >= settings.reliability;
		row = good === online ? 0 : row + 1;
		if (online && row >= settings.down) {
			online = false;
			row = 0;
			verdicts.dead.push(now);
		} else if (!online && row >= settings.up) {
			online = true;
			row = 0;
			verdicts.back.push(now);
		}
		now += settings.intervalMs;
	}
	return verdicts;
}

const DPINGER = { intervalMs: 500, lossIntervalMs: 2000, windowMs: 60_000, alarmPct: 20, checkMs: 1000 };

export function runDpinger(link: Link, untilMs: number, phaseMs: number): Verdicts {
	const verdicts: Verdicts = { dead: [], back: [] };
	const probes: { sentMs: number; answerMs: number }[] = [];
	let alarm = false;
	let next = phaseMs;
	let first = 0;
	for (let check = DPINGER.checkMs; check < untilMs; check += DPINGER.checkMs) {
		for (; next <= check; next += DPINGER.intervalMs) {
			probes.push({ sentMs: next, answerMs: link.answerAt("1.1.1.1", next) ?? Number.POSITIVE_INFINITY });
		}
		while ((probes[first]?.sentMs ?? check) < check - DPINGER.windowMs) first++;
		let lost = 0;
		let received = 0;
		for (let i = first; i < probes.length; i++) {
			const probe = probes[i];
			if (probe === undefined) continue;
			if (probe.answerMs <= check) received++;
			else if (probe.sentMs <= check - DPINGER.lossIntervalMs) lost++;
		}
		const pct = lost + received === 0 ? 0 : (lost * 100) / (lost + received);
		// dpinger reports whole per cent
		const bad = Math.floor(pct) > DPINGER.alarmPct;
		if (bad !== alarm) (bad ? verdicts.dead : verdicts.back).push(check);
		alarm = bad;
	}
	return verdicts;
}
