/**
 * Silences that are over by themselves: so much longer a link of this kind may be silent before it is called dead, ms.
 * Recorded dishes are silent for up to 0.45 s under a clear sky every few hours, not seen by anybody; with the quarter of
 * a second between two probes that makes 0.7 s, where 0.53 s of silence end any other link.
 */
import type { UplinkClass } from "../health/types.ts";

const PATIENCE_MS: Readonly<Record<UplinkClass, number>> = {
	starlink: 400,
	cellular: 0,
	wifi: 0,
	lan: 0,
	other: 0,
};

export function patienceMs(uplinkClass: UplinkClass): number {
	return PATIENCE_MS[uplinkClass];
}
