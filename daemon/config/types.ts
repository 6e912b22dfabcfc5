/**
 * The typed configuration. Made from contract/options.ts by `npm run generate`; changes here are lost.
 * Null: not set, which is a value of its own; the comment says what it means.
 */
export interface Config {
	readonly main: MainConfig;
	readonly failover: FailoverConfig;
	readonly restore: RestoreConfig;
	readonly predictive: PredictiveConfig;
	readonly probe: ProbeConfig;
	readonly gps: GpsConfig;
	readonly starlink: StarlinkConfig;
	readonly notify: NotifyConfig;
	readonly notifyEvents: NotifyEventsConfig;
	readonly notifyLevels: NotifyLevelsConfig;
	readonly pushover: PushoverConfig;
	readonly email: EmailConfig;
	readonly slack: SlackConfig;
	readonly discord: DiscordConfig;
	readonly telegram: TelegramConfig;
	readonly pagerduty: PagerdutyConfig;
	readonly webhook: WebhookConfig;
	readonly push: PushConfig;
	readonly sms: SmsConfig;
	readonly mqtt: MqttConfig;
	readonly metrics: MetricsConfig;
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
	/** Engine the daemon starts with; auto takes QuickJS where it is installed with socat, else Node.js. Read at its start. */
	readonly runtime: "auto" | "quickjs" | "node";
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
	/** Upper bound of the memory for samples, events and decisions; unset: found out by itself; 1-128 MiB. */
	readonly maxRamMb: number | null;
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
	/** How long an uplink that failed must work again before it is trusted, three times as long on cellular and Wi-Fi; doubles with each relapse; 0-3600 s. */
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

/** config predictive 'predictive' */
export interface PredictiveConfig {
	/** Act on forecasts; off here or by option predictive of section main, they are still shown. */
	readonly enabled: boolean;
	/** How much of what it wants to know a forecast must know before traffic moves because of it; 0.5-0.95. */
	readonly confidenceThreshold: number;
	/** Use what a dish says of its own outages, and remember where and in which direction it was obstructed. */
	readonly obstructionDetection: boolean;
	/** Remember at which time of day, place and heading an uplink fell silent; in memory only. */
	readonly patternLearning: boolean;
	/** How far back reaches what is usual of an uplink; one that behaves otherwise is marked, not left; 3-168 hours. */
	readonly trendMemoryHours: number;
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
	/** Port of the dish's gRPC, used where gRPC-Web is closed; 1-65535. */
	readonly port: number;
	/** Port of its gRPC-Web, tried first; 1-65535. */
	readonly webPort: number;
	/** Longest wait for one answer; 1-60 s. */
	readonly timeoutS: number;
	/** So long before a restart that the dish has announced traffic moves to another uplink; 10-600 s. */
	readonly rebootLeadS: number;
	/** Ask for the picture of the blocked sky, every ten minutes. */
	readonly obstructionMap: boolean;
}

/** config notifications 'alerts' */
export interface NotifyConfig {
	/** The lowest level anybody is told of. */
	readonly threshold: "info" | "warning" | "critical" | "emergency";
	/** Name of this router in messages; unset: its host name. */
	readonly deviceName: string | null;
	/** Shortest time between two messages that the same thing began, level info; 0-86400 s. */
	readonly cooldownInfoS: number;
	/** The same, level warning; 0-86400 s. */
	readonly cooldownWarningS: number;
	/** The same, level critical; 0-86400 s. */
	readonly cooldownCriticalS: number;
	/** The same, level emergency; 0-86400 s. */
	readonly cooldownEmergencyS: number;
	/** Messages within an hour, emergencies not counted; more wait and come as one; 1-100. */
	readonly maxPerHour: number;
	/** Messages of level info within an hour; 1-100. */
	readonly infoPerHour: number;
	/** Messages of level warning within an hour; 1-100. */
	readonly warningPerHour: number;
	/** Messages of level critical within an hour; 1-100. */
	readonly criticalPerHour: number;
	/** Messages of level emergency within an hour; 1-100. */
	readonly emergencyPerHour: number;
	/** What follows a message within this time comes together in the next one; 0-300 s. */
	readonly groupS: number;
	/** So many failures of one uplink within flap_window_s are flapping; 2-100. */
	readonly flapCount: number;
	/** It ends after this time without a failure; 60-86400 s. */
	readonly flapWindowS: number;
	/** At night only emergencies are told; the rest comes as one message in the morning. */
	readonly quietHours: boolean;
	/** When the night begins, by the router's time zone. */
	readonly quietStart: string;
	/** When it ends. */
	readonly quietEnd: string;
	/** A critical alert nobody acknowledged is told again after this time; 0: never; 0-86400 s. */
	readonly escalateAfterS: number;
	/** How often; 1-10. */
	readonly escalations: number;
	/** Somebody works on the router: only emergencies are told, the rest as one message afterwards. */
	readonly maintenance: boolean;
	/** How long the best uplink must be bad to be told; 10-86400 s. */
	readonly degradedAfterS: number;
	/** How long a sensor must be dead to be told; 60-86400 s. */
	readonly sensorAfterS: number;
	/** Share of a data plan from which data_limit is critical; it begins at data_warn; 50-100 %. */
	readonly dataCritical: number;
	/** Use of /overlay and /tmp from which the router is in trouble; 50-100 %. */
	readonly diskFull: number;
	/** Free memory below which the router is in trouble; 1-1024 MiB. */
	readonly memoryLow: number;
	/** Days before the end of a certificate in use at which it is told; 1-365. */
	readonly certificateDays: number;
}

/** config notifications 'events' */
export interface NotifyEventsConfig {
	/** Traffic left an uplink that failed. */
	readonly failover: boolean;
	/** Traffic is back where it belongs: the end of failover. */
	readonly failback: boolean;
	/** Traffic left an uplink before it failed. */
	readonly predictive: boolean;
	/** An uplink does not work any more. */
	readonly memberDown: boolean;
	/** It works again: the end of member_down. */
	readonly memberUp: boolean;
	/** No uplink works at all. */
	readonly offline: boolean;
	/** The best uplink has been bad for degraded_after_s. */
	readonly degraded: boolean;
	/** An uplink fails again and again: told once, not each time. */
	readonly flapping: boolean;
	/** A data plan is nearly (warning), almost wholly (critical) used up. */
	readonly dataLimit: boolean;
	/** An uplink used far more data within an hour than is usual. */
	readonly dataUsageSpike: boolean;
	/** The view of a dish gets worse. */
	readonly obstruction: boolean;
	/** A dish reports an alert, restarts again and again or has no service. */
	readonly dish: boolean;
	/** A dish will restart for an update. */
	readonly maintenance: boolean;
	/** SIM or modem trouble: not registered, SIM changed, roaming. */
	readonly cellular: boolean;
	/** A source of facts about a link has been dead for sensor_after_s. */
	readonly sensor: boolean;
	/** Parts of the configuration are not used as written. */
	readonly config: boolean;
	/** The daemon had to be started again. */
	readonly watchdog: boolean;
	/** Disk or memory of the router run low. */
	readonly system: boolean;
	/** A certificate in use is near its end. */
	readonly certificate: boolean;
	/** A decision could not be carried out. */
	readonly critical: boolean;
	/** Any other alert that was told is over. */
	readonly recovery: boolean;
}

/** config notifications 'levels' */
export interface NotifyLevelsConfig {
	/** Traffic left an uplink that failed. */
	readonly failover: "info" | "warning" | "critical" | "emergency";
	/** Traffic is back where it belongs: the end of failover. */
	readonly failback: "info" | "warning" | "critical" | "emergency";
	/** Traffic left an uplink before it failed. */
	readonly predictive: "info" | "warning" | "critical" | "emergency";
	/** An uplink does not work any more. */
	readonly memberDown: "info" | "warning" | "critical" | "emergency";
	/** It works again: the end of member_down. */
	readonly memberUp: "info" | "warning" | "critical" | "emergency";
	/** No uplink works at all. */
	readonly offline: "info" | "warning" | "critical" | "emergency";
	/** The best uplink has been bad for degraded_after_s. */
	readonly degraded: "info" | "warning" | "critical" | "emergency";
	/** An uplink fails again and again: told once, not each time. */
	readonly flapping: "info" | "warning" | "critical" | "emergency";
	/** A data plan is nearly (warning), almost wholly (critical) used up. */
	readonly dataLimit: "info" | "warning" | "critical" | "emergency";
	/** An uplink used far more data within an hour than is usual. */
	readonly dataUsageSpike: "info" | "warning" | "critical" | "emergency";
	/** The view of a dish gets worse. */
	readonly obstruction: "info" | "warning" | "critical" | "emergency";
	/** A dish reports an alert, restarts again and again or has no service. */
	readonly dish: "info" | "warning" | "critical" | "emergency";
	/** A dish will restart for an update. */
	readonly maintenance: "info" | "warning" | "critical" | "emergency";
	/** SIM or modem trouble: not registered, SIM changed, roaming. */
	readonly cellular: "info" | "warning" | "critical" | "emergency";
	/** A source of facts about a link has been dead for sensor_after_s. */
	readonly sensor: "info" | "warning" | "critical" | "emergency";
	/** Parts of the configuration are not used as written. */
	readonly config: "info" | "warning" | "critical" | "emergency";
	/** The daemon had to be started again. */
	readonly watchdog: "info" | "warning" | "critical" | "emergency";
	/** Disk or memory of the router run low. */
	readonly system: "info" | "warning" | "critical" | "emergency";
	/** A certificate in use is near its end. */
	readonly certificate: "info" | "warning" | "critical" | "emergency";
	/** A decision could not be carried out. */
	readonly critical: "info" | "warning" | "critical" | "emergency";
	/** Any other alert that was told is over. */
	readonly recovery: "info" | "warning" | "critical" | "emergency";
}

/** config notifications 'pushover' */
export interface PushoverConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Token of your application at Pushover; unset: nothing is sent. */
	readonly token: string | null;
	/** Your user or group key; unset: nothing is sent. */
	readonly user: string | null;
	/** Only to this device; unset: to all. */
	readonly device: string | null;
	/** Sound of critical messages; unset: your own choice. */
	readonly sound: string | null;
}

