/**
 * The typed configuration. Made from contract/options.ts by `npm run generate`; changes here are lost.
 * Null: not set, which is a value of its own; the comment says what it means.
 */
export interface Config {
	readonly main: MainConfig;
	readonly failover: FailoverConfig;
	readonly restore: RestoreConfig;
	readonly probe: ProbeConfig;
	readonly gps: GpsConfig;
	readonly starlink: StarlinkConfig;
	/** By section name: an uplink, or a class such as starlink_any. */
	readonly members: ReadonlyMap<string, MemberConfig>;
}

/** config autonomy 'main' */
export interface MainConfig {
	/** Run the daemon. */
	readonly enable: boolean;
	/** control: move traffic; observe: decide and explain, but touch nothing. */
	readonly mode: "control" | "observe";
	/** Steer through mwan3 when it is there; 0: use routes only. */
	readonly useMwan3: boolean;
	/** How much is logged. */
	readonly logLevel: "trace" | "debug" | "info" | "warn" | "error";
	/** Also write the log to this file, in /tmp or on other storage that is not flash; unset: only the system log. */
	readonly logFile: string | null;
	/** How often one sample per uplink is put on record; 100-10000 ms. */
	readonly pollIntervalMs: number;
	/** Longest pause between two looks at all uplinks; events and probe results are acted on at once; 100-10000 ms. */
	readonly decisionIntervalMs: number;
	/** Safety net of the search for uplinks; changes are noticed at once; 1000-600000 ms. */
	readonly discoveryIntervalMs: number;
	/** Window of the rolling average of the score; 60-3600 s. */
	readonly historyWindowS: number;
	/** How long samples, events and decisions are kept in RAM; 1-168 hours. */
	readonly retentionHours: number;
	/** Upper bound of the memory for samples, events and decisions; 1-128 MiB. */
	readonly maxRamMb: number;
	/** Leave an uplink before it fails when the signs are clear. */
	readonly predictive: boolean;
	/** Score points by which another uplink must be better before traffic moves to it; 0-100 points. */
	readonly switchMargin: number;
	/** How long an uplink must be up before it is used; 0-3600 s. */
	readonly minUptimeS: number;
	/** Shortest time between two switches that are not urgent; a dead uplink is left at once; 0-3600 s. */
	readonly cooldownS: number;
	/** How much data probing may use: conservative uses least, aggressive notices soonest. */
	readonly dataCapMode: "balanced" | "conservative" | "aggressive";
	/** Packet loss so bad that an uplink is left after severe_duration_s; 1-100 %. */
	readonly severeLossPct: number;
	/** How long severe loss must last; 0.5-60 s. */
	readonly severeDurationS: number;
	/** How long an uplink that failed must work again before it is trusted; doubles with each relapse; 0-3600 s. */
	readonly holdDownS: number;
	/** Longest hold-down of an uplink that keeps failing; 0-86400 s. */
	readonly holdDownMaxS: number;
	/** How long open connections may finish on the old uplink after a planned switch; 0-3600 s. */
	readonly drainS: number;
	/** How long a manual failover holds; 0: until restored; 0-604800 s. */
	readonly pinS: number;
	/** Free the connections stuck on a dead uplink, so that they go on over the new one. */
	readonly releaseFlows: boolean;
	/** Set by the daemon: the older configuration that was taken over; unset: nothing was taken over. */
	readonly migratedFrom: string | null;
}

/** config thresholds 'failover' */
export interface FailoverConfig {
	/** Packet loss from which an uplink counts as bad; 1-50 %. */
	readonly lossPct: number;
	/** Round trip time from which an uplink counts as bad; 50-5000 ms. */
	readonly latencyMs: number;
	/** How long it must be bad before it is left; 1-300 s. */
	readonly minDurationS: number;
}

/** config thresholds 'restore' */
export interface RestoreConfig {
	/** Packet loss up to which an uplink counts as good again; 0-50 %. */
	readonly lossPct: number;
	/** Round trip time up to which it counts as good again; 20-5000 ms. */
	readonly latencyMs: number;
	/** How long it must be good before traffic returns; 1-600 s. */
	readonly minDurationS: number;
}

/** config probe 'probe' */
export interface ProbeConfig {
	/** IPv4 addresses asked whether the internet answers; from different operators, so that one may fail. */
	readonly target4: readonly string[];
	/** The same for IPv6. */
	readonly target6: readonly string[];
	/** Also ask the track_ip addresses of mwan3 when fewer than four targets are set. */
	readonly useTrackIps: boolean;
	/** Also ask the DNS servers of each uplink now and then. */
	readonly dnsCheck: boolean;
	/** Name asked for in DNS probes. */
	readonly dnsName: string;
	/** Ports tried at the targets when ping is filtered. */
	readonly tcpPorts: readonly number[];
	/** Time between two probes of the uplink that carries the traffic; unset: by data_cap_mode and metered; 50-60000 ms. */
	readonly activeIntervalMs: number | null;
	/** Time between two probes of every other uplink; unset: by data_cap_mode and metered; 50-600000 ms. */
	readonly standbyIntervalMs: number | null;
	/** Probe budget of an unmetered uplink; unset: by data_cap_mode; 10000-10000000000 bytes/day. */
	readonly bytesPerDay: number | null;
	/** Probe budget of a metered uplink; unset: by data_cap_mode; 10000-10000000000 bytes/day. */
	readonly meteredBytesPerDay: number | null;
}

