/** What a radio says of its link to an access point at one moment; null: not known. */
export interface WifiReading {
	readonly source: string;
	/** False: the radio is there and has no access point. Null: the source cannot tell. */
	readonly associated: boolean | null;
	/** Chosen by whoever runs the access point: hostile until escaped. */
	readonly ssid: string | null;
	readonly bssid: string | null;
	readonly channel: number | null;
	readonly frequencyMhz: number | null;
	readonly signalDbm: number | null;
	readonly noiseDbm: number | null;
	/** Rates of the last frames. */
	readonly txMbps: number | null;
	readonly rxMbps: number | null;
	/** Since association; null where the driver does not count. */
	readonly tx: TxCounters | null;
	/** How long this association lasts. */
	readonly connectedS: number | null;
	/** Of the channel since some moment, ms; null where the driver keeps no survey. */
	readonly airtime: Airtime | null;
}

export interface TxCounters {
	readonly packets: number;
	readonly retries: number;
	readonly failed: number;
}

export interface Airtime {
	readonly activeMs: number;
	readonly busyMs: number;
}

export const NOTHING: WifiReading = {
	source: "",
	associated: null,
	ssid: null,
	bssid: null,
	channel: null,
	frequencyMhz: null,
	signalDbm: null,
	noiseDbm: null,
	txMbps: null,
	rxMbps: null,
	tx: null,
	connectedS: null,
	airtime: null,
};

export function snrDb(reading: WifiReading): number | null {
	const { signalDbm, noiseDbm } = reading;
	return signalDbm === null || noiseDbm === null ? null : signalDbm - noiseDbm;
}
