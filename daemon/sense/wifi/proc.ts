/**
 * /proc/net/wireless, the poor man's way: two header lines, then per device status, link quality, level, noise and
 * counters of what was thrown away (net/wireless/wext-proc.c). A dot after a figure only means that it is fresh. Kernels
 * without wireless extensions have no such file. Level and noise of -256, or noise of 0, are unknown.
 */
import { numberIn } from "../values.ts";
import { NOTHING, type WifiReading } from "./reading.ts";

function figure(text: string | undefined): number | null {
	return text !== undefined && /^-?\d{1,4}\.?$/.test(text) ? numberIn(text.replace(".", ""), -126, -1) : null;
}

/** Null when the device has no line there. */
export function parseProcWireless(text: string, device: string): WifiReading | null {
	for (const line of text.split("\n", 64)) {
		const colon = line.indexOf(":");
		if (colon < 0 || line.slice(0, colon).trim() !== device) continue;
		const [, , level, noise] = line
			.slice(colon + 1)
			.trim()
			.split(/\s+/);
		const signalDbm = figure(level);
		return { ...NOTHING, source: "/proc/net/wireless", signalDbm, noiseDbm: figure(noise) };
	}
	return null;
}
