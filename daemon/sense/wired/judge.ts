/**
 * What readings of one wired link mean: figures for health, events (speed, duplex, damaged packets, a cable that comes and
 * goes), suspicion when the gateway does not answer on the wire. A slower link than before is a fault of cable or plug far
 * more often than a choice, so it is told; it costs no points, since what matters of it is measured as loss.
 */
import { pacedEvents } from "../paced.ts";
import type { SensorSink } from "../sensor.ts";
import type { Neighbour, PacketCounters, WiredReading } from "./reading.ts";

/** Fewer packets say nothing about a share. */
const LEAST_PACKETS = 200;
const DAMAGED_PCT = 1;
const FLAPS = 3;
const FLAP_WINDOW_MS = 600_000;
const SUSPECT_PAUSE_MS = 10_000;

export interface WiredJudge {
	take(atMs: number, reading: WiredReading): void;
	gateway(atMs: number, address: string, state: Neighbour): void;
	lose(): void;
	errorPct(): number | null;
	/** Carrier losses within ten minutes; null where the kernel does not count. */
	flaps(): number | null;
	/** The quickest this link has been since it is watched. */
	bestMbps(): number | null;
}

/** Share of damaged packets between two readings; null with too few, or when the counters were reset. */
export function errorShare(from: PacketCounters, to: PacketCounters): number | null {
	const packets = to.packets - from.packets;
	const errors = to.errors - from.errors;
	if (packets < 0 || errors < 0 || packets + errors < LEAST_PACKETS) return null;
	return (100 * errors) / (packets + errors);
}

export function createWiredJudge(sink: SensorSink): WiredJudge {
	let before: WiredReading | null = null;
	let counted: PacketCounters | null = null;
	let errorPct: number | null = null;
	let bestMbps: number | null = null;
	let changes: { readonly atMs: number; readonly count: number }[] = [];
	const silent = new Set<string>();
	let suspectedMs = Number.NEGATIVE_INFINITY;
	const tell = pacedEvents((type, reason) => sink.event(type, reason), 2);

	function speed(atMs: number, now: WiredReading): void {
		const { speedMbps, duplex } = now;
		const was = before?.speedMbps ?? null;
		if (speedMbps !== null) {
			const slower = bestMbps !== null && speedMbps < bestMbps;
			if (was === null ? slower : speedMbps < was) {
				const cause = speedMbps <= 100 ? ": a damaged cable or plug does this" : "";
				tell(atMs, "link_speed", `${was ?? bestMbps} -> ${speedMbps} Mbit/s${cause}`);
			} else if (was !== null && speedMbps > was) {
				tell(atMs, "link_speed", `${was} -> ${speedMbps} Mbit/s`);
			}
			bestMbps = Math.max(bestMbps ?? 0, speedMbps);
		}
		if (duplex === "half" && before?.duplex !== "half") {
			tell(atMs, "duplex", "half duplex: set both ends to negotiate by themselves");
		} else if (duplex === "full" && before?.duplex === "half") {
			tell(atMs, "duplex", "full duplex again");
		}
	}

	function damage(atMs: number, now: WiredReading): void {
		if (now.packets === null) {
			counted = null;
			errorPct = null;
			return;
		}
		const reset = counted !== null && now.packets.packets < counted.packets;
		const share = counted === null ? null : errorShare(counted, now.packets);
		if (share !== null || counted === null || reset) counted = now.packets;
		if (share === null) return;
		errorPct = share;
		if (share >= DAMAGED_PCT) {
			tell(atMs, "damaged_packets", `${share.toFixed(1)} % of the packets are damaged: look at cable and plugs`);
		}
	}

	function cable(atMs: number, now: WiredReading): void {
		if (now.carrierChanges === null) {
			changes = [];
			return;
		}
		if ((changes[changes.length - 1]?.count ?? 0) > now.carrierChanges) changes = []; // the device was made anew
		changes = changes.filter((one) => one.atMs > atMs - FLAP_WINDOW_MS);
		if (changes[changes.length - 1]?.count !== now.carrierChanges || changes.length === 0) {
			changes.push({ atMs, count: now.carrierChanges });
			if (changes.length > 64) changes.shift();
			const lost = flaps() ?? 0;
			if (lost >= FLAPS) tell(atMs, "carrier_flaps", `the cable lost its link ${lost} times within 10 min`);
		}
	}

	/** Each loss and return are two changes. */
	function flaps(): number | null {
		const [first, last] = [changes[0], changes[changes.length - 1]];
		return first === undefined || last === undefined ? null : Math.ceil((last.count - first.count) / 2);
	}

	return {
		take(atMs, now) {
			speed(atMs, now);
			damage(atMs, now);
			cable(atMs, now);
			before = now;
			sink.observe({ link_mbps: now.speedMbps, error_pct: errorPct });
		},
		gateway(atMs, address, state) {
			if (state !== "silent") {
				silent.delete(address);
				return;
			}
			// Once may be the moment between question and answer.
			if (!silent.has(address)) {
				if (silent.size < 8) silent.add(address);
				return;
			}
			tell(atMs, "gateway", `the gateway ${address} does not answer on the wire`);
			if (atMs - suspectedMs < SUSPECT_PAUSE_MS) return;
			suspectedMs = atMs;
			sink.suspect(`the gateway ${address} does not answer on the wire`);
		},
		lose() {
			if (before !== null) sink.observe({ link_mbps: null, error_pct: null });
			before = null;
			counted = null;
			errorPct = null;
			changes = [];
			silent.clear();
		},
		errorPct: () => errorPct,
		flaps,
		bestMbps: () => bestMbps,
	};
}