/** config notifications 'email' */
export interface EmailConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Server that takes the mail; unset: nothing is sent. */
	readonly smtpHost: string | null;
	/** Its port; 1-65535. */
	readonly smtpPort: number;
	/** Encrypted from the first byte (port 465). */
	readonly useTls: boolean;
	/** Nothing is sent before STARTTLS. */
	readonly useStarttls: boolean;
	/** Name to log in with; unset: no log-in. */
	readonly username: string | null;
	/** Its password; unset: no log-in. */
	readonly password: string | null;
	/** Sender; unset: the first receiver. */
	readonly from: string | null;
	/** Receivers; unset: nothing is sent. */
	readonly to: readonly string[] | null;
	/** Certificates to trust besides the usual ones, PEM; unset: the usual ones. */
	readonly caFile: string | null;
	/** Also send a report, so often. */
	readonly report: "none" | "daily" | "weekly" | "monthly";
}

/** config notifications 'slack' */
export interface SlackConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Address of the webhook Slack gave you; unset: nothing is sent. */
	readonly webhookUrl: string | null;
	/** Another channel, where the webhook may choose; unset: that of the webhook. */
	readonly channel: string | null;
	/** Name of the sender, where the webhook may choose; unset: that of the webhook. */
	readonly username: string | null;
	/** Its picture, as :satellite:; unset: that of the webhook. */
	readonly iconEmoji: string | null;
}

