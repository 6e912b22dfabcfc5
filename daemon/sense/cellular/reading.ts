/**
 * What a modem says of itself at one moment, in one shape for all sources. Null: not told, or told outside what is
 * physically possible. Texts come from outside (an operator chooses its name): whoever shows them escapes them.
 */
export type Technology = "2g" | "3g" | "4g" | "5g_nsa" | "5g_sa";

/** searching: not registered, looking for a network; none: not registered, not looking. */
export type Registration = "home" | "roaming" | "searching" | "denied" | "none";

export type SimState = "ready" | "missing" | "locked" | "failed";

/** One carrier of an aggregation; the first of a list is the primary one. */
export interface Carrier {
	readonly band: string | null;
	/** Physical cell id, 0-1007. */
	readonly pci: number | null;
	/** EARFCN or NR-ARFCN. */
	readonly channel: number | null;
	readonly bandwidthMhz: number | null;
	readonly rsrpDbm: number | null;
}

export interface Reading {
	readonly technology: Technology | null;
	/** LTE and NR; of an EN-DC pair those of the LTE anchor, without which there is no link. */
	readonly rsrpDbm: number | null;
	readonly rsrqDb: number | null;
	readonly sinrDb: number | null;
	readonly rssiDbm: number | null;
	readonly band: string | null;
	readonly carriers: readonly Carrier[];
	readonly cellId: string | null;
	readonly tac: string | null;
	readonly operator: string | null;
	/** Country and network code, 5 or 6 digits. */
	readonly plmn: string | null;
	readonly registration: Registration | null;
	readonly sim: SimState | null;
	/** Slot in use, from 1. */
	readonly simSlot: number | null;
	readonly simSlots: number | null;
	readonly temperatureC: number | null;
	/** The data session, as the modem sees it. */
	readonly connected: boolean | null;
	readonly model: string | null;
}

export const NOTHING: Reading = {
	technology: null,
	rsrpDbm: null,
	rsrqDb: null,
	sinrDb: null,
	rssiDbm: null,
	band: null,
	carriers: [],
	cellId: null,
	tac: null,
	operator: null,
	plmn: null,
	registration: null,
	sim: null,
	simSlot: null,
	simSlots: null,
	temperatureC: null,
	connected: null,
	model: null,
};

/** True, false, or null when the modem does not say. */
export function isRegistered(reading: Reading): boolean | null {
	if (reading.registration === null) return null;
	return reading.registration === "home" || reading.registration === "roaming";
}
