/**
 * What readings of one modem mean for its uplink: figures for health, events, suspicion, risk. Knows no sources and no
 * clock of its own. What costs something (risk, suspicion) needs a reading that says so; what merely happens (another
 * cell, another technology) is an event and no fault, told at most once a minute each.
 */
import type { SenseValues } from "../../health/senses.ts";
import type { SensorSink } from "../sensor.ts";
import { createFadeWatch, type Fade, LIMIT_DBM } from "./fade.ts";
import { isRegistered, type Reading, type SimState, type Technology } from "./reading.ts";
import { createStabilityWatch, type Stability } from "./stability.ts";

const EVENT_PAUSE_MS = 60_000;
const SUSPECT_PAUSE_MS = 10_000;
/** A search for a network that lasts is no reselection of a cell any more. */
const SEARCHING_MS = 3_000;
const WEAK_READINGS = 3;
const WEAK_HYSTERESIS_DB = 5;
/** How long a risk holds without being confirmed. */
const LOST_HORIZON_MS = 30_000;
const FADE_EXTRA_MS = 5_000;

const TECHNOLOGY: Readonly<Record<Technology, string>> = {
	"2g": "2G",
	"3g": "3G",
	"4g": "LTE",
	"5g_nsa": "5G with LTE",
	"5g_sa": "5G",
};

export function technologyWord(technology: Technology): string {
	return TECHNOLOGY[technology];
}

const SIM_TROUBLE: Readonly<Partial<Record<SimState, string>>> = {
	missing: "no SIM card is in the modem",
	locked: "the SIM card is locked: enter its PIN",
	failed: "the SIM card does not work",
};

export interface Judge {
	take(atMs: number, reading: Reading): void;
	/** The modem serves another SIM now, or nobody tells anything any more. */
	lose(): void;
	stability(atMs: number): Stability | null;
	cellChanges(atMs: number): number;
	fade(): Fade | null;
	/** The signal is falling: a closer look is worth it. */
	falling(): boolean;
	/** Since when the modem cannot serve (not registered, no SIM), and why; null when it can or does not say. */
	lost(): { readonly sinceMs: number; readonly why: string } | null;
	/** Since when the signal is weak. */
	weakSinceMs(): number | null;
}

