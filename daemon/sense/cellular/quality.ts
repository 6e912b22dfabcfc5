/** How good a signal is, 0-100, by technology: what is fine for LTE says nothing on GSM. Pure. */
import type { Reading, Technology } from "./reading.ts";

type Span = readonly [bad: number, good: number];

/** Ranges of prior practice for LTE; NR reports the same figures of its SSB (TS 38.215 5.1). */
const LTE: { readonly rsrp: Span; readonly rsrq: Span; readonly sinr: Span } = {
	rsrp: [-120, -80],
	rsrq: [-20, -8],
	sinr: [-5, 20],
};
/** Received power over the whole channel (AT+CSQ). */
const RSSI: Readonly<Record<Technology, Span>> = {
	"2g": [-107, -70],
	"3g": [-105, -65],
	"4g": [-95, -55],
	"5g_nsa": [-95, -55],
	"5g_sa": [-95, -55],
};

function share(value: number, [bad, good]: Span): number {
	return Math.max(0, Math.min(1, (value - bad) / (good - bad)));
}

/** Null without figures. Power counts as much as quality and noise together: the weakest of them does not decide alone. */
export function qualityPct(reading: Reading): number | null {
	const { rsrpDbm, rsrqDb, sinrDb, rssiDbm, technology } = reading;
	const old = technology === "2g" || technology === "3g";
	if (!old && rsrpDbm !== null) {
		const parts = [share(rsrpDbm, LTE.rsrp), share(rsrpDbm, LTE.rsrp)];
		if (rsrqDb !== null) parts.push(share(rsrqDb, LTE.rsrq));
		if (sinrDb !== null) parts.push(share(sinrDb, LTE.sinr));
		return Math.round((100 * parts.reduce((sum, part) => sum + part, 0)) / parts.length);
	}
	return rssiDbm === null ? null : Math.round(100 * share(rssiDbm, RSSI[technology ?? "4g"]));
}

export type QualityWord = "excellent" | "good" | "fair" | "poor" | "bad";

export function qualityWord(pct: number): QualityWord {
	if (pct >= 80) return "excellent";
	if (pct >= 60) return "good";
	if (pct >= 40) return "fair";
	return pct >= 20 ? "poor" : "bad";
}
