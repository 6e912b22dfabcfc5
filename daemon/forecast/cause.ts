/**
 * Why trouble is expected, from what is known of the mechanisms; and the evidence in words and numbers. The limits are
 * those of the sensors (sense/cellular/fade.ts, sense/wifi/fade.ts: chosen on recordings), so that both say the same.
 */
import { FEATURE_INDEX, type FeatureName } from "./features.ts";
import type { Cause, EvidenceFigure } from "./types.ts";

export interface Reason {
	readonly cause: Cause;
	readonly text: string;
	readonly figures: readonly EvidenceFigure[];
}

const WIFI_EDGE_DBM = -82;
const WIFI_GATE_DBM = -78;
const RADIO_GATE_DBM = -95;
const RADIO_WEAK_DBM = -110;
const QUEUE_TIMES = 3;

const one = (value: number): number => Math.round(value * 10) / 10;

export function reasonOf(x: Float64Array, baseMs: number): Reason {
	const f = (name: FeatureName): number => x[FEATURE_INDEX[name]] ?? Number.NaN;
	const of = (cause: Cause, text: string, figures: readonly EvidenceFigure[]): Reason => ({ cause, text, figures });
	const figure = (name: string, value: number, unit: string): EvidenceFigure => ({ name, value: one(value), unit });

	if (f("dish_outage") === 1) return of("dish_outage", "the dish reports an outage", []);
	const signal = f("signal");
	const leaving = signal <= WIFI_GATE_DBM && f("signal_slope") <= -0.5;
	if (signal <= WIFI_EDGE_DBM || leaving) {
		const falling = leaving ? ` and falls by ${one(-f("signal_slope"))} dB/s` : "";
		return of("wifi_leaving", `Wi-Fi signal ${Math.round(signal)} dBm${falling}`, [figure("signal", signal, "dBm")]);
	}
	const rsrp = f("rsrp");
	const fading = rsrp <= RADIO_GATE_DBM && f("rsrp_slope") <= -0.8;
	if (rsrp <= RADIO_WEAK_DBM || fading) {
		const falling = fading ? ` and falls by ${one(-f("rsrp_slope"))} dB/s` : "";
		const figures = [figure("rsrp", rsrp, "dBm"), ...(f("sinr") > -90 ? [figure("sinr", f("sinr"), "dB")] : [])];
		return of("radio_fade", `RSRP ${Math.round(rsrp)} dBm${falling}`, figures);
	}
	const stalls = f("stalls_600");
	if (stalls >= 1) {
		const s = Math.round(f("since_stall_s"));
		const every = f("stall_every_s");
		const rhythm = every > 0 && every < 60 ? `, one every ${one(every)} s` : "";
		const text =
			stalls === 1
				? `it was silent for ${one(f("last_stall_s"))} s, ${s} s ago`
				: `${stalls} silences within ten minutes${rhythm}, the last one ${s} s ago`;
		return of("pattern", text, [figure("silences", stalls, ""), figure("silent_for", f("stalled_600_s"), "s")]);
	}
	const rise = f("rtt_mean3");
	if (rise >= QUEUE_TIMES) {
		const text = `round trips grew to ${one(rise)} times the usual ${Math.round(baseMs)} ms`;
		return of("congestion", text, [figure("rtt", rise * baseMs, "ms"), figure("usual_rtt", baseMs, "ms")]);
	}
	const loss = f("loss10");
	if (loss >= 0.1)
		return of("unknown", `${Math.round(100 * loss)} % of the last probes were lost`, [figure("loss", 100 * loss, "%")]);
	return of("unknown", "no sign of trouble", []);
}
