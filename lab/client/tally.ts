/**
 * What a LAN client lost, from the list of packets it sent. Pure. Times are ms of the machine's monotonic clock, so they
 * compare with those of every other process of the lab.
 */
export interface Sent {
	readonly atMs: number;
	/** Round trip, ms; null when no echo came. */
	rttMs: number | null;
	/** ISP the packet came through; null when no echo came. */
	isp: number | null;
}

export interface Tally {
	readonly sent: number;
	readonly lost: number;
	/** Longest run of lost packets: from the first lost one to the next that got through, ms. */
	readonly gapMs: number;
	readonly gapFromMs: number | null;
	/** Ways the echoes came, in order, each with the time its first packet was sent. */
	readonly ways: readonly { readonly isp: number; readonly fromMs: number; readonly packets: number }[];
	/** When the last packet through this way was sent, by ISP. */
	readonly lastSeenMs: Readonly<Record<string, number>>;
	/** Median round trip of what came back, ms. */
	readonly rttMs: number | null;
}

export function tally(packets: readonly Sent[]): Tally {
	let lost = 0;
	let gapMs = 0;
	let gapFromMs: number | null = null;
	let lossSince: number | null = null;
	const ways: { isp: number; fromMs: number; packets: number }[] = [];
	const lastSeenMs: Record<string, number> = {};
	const rtts: number[] = [];
	function endGap(atMs: number): void {
		if (lossSince !== null && atMs - lossSince > gapMs) {
			gapMs = atMs - lossSince;
			gapFromMs = lossSince;
		}
		lossSince = null;
	}
	for (const packet of packets) {
		if (packet.isp === null || packet.rttMs === null) {
			lost++;
			lossSince ??= packet.atMs;
			continue;
		}
		endGap(packet.atMs);
		rtts.push(packet.rttMs);
		lastSeenMs[packet.isp] = packet.atMs;
		const way = ways.at(-1);
		if (way?.isp === packet.isp) way.packets++;
		else ways.push({ isp: packet.isp, fromMs: packet.atMs, packets: 1 });
	}
	const last = packets.at(-1);
	if (last) endGap(last.atMs);
	rtts.sort((a, b) => a - b);
	return {
		sent: packets.length,
		lost,
		gapMs: Math.round(gapMs * 10) / 10,
		gapFromMs,
		ways,
		lastSeenMs,
		rttMs: rtts[rtts.length >> 1] ?? null,
	};
}

/** Moment from which every echoed packet came by another way than `isp`; null when it still does. */
export function leftAtMs(packets: readonly Sent[], isp: number): number | null {
	let left: number | null = null;
	for (const packet of packets) {
		if (packet.isp === null) continue;
		if (packet.isp === isp) left = null;
		else left ??= packet.atMs;
	}
	return left;
}
