/** The picture of a modem for the API: snake_case with units, unknown left out. */
import type { Detail, Details } from "../sensor.ts";
import { type HeardCell, heardDetails } from "./heard.ts";
import type { Judge } from "./judge.ts";
import type { ChainAnswer } from "./provider.ts";
import { qualityPct, qualityWord } from "./quality.ts";
import type { Carrier } from "./reading.ts";

export interface Picture {
	readonly atMs: number;
	readonly answer: ChainAnswer;
	readonly judge: Judge;
	/** For who locates the router by cells; else empty. */
	readonly heard: readonly HeardCell[];
	/** The slot the modem uses when it is not this uplink's. */
	readonly otherSim: number | null;
}

/** Tenths are enough for people; more would pretend. */
function round(value: number): number {
	return Math.round(value * 10) / 10;
}

function known(fields: Readonly<Record<string, Detail | undefined>>): Details {
	const kept = Object.entries(fields).filter(
		(entry): entry is [string, Detail] => entry[1] !== null && entry[1] !== undefined,
	);
	return Object.fromEntries(kept);
}

function carrierDetails({ band, pci, channel, bandwidthMhz, rsrpDbm }: Carrier): Details {
	return known({ band, pci, channel, bandwidth_mhz: bandwidthMhz, rsrp: rsrpDbm });
}

export function detailsOf({ atMs, answer, judge, heard, otherSim }: Picture): Details {
	const { reading, provider, resting } = answer;
	const common = { source: provider.name, resting, model: reading.model, temperature_c: reading.temperatureC };
	const sims = { sim_slot: reading.simSlot, sim_slots: reading.simSlots };
	// Nothing else of it belongs to this uplink.
	if (otherSim !== null) return known({ ...common, ...sims, in_use: false });
	const quality = qualityPct(reading);
	const stability = judge.stability(atMs);
	const fade = judge.fade();
	return known({
		...common,
		...sims,
		in_use: true,
		technology: reading.technology,
		band: reading.band,
		carriers: reading.carriers.map(carrierDetails),
		rsrp: reading.rsrpDbm,
		rsrq: reading.rsrqDb,
		sinr: reading.sinrDb,
		rssi: reading.rssiDbm,
		cell_id: reading.cellId,
		tac: reading.tac,
		heard_cells: heard.length === 0 ? null : heardDetails(heard),
		operator: reading.operator,
		plmn: reading.plmn,
		registration: reading.registration,
		roaming: reading.registration === null ? null : reading.registration === "roaming",
		sim: reading.sim,
		connected: reading.connected,
		trouble: judge.lost()?.why,
		quality_pct: quality,
		quality: quality === null ? null : qualityWord(quality),
		cell_changes: judge.cellChanges(atMs),
		stability_score: stability?.score,
		stability_status: stability?.status,
		spread_db: stability === null ? null : round(stability.spreadDb),
		slope_db_per_min: stability === null ? null : round(stability.slopeDbPerMin),
		weak_pct: stability === null ? null : round(stability.weakPct),
		predictive_risk: judge.lost() !== null ? 0.95 : fade === null ? null : Math.round(fade.risk * 100) / 100,
		fade_db_per_s: fade === null ? null : round(fade.dbPerS),
	});
}
