/**
 * Data use that is out of the ordinary: within the current hour more than three times the hourly mean of the last day, and
 * more than 50 MB (the figures of earlier versions). Pure; fed with the counter of the day, which falls back at midnight.
 */
const HOUR_MS = 3_600_000;
const FACTOR = 3;
const LEAST_BYTES = 50_000_000;
const HOURS = 24;
const NEEDED = 3;
const MAX_UPLINKS = 64;

interface Use {
	hour: number;
	lastBytes: number;
	bytes: number;
	/** Of the hours before; newest last. */
	past: number[];
	told: boolean;
}

export interface Spikes {
	/** A sentence when an hour becomes a spike; null else. Once per hour. */
	feed(uplink: string, bytesToday: number, atMs: number): string | null;
}

export function createSpikes(): Spikes {
	const uses = new Map<string, Use>();
	return {
		feed(uplink, bytesToday, atMs) {
			const hour = Math.floor(atMs / HOUR_MS);
			const use = uses.get(uplink) ?? { hour, lastBytes: bytesToday, bytes: 0, past: [], told: false };
			uses.set(uplink, use);
			if (uses.size > MAX_UPLINKS) uses.delete(uses.keys().next().value ?? "");
			if (hour !== use.hour) {
				// Hours in which nobody looked count as without use.
				const missed = Math.min(HOURS, hour - use.hour - 1);
				use.past = [...use.past, use.bytes, ...Array<number>(missed).fill(0)].slice(-HOURS);
				use.hour = hour;
				use.bytes = 0;
				use.told = false;
			}
			use.bytes += Math.max(0, bytesToday < use.lastBytes ? bytesToday : bytesToday - use.lastBytes);
			use.lastBytes = bytesToday;
			if (use.told || use.past.length < NEEDED || use.bytes < LEAST_BYTES) return null;
			const mean = use.past.reduce((sum, one) => sum + one, 0) / use.past.length;
			if (use.bytes <= FACTOR * mean) return null;
			use.told = true;
			const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
			return `${uplink}: ${mb(use.bytes)} within this hour; usual are ${mb(mean)}`;
		},
	};
}