export function createJudge(sink: SensorSink, weakDbm: () => number): Judge {
	let fades = createFadeWatch();
	let steadiness = createStabilityWatch();
	let before: Reading | null = null;
	let fade: Fade | null = null;
	let lost: { readonly sinceMs: number; readonly why: string } | null = null;
	let weak: { readonly sinceMs: number; readonly readings: number } | null = null;
	let weakTold = false;
	let suspectedMs = Number.NEGATIVE_INFINITY;
	const paced = new Map<string, { toldMs: number; held: number }>();

	function suspect(atMs: number, reason: string): void {
		if (atMs - suspectedMs < SUSPECT_PAUSE_MS) return;
		suspectedMs = atMs;
		sink.suspect(reason);
	}

	/** Things that may happen every few seconds on the road. */
	function pacedEvent(atMs: number, type: string, reason: string): void {
		const last = paced.get(type);
		if (last !== undefined && atMs - last.toldMs < EVENT_PAUSE_MS) {
			last.held++;
			return;
		}
		const more = last === undefined || last.held === 0 ? "" : `; ${last.held} more since the last one that was told`;
		paced.set(type, { toldMs: atMs, held: 0 });
		sink.event(type, `${reason}${more}`);
	}

	function changes(atMs: number, now: Reading, cellChanged: boolean): void {
		if (before === null) return;
		if (cellChanged) {
			pacedEvent(atMs, "cell_change", `cell ${before.cellId ?? "?"} -> ${now.cellId}${bandWord(now)}`);
		}
		if (now.technology !== null && before.technology !== null && now.technology !== before.technology) {
			const [from, to] = [technologyWord(before.technology), technologyWord(now.technology)];
			pacedEvent(atMs, "technology", `${from} -> ${to}`);
		}
		if (now.simSlot !== null && before.simSlot !== null && now.simSlot !== before.simSlot) {
			sink.event("sim", `SIM ${before.simSlot} -> SIM ${now.simSlot}`);
		}
		const roams = now.registration === "roaming";
		if (now.registration !== null && before.registration !== null && roams !== (before.registration === "roaming")) {
			const where = now.operator === null ? "" : ` (${now.operator})`;
			if (roams) sink.event("roaming", `in a foreign network now${where}`);
			else if (now.registration === "home") sink.event("roaming", `back in the home network${where}`);
		}
		if (before.connected === true && now.connected === false) {
			sink.event("session", "the modem ended its data session");
			suspect(atMs, "the modem ended its data session");
		}
	}

	function service(atMs: number, now: Reading): void {
		const why = troubleOf(now);
		if (why === null) {
			// A source that does not say it has not seen it registered either.
			if (lost !== null && isRegistered(now) === true) sink.event("registration", "registered again");
			lost = null;
			return;
		}
		if (lost === null || lost.why !== why) {
			const first = before === null;
			sink.event("registration", why);
			lost = { sinceMs: lost?.sinceMs ?? atMs, why };
			if (!first) {
				// Not held back by the pause: this is the one that matters.
				suspectedMs = Number.NEGATIVE_INFINITY;
				suspect(atMs, why);
			}
		}
		const certain = now.registration !== "searching" || atMs - lost.sinceMs >= SEARCHING_MS;
		if (certain) {
			sink.risk({ risk: 0.95, confidence: 0.9, horizonMs: LOST_HORIZON_MS, cause: "not_registered", text: why });
		}
	}

	function strength(atMs: number, now: Reading): void {
		fade = fades.take(atMs, now.rsrpDbm, now.cellId);
		if (fade !== null) {
			const { dbPerS, toLimitMs, risk, confidence } = fade;
			const text = `the signal falls by ${dbPerS.toFixed(1)} dB/s and will be lost in ${Math.round(toLimitMs / 1000)} s`;
			sink.risk({ risk, confidence, horizonMs: toLimitMs + FADE_EXTRA_MS, cause: "signal_fades", text });
		}
		const drop = fades.drop();
		if (drop !== null) suspect(atMs, `the signal fell by ${Math.round(drop)} dB within seconds`);
		const { rsrpDbm } = now;
		if (rsrpDbm === null) return;
		// Connections that were left on it to finish are stuck now: probes find out whether they are.
		if (rsrpDbm <= LIMIT_DBM + 2) suspect(atMs, `the signal is all but gone: RSRP ${Math.round(rsrpDbm)} dBm`);
		const limit = weakDbm() + (weakTold ? WEAK_HYSTERESIS_DB : 0);
		if (rsrpDbm <= limit) {
			weak = { sinceMs: weak?.sinceMs ?? atMs, readings: (weak?.readings ?? 0) + 1 };
			if (weakTold || weak.readings < WEAK_READINGS) return;
			weakTold = true;
			pacedEvent(atMs, "weak_signal", `RSRP ${Math.round(rsrpDbm)} dBm`);
		} else {
			if (weakTold) pacedEvent(atMs, "weak_signal", `over: RSRP ${Math.round(rsrpDbm)} dBm`);
			weak = null;
			weakTold = false;
		}
	}

	return {
		take(atMs, reading) {
			const cellChanged = steadiness.take(atMs, reading);
			changes(atMs, reading, cellChanged);
			service(atMs, reading);
			strength(atMs, reading);
			before = reading;
			sink.observe(valuesOf(reading));
		},
		lose() {
			if (before !== null) sink.observe(UNKNOWN);
			before = null;
			fade = null;
			lost = null;
			weak = null;
			weakTold = false;
			fades = createFadeWatch();
			steadiness = createStabilityWatch();
		},
		stability: (atMs) => steadiness.now(atMs),
		cellChanges: (atMs) => steadiness.cellChanges(atMs),
		fade: () => fade,
		falling: () => fades.falling(),
		lost: () => lost,
		weakSinceMs: () => (weakTold ? (weak?.sinceMs ?? null) : null),
	};
}

function bandWord(reading: Reading): string {
	return reading.band === null ? "" : `, ${reading.band}`;
}

/** Why this modem can carry nothing; null when it can, or does not say. */
function troubleOf(reading: Reading): string | null {
	const sim = reading.sim === null ? undefined : SIM_TROUBLE[reading.sim];
	if (sim !== undefined) return sim;
	if (isRegistered(reading) !== false) return null;
	if (reading.registration === "denied") return "the network refuses this SIM";
	return reading.registration === "searching"
		? "not registered, searching for a network"
		: "not registered in a network";
}

const UNKNOWN: SenseValues = {
	rsrp_dbm: null,
	rsrq_db: null,
	sinr_db: null,
	rssi_dbm: null,
	roaming: null,
	registered: null,
};

export function valuesOf(reading: Reading): SenseValues {
	const registered = troubleOf(reading) === null ? isRegistered(reading) : false;
	return {
		rsrp_dbm: reading.rsrpDbm,
		rsrq_db: reading.rsrqDb,
		sinr_db: reading.sinrDb,
		rssi_dbm: reading.rssiDbm,
		roaming: reading.registration === null ? null : Number(reading.registration === "roaming"),
		registered: registered === null ? null : Number(registered),
	};
}
