/**
 * What a link can know about itself, as numbers: one row per name with its unit in the name and the range that is
 * physically possible (3GPP TS 36.133 / 38.133 for the cellular figures, IEEE 802.11 practice for Wi-Fi). A value outside
 * is a fault of its source and counts as unknown.
 */
export const SENSES = {
	// dish
	obstruction_pct: [0, 100],
	/** 1 while the dish looks at an obstacle. */
	obstructed: [0, 1],
	/** 1 while the dish itself reports an outage. */
	outage: [0, 1],
	/** Outages within the last 10 minutes. */
	outages: [0, 1000],
	dish_drop_pct: [0, 100],
	dish_latency_ms: [0, 60_000],
	sky_blocked_pct: [0, 100],
	// modem
	rsrp_dbm: [-156, -31],
	rsrq_db: [-43, 20],
	sinr_db: [-30, 50],
	rssi_dbm: [-130, 0],
	roaming: [0, 1],
	registered: [0, 1],
	// radio of a Wi-Fi client
	signal_dbm: [-127, 0],
	noise_dbm: [-127, 0],
	bitrate_mbps: [0, 50_000],
	channel_busy_pct: [0, 100],
	retry_pct: [0, 100],
	// any
	link_mbps: [0, 400_000],
	error_pct: [0, 100],
	/** Data used of what the plan allows. */
	usage_pct: [0, 100_000],
	/** How far on the way from the owner's warning to the end of the plan; 0 before the warning. */
	cap_pressure_pct: [0, 100],
	critical_events: [0, 1000],
	warning_events: [0, 1000],
	info_events: [0, 1000],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export type SenseName = keyof typeof SENSES;

/** A name with null: what was known is not known any more. */
export type SenseValues = { [Name in SenseName]?: number | null };

/** Only known names with possible values; null (no longer known) stays null. */
export function possible(values: SenseValues): SenseValues {
	const kept: SenseValues = {};
	for (const name in values) {
		if (!Object.hasOwn(SENSES, name)) continue;
		const key = name as SenseName;
		const value = values[key];
		if (value === undefined) continue;
		const range: readonly [number, number] = SENSES[key];
		kept[key] = value === null || !(value >= range[0] && value <= range[1]) ? null : value;
	}
	return kept;
}