/** config notifications 'discord' */
export interface DiscordConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Address of the webhook Discord gave you; unset: nothing is sent. */
	readonly webhookUrl: string | null;
	/** Name of the sender; unset: that of the webhook. */
	readonly username: string | null;
	/** Its picture; unset: that of the webhook. */
	readonly avatarUrl: string | null;
}

/** config notifications 'telegram' */
export interface TelegramConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Token of your bot; unset: nothing is sent. */
	readonly token: string | null;
	/** Where it writes to; only from there it takes acknowledgements; unset: nothing is sent. */
	readonly chatId: string | null;
}

/** config notifications 'pagerduty' */
export interface PagerdutyConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Integration key of the service; unset: nothing is sent. */
	readonly routingKey: string | null;
	/** Where your account is. */
	readonly region: "us" | "eu";
}

/** config notifications 'webhook' */
export interface WebhookConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Where to; unset: nothing is sent. */
	readonly url: string | null;
	/** HTTP method. */
	readonly method: "post" | "put" | "patch";
	/** Type of the body; unset: application/json. */
	readonly contentType: string | null;
	/** bearer: auth_token; basic: auth_username and auth_password; api_key, custom: auth_token in auth_header. */
	readonly authType: "none" | "bearer" | "basic" | "api_key" | "custom";
	/** Token; unset: none. */
	readonly authToken: string | null;
	/** Name; unset: none. */
	readonly authUsername: string | null;
	/** Password; unset: none. */
	readonly authPassword: string | null;
	/** Header that carries the token; unset: X-API-Key. */
	readonly authHeader: string | null;
	/** Signs the body: X-Autonomy-Signature: sha256=<HMAC in hex>; unset: no signature. */
	readonly hmacSecret: string | null;
	/** The body, with fields such as {{title}}; docs/alerts.md lists them; unset: all fields, as JSON. */
	readonly template: string | null;
	/** Longest wait for the answer; 1-60 s. */
	readonly timeout: number;
	/** Tries before a message the server refuses for a while is given up; 0-100. */
	readonly retryAttempts: number;
	/** Also to addresses of private networks. */
	readonly allowPrivate: boolean;
	/** Follow one redirect, also to another host. */
	readonly followRedirect: boolean;
}