/** config gps 'gps' */
export interface GpsConfig {
	/** Find out where the router is; the position stays on the router. */
	readonly enabled: boolean;
	/** Port of gpsd on this router, asked where RutOS has no position; 1-65535. */
	readonly gpsdPort: number;
	/** How often the position is asked for; 10-300 s. */
	readonly collectionIntervalS: number;
	/** Positions of receivers less accurate than this are left out; cells are always coarser; 5-500 m. */
	readonly accuracyThresholdM: number;
	/** A position older than this is only the last known one; 60-3600 s. */
	readonly stalenessThresholdS: number;
	/** So far from where it stood counts as another place: what was known of obstructions there is void; 10-5000 m. */
	readonly movementThresholdM: number;
	/** Ask opencellid.org where the cells are that the modem hears, when no receiver knows; it learns about where the router is. */
	readonly opencellidEnabled: boolean;
	/** Your key of opencellid.org; unset: nothing is asked. */
	readonly opencellidApiKey: string | null;
	/** Cells asked about at one place: the serving one and its neighbours; 1-10. */
	readonly opencellidMaxCellsPerLookup: number;
	/** Questions to opencellid.org within an hour; 1-100. */
	readonly opencellidMaxLookupsPerHour: number;
	/** How long a cell it does not know is not asked for again; 1-168 hours. */
	readonly opencellidNegativeCacheTtlHours: number;
	/** Send what the modem hears together with the exact position to opencellid.org. */
	readonly opencellidContribute: boolean;
	/** While contributing: questions per contribution over two days; 1-20. */
	readonly opencellidRatioLimit: number;
	/** Positions less accurate than this are not contributed; 5-100 m. */
	readonly opencellidMinGpsAccuracyM: number;
	/** A known cell is contributed again from so far away; 50-5000 m. */
	readonly opencellidMovementThresholdM: number;
	/** Or when its signal has changed by so much; 1-20 dB. */
	readonly opencellidRsrpChangeThresholdDb: number;
	/** How often contributions are sent, all at once; 5-60 min. */
	readonly opencellidContributionIntervalMinutes: number;
}

/** config starlink 'api' */
export interface StarlinkConfig {
	/** Look for a dish behind every Ethernet and Wi-Fi uplink and use what it tells; nothing leaves the router for it. */
	readonly enabled: boolean;
	/** Where dishes answer; each is asked through its own uplink. */
	readonly host: string;
	/** Port of the dish's gRPC; 1-65535. */
	readonly port: number;
	/** Port of its gRPC-Web, used where the first one is closed; 1-65535. */
	readonly webPort: number;
	/** Longest wait for one answer; 1-60 s. */
	readonly timeoutS: number;
	/** So long before a restart that the dish has announced traffic moves to another uplink; 10-600 s. */
	readonly rebootLeadS: number;
	/** Ask for the picture of the blocked sky, every ten minutes. */
	readonly obstructionMap: boolean;
}

/** config member '<name>' */
export interface MemberConfig {
	/** disable: never use it; force: treat it as an uplink even when nothing says so; auto: decide by what is found; unset: auto. */
	readonly detect: "auto" | "disable" | "force" | null;
	/** What kind of link it is; unset: found out by itself. */
	readonly class: "starlink" | "cellular" | "wifi" | "lan" | "other" | null;
	/** Preference: 100 first choice, 0 last resort; multiplies the score; unset: by the order in mwan3 or by route metric; 0-100 points. */
	readonly weight: number | null;
	/** As in main, for this uplink; unset: as in main; 0-3600 s. */
	readonly minUptimeS: number | null;
	/** As in main, for this uplink; unset: as in main; 0-3600 s. */
	readonly cooldownS: number | null;
	/** 1: roaming costs nothing in the score; unset: 0. */
	readonly preferRoaming: boolean | null;
	/** Cellular: a signal (RSRP) at or below this counts as weak; unset: -110; -140--60 dBm. */
	readonly minRsrpDbm: number | null;
	/** Cellular: use the modem's other SIM when this one has no service, or a weak signal while no traffic needs it; unset: 0. */
	readonly simSwitch: boolean | null;
	/** Every byte costs: probe little; unset: 1 for cellular, else 0. */
	readonly metered: boolean | null;
	/** Probe budget of this uplink; unset: as in section probe; 10000-10000000000 bytes/day. */
	readonly bytesPerDay: number | null;
	/** Data allowance of its plan, both directions (1 MB = 1 000 000 bytes); used up it is the last resort; unset: the limit of RutOS, if one is set there; else none; 1-100000000 MB. */
	readonly dataLimitMb: number | null;
	/** After which time the allowance begins anew; unset: month. */
	readonly dataPeriod: "day" | "week" | "month" | null;
	/** Day of the month (in short months the last one), or of the week from Monday, on which it does; at midnight UTC; unset: 1; 1-31. */
	readonly dataResetDay: number | null;
	/** From here on it is spared: fewer probes, fewer points; unset: 80; 50-99 %. */
	readonly dataWarnPct: number | null;
	/** Probe targets of this uplink alone; unset: as in section probe. */
	readonly target4: readonly string[] | null;
	/** The same for IPv6; unset: as in section probe. */
	readonly target6: readonly string[] | null;
}
