/**
 * What is kept of every uplink, and for how long. A row of the raw resolution holds one number per metric; a row of the
 * two coarser ones holds lowest, mean and highest of its span. Unknown is NaN inside, absent outside.
 */
export const METRICS = [
	"rtt_ms",
	"loss_pct",
	"jitter_ms",
	"score",
	"rx_bytes_per_s",
	"tx_bytes_per_s",
	"obstruction_pct",
	"rsrp_dbm",
	"rsrq_db",
	"sinr_db",
	"signal_dbm",
	"dish_drop_pct",
	"dish_latency_ms",
] as const;

export type Metric = (typeof METRICS)[number];

/** One measurement of one uplink; what is not known is left out or null. */
export type SampleValues = Readonly<Partial<Record<Metric, number | null>>>;

export interface Tier {
	readonly name: "raw" | "10s" | "60s";
	/** Span of one row, ms; 0 = rows are single samples. */
	readonly stepMs: number;
	/** Numbers per metric in one row: 1, or 3 (lowest, mean, highest). */
	readonly width: 1 | 3;
	/** Rows older than this are dropped. */
	readonly keepMs: number;
	/** Rows above this number are dropped, however young: bounds the work of one query. */
	readonly maxRows: number;
}

const HOUR = 3_600_000;

/**
 * How long single samples and rows of 10 s are kept when there are so many bytes for all: rows of a minute shall reach back a
 * whole day, of three plain uplinks nearly so in half a megabyte, of four in two (store.test.ts).
 */
function finerMs(budgetBytes: number): readonly [number, number] {
	const mb = budgetBytes / 1_048_576;
	if (mb < 2) return [HOUR / 4, HOUR];
	return mb < 3 ? [HOUR, 6 * HOUR] : [HOUR, 12 * HOUR];
}

/** The three resolutions under a retention of so many hours (1-168) in so many bytes. */
export function tiersFor(retentionHours: number, budgetBytes = Number.POSITIVE_INFINITY): readonly [Tier, Tier, Tier] {
	const keepMs = Math.max(1, retentionHours) * HOUR;
	const [rawMs, middleMs] = finerMs(budgetBytes);
	return [
		{ name: "raw", stepMs: 0, width: 1, keepMs: Math.min(keepMs, rawMs), maxRows: 7_200 },
		{ name: "10s", stepMs: 10_000, width: 3, keepMs: Math.min(keepMs, middleMs), maxRows: 4_320 },
		{ name: "60s", stepMs: 60_000, width: 3, keepMs, maxRows: 10_080 },
	];
}

/** Rows per block: one allocation, and the unit in which old rows are dropped. */
export const BLOCK_ROWS = 128;

/** What the store would hold if every uplink were measured once a second for the whole retention; for the log. */
export function wantedBytes(retentionHours: number, uplinks: number, columns: number): number {
	let bytes = 0;
	for (const tier of tiersFor(retentionHours)) {
		const rows = Math.min(tier.maxRows, tier.keepMs / (tier.stepMs || 1_000));
		bytes += rows * (8 + columns * tier.width * 4);
	}
	return bytes * uplinks;
}