/** config notifications 'push' */
export interface PushConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Whom a push service may write to when something is wrong; unset: nobody. */
	readonly contact: string | null;
	/** Also to push services in private networks. */
	readonly allowPrivate: boolean;
}

/** config notifications 'sms' */
export interface SmsConfig {
	/** Use this channel. */
	readonly enabled: boolean;
	/** The lowest level this channel is told of; unset: as in section alerts. */
	readonly threshold: "info" | "warning" | "critical" | "emergency" | null;
	/** Use it only for alerts that nobody acknowledged in time. */
	readonly escalation: boolean;
	/** Telephone numbers, as +46701234567; unset: nothing is sent. */
	readonly recipients: readonly string[] | null;
	/** Program that sends it. */
	readonly provider: "auto" | "rutos" | "modemmanager" | "sms_tool";
	/** Serial port of the modem, for sms_tool; unset: /dev/ttyUSB2. */
	readonly device: string | null;
	/** Only while no uplink works, and for emergencies. */
	readonly onlyOffline: boolean;
	/** SMS within 24 hours; each may cost money; 1-100. */
	readonly maxPerDay: number;
}

/** config mqtt 'mqtt' */
export interface MqttConfig {
	/** Tell an MQTT broker what goes on. */
	readonly enabled: boolean;
	/** Host name or address of the broker; unset: nothing is sent. */
	readonly broker: string | null;
	/** Its port; unset: 1883, with TLS 8883; 1-65535. */
	readonly port: number | null;
	/** Version of MQTT. */
	readonly protocol: "3.1.1" | "5";
	/** Name of this client at the broker; unset: autonomyd- and the name of the router. */
	readonly clientId: string | null;
	/** Name to log in with; unset: no log-in. */
	readonly username: string | null;
	/** Its password; unset: no log-in. */
	readonly password: string | null;
	/** Encrypted; the broker's certificate is checked. */
	readonly tls: boolean;
	/** Certificates to trust, PEM; unset: the usual ones. */
	readonly caFile: string | null;
	/** Certificate of this client, PEM; unset: none. */
	readonly certFile: string | null;
	/** Its key, PEM; unset: none. */
	readonly keyFile: string | null;
	/** What all topics begin with; then comes the name of the router. */
	readonly topicPrefix: string;
	/** Quality of service of events, decisions and alerts; states are sent with 0; 0-2. */
	readonly qos: number;
	/** States stay at the broker for those who come later. */
	readonly retain: boolean;
	/** What may wait in memory for the broker, in KiB; the oldest is given up first; 16-4096. */
	readonly bufferKb: number;
	/** Take commands over MQTT (failover, restore, hold); whoever may write to the broker can then move the traffic. */
	readonly commands: boolean;
	/** Announce this router to Home Assistant. */
	readonly homeassistant: boolean;
	/** Topic under which Home Assistant looks for devices. */
	readonly homeassistantPrefix: string;
}

/** config metrics 'metrics' */
export interface MetricsConfig {
	/** Figures for Prometheus on 127.0.0.1, path /metrics; /healthz and /readyz beside it. */
	readonly enabled: boolean;
	/** Port of it; 1024-65535. */
	readonly port: number;
	/** Also write the figures to this file every 15 s, for the textfile collector of node-exporter; a file in /tmp; unset: none is written. */
	readonly textfile: string | null;
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
	/** What a gigabyte costs, in your currency; only for reports; unset: no cost is told; 0-10000. */
	readonly pricePerGb: number | null;
	/** Probe targets of this uplink alone; unset: as in section probe. */
	readonly target4: readonly string[] | null;
	/** The same for IPv6; unset: as in section probe. */
	readonly target6: readonly string[] | null;
}
