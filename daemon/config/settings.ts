/**
 * Configuration -> what the other rooms are set to: seconds become milliseconds, unset options what they stand for. Pure.
 */
import type { Settings } from "../decide/settings.ts";
import type { Family, UplinkClass } from "../health/types.ts";
import type { Config, MainConfig, MemberConfig } from "./types.ts";

export function toSettings(config: Config): Settings {
	const { main, failover, restore, predictive } = config;
	return {
		observe: main.mode === "observe",
		predictive: main.predictive && predictive.enabled,
		confidenceMin: predictive.confidenceThreshold,
		switchMargin: main.switchMargin,
		minUptimeMs: main.minUptimeS * 1000,
		cooldownMs: main.cooldownS * 1000,
		historyWindowMs: main.historyWindowS * 1000,
		failover: {
			lossPct: failover.lossPct,
			latencyMs: failover.latencyMs,
			minDurationMs: failover.minDurationS * 1000,
		},
		restore: { lossPct: restore.lossPct, latencyMs: restore.latencyMs, minDurationMs: restore.minDurationS * 1000 },
		severeLossPct: main.severeLossPct,
		severeDurationMs: main.severeDurationS * 1000,
		holdDownMs: main.holdDownS * 1000,
		holdDownMaxMs: main.holdDownMaxS * 1000,
		drainMs: main.drainS * 1000,
		pinMs: main.pinS * 1000,
	};
}

/** What the prober is set to as a whole; a superset of probe/settings.ts. */
export interface ProbeDefaults {
	readonly dataCapMode: MainConfig["dataCapMode"];
	readonly targets: Readonly<Record<Family, readonly string[]>>;
	readonly useTrackIps: boolean;
	/** "" when DNS is not asked. */
	readonly dnsName: string;
	readonly tcpPorts: readonly number[];
	/** Null: by dataCapMode and metered. */
	readonly activeIntervalMs: number | null;
	readonly standbyIntervalMs: number | null;
	/** Null: by dataCapMode. */
	readonly bytesPerDay: number | null;
	readonly meteredBytesPerDay: number | null;
}

export function toProbeSettings(config: Config): ProbeDefaults {
	const { probe } = config;
	return {
		dataCapMode: config.main.dataCapMode,
		targets: { ipv4: probe.target4, ipv6: probe.target6 },
		useTrackIps: probe.useTrackIps,
		dnsName: probe.dnsCheck ? probe.dnsName : "",
		tcpPorts: probe.tcpPorts,
		activeIntervalMs: probe.activeIntervalMs,
		standbyIntervalMs: probe.standbyIntervalMs,
		bytesPerDay: probe.bytesPerDay,
		meteredBytesPerDay: probe.meteredBytesPerDay,
	};
}

/** Here LTE links begin to suffer; many still work well (-104 dBm with SINR 15 on a recorded ship). */
const WEAK_RSRP_DBM = -110;

export const DATA_WARN_PCT = 80;
const MB = 1_000_000;

export interface DataPlan {
	readonly limitBytes: number;
	readonly period: "day" | "week" | "month";
	/** Of the month (1-31) or of the week (1 = Monday); no matter for days. */
	readonly resetDay: number;
	/** From here on the uplink is spared. */
	readonly warnPct: number;
}

/** What the owner set for one uplink; null = not set. */
export interface MemberSettings {
	readonly detect: "auto" | "disable" | "force";
	/** The owner's word; null: as found. */
	readonly class: UplinkClass | null;
	/** 0-100; null: derived from the owner's order. */
	readonly weight: number | null;
	/** Null: by class. */
	readonly metered: boolean | null;
	readonly minUptimeMs: number;
	readonly cooldownMs: number;
	readonly preferRoaming: boolean;
	/** RSRP at or below this counts as weak. */
	readonly weakRsrpDbm: number;
	/** The other SIM of its modem may be put to use. */
	readonly simSwitch: boolean;
	/** Data allowance of its plan; null: none that we are told of. */
	readonly dataPlan: DataPlan | null;
	/** Null: not known. */
	readonly pricePerGb: number | null;
	/** Null: as for all. */
	readonly bytesPerDay: number | null;
	readonly targets: Readonly<Record<Family, readonly string[]>>;
	/** The uplink has targets of its own, so those of mwan3 are not added. */
	readonly ownTargets: boolean;
}

/**
 * Exact name over class wildcard over section main, option by option. `class` is the one found (null: not known yet); a
 * class the owner set for this very uplink decides which wildcard counts.
 */
export function memberSettings(
	config: Config,
	uplink: { readonly id: string; readonly class: UplinkClass | null },
): MemberSettings {
	const exact = config.members.get(uplink.id);
	const chosen = exact?.class ?? uplink.class;
	const wildcard = chosen === null ? undefined : config.members.get(`${chosen}_any`);
	const pick = <K extends keyof MemberConfig>(key: K): MemberConfig[K] | null =>
		exact?.[key] ?? wildcard?.[key] ?? null;
	const target4 = pick("target4");
	const target6 = pick("target6");
	const limitMb = pick("dataLimitMb");
	const period = pick("dataPeriod") ?? "month";
	const resetDay = pick("dataResetDay") ?? 1;
	return {
		detect: pick("detect") ?? "auto",
		class: exact?.class ?? null,
		weight: pick("weight"),
		metered: pick("metered"),
		minUptimeMs: (pick("minUptimeS") ?? config.main.minUptimeS) * 1000,
		cooldownMs: (pick("cooldownS") ?? config.main.cooldownS) * 1000,
		preferRoaming: pick("preferRoaming") ?? false,
		weakRsrpDbm: pick("minRsrpDbm") ?? WEAK_RSRP_DBM,
		simSwitch: pick("simSwitch") ?? false,
		dataPlan:
			limitMb === null
				? null
				: {
						limitBytes: limitMb * MB,
						period,
						resetDay: period === "week" ? Math.min(7, resetDay) : resetDay,
						warnPct: pick("dataWarnPct") ?? DATA_WARN_PCT,
					},
		pricePerGb: pick("pricePerGb"),
		bytesPerDay: pick("bytesPerDay"),
		targets: { ipv4: target4 ?? config.probe.target4, ipv6: target6 ?? config.probe.target6 },
		ownTargets: target4 !== null || target6 !== null,
	};
}
