/**
 * Sections of type notifications of /etc/config/autonomy: when somebody is told, of what, and by which channel; part of
 * options.ts. Names are those of earlier versions wherever they had them; `legacy` names stood in section main.
 */
import type {
	BoolOption,
	EnumOption,
	NumberOption,
	OptionSpec,
	SectionSpec,
	TextFormat,
	TextOption,
} from "./schema.ts";

export const ALERT_LEVELS = ["info", "warning", "critical", "emergency"] as const;

export type AlertLevel = (typeof ALERT_LEVELS)[number];

interface KindSpec {
	readonly on: boolean;
	readonly level: AlertLevel;
	/** What a person reads in the title. */
	readonly title: string;
	readonly help: string;
}

/** What may be told. A kind that others end (failback, member_up, recovery) is the end of an alert, not one of its own. */
export const ALERT_KINDS = {
	failover: { on: true, level: "critical", title: "Failover", help: "Traffic left an uplink that failed" },
	failback: {
		on: true,
		level: "warning",
		title: "Failback",
		help: "Traffic is back where it belongs: the end of failover",
	},
	predictive: {
		on: true,
		level: "warning",
		title: "Predictive switch",
		help: "Traffic left an uplink before it failed",
	},
	member_down: { on: true, level: "critical", title: "Uplink down", help: "An uplink does not work any more" },
	member_up: { on: false, level: "info", title: "Uplink back", help: "It works again: the end of member_down" },
	offline: { on: true, level: "emergency", title: "No internet", help: "No uplink works at all" },
	degraded: {
		on: true,
		level: "warning",
		title: "Degraded",
		help: "The best uplink has been bad for degraded_after_s",
	},
	flapping: {
		on: true,
		level: "critical",
		title: "Flapping",
		help: "An uplink fails again and again: told once, not each time",
	},
	data_limit: {
		on: true,
		level: "warning",
		title: "Data plan",
		help: "A data plan is nearly (warning), almost wholly (critical) used up",
	},
	data_usage_spike: {
		on: true,
		level: "warning",
		title: "Data use",
		help: "An uplink used far more data within an hour than is usual",
	},
	obstruction: { on: true, level: "warning", title: "Obstruction", help: "The view of a dish gets worse" },
	dish: {
		on: true,
		level: "warning",
		title: "Dish",
		help: "A dish reports an alert, restarts again and again or has no service",
	},
	maintenance: { on: true, level: "info", title: "Dish maintenance", help: "A dish will restart for an update" },
	cellular: {
		on: true,
		level: "warning",
		title: "Modem",
		help: "SIM or modem trouble: not registered, SIM changed, roaming",
	},
	sensor: {
		on: true,
		level: "warning",
		title: "Sensor",
		help: "A source of facts about a link has been dead for sensor_after_s",
	},
	config: {
		on: true,
		level: "info",
		title: "Configuration",
		help: "Parts of the configuration are not used as written",
	},
	watchdog: { on: true, level: "critical", title: "Watchdog", help: "The daemon had to be started again" },
	system: { on: true, level: "critical", title: "Router", help: "Disk or memory of the router run low" },
	certificate: { on: true, level: "warning", title: "Certificate", help: "A certificate in use is near its end" },
	critical: { on: true, level: "critical", title: "Fault", help: "A decision could not be carried out" },
	recovery: { on: true, level: "warning", title: "Over", help: "Any other alert that was told is over" },
} as const satisfies Readonly<Record<string, KindSpec>>;

export type AlertKindName = keyof typeof ALERT_KINDS;

const KIND_NAMES = Object.keys(ALERT_KINDS) as AlertKindName[];

const yes = (name: string, on: boolean, help: string, more: Partial<BoolOption> = {}): BoolOption => ({
	name,
	type: "bool",
	default: on,
	help,
	...more,
});

const whole = (
	name: string,
	unit: NonNullable<NumberOption["unit"]> | null,
	range: readonly [least: number, most: number],
	usual: number,
	help: string,
): NumberOption => ({
	name,
	type: "int",
	...(unit === null ? {} : { unit }),
	min: range[0],
	max: range[1],
	default: usual,
	help,
});

const words = (
	name: string,
	format: TextFormat,
	help: string,
	unset: string,
	more: Partial<TextOption> = {},
): TextOption => ({
	name,
	type: "text",
	format,
	default: null,
	unset,
	help,
	...more,
});

const secret = (name: string, help: string): TextOption =>
	words(name, "line", help, "nothing is sent", { secret: true });

const THRESHOLD: EnumOption = {
	name: "threshold",
	type: "enum",
	values: ALERT_LEVELS,
	default: null,
	unset: "as in section alerts",
	help: "The lowest level this channel is told of",
};

const CHANNEL: readonly OptionSpec[] = [
	yes("enabled", false, "Use this channel"),
	THRESHOLD,
	yes("escalation", false, "Use it only for alerts that nobody acknowledged in time"),
];

const SETTINGS: readonly OptionSpec[] = [
	{
		name: "threshold",
		type: "enum",
		values: ALERT_LEVELS,
		default: "warning",
		help: "The lowest level anybody is told of",
		legacy: ["priority_threshold"],
	},
	words("device_name", "line", "Name of this router in messages", "its host name"),
	whole(
		"cooldown_info_s",
		"s",
		[0, 86_400],
		21_600,
		"Shortest time between two messages that the same thing began, level info",
	),
	whole("cooldown_warning_s", "s", [0, 86_400], 3600, "The same, level warning"),
	whole("cooldown_critical_s", "s", [0, 86_400], 300, "The same, level critical"),
	whole("cooldown_emergency_s", "s", [0, 86_400], 60, "The same, level emergency"),
	whole(
		"max_per_hour",
		null,
		[1, 100],
		20,
		"Messages within an hour, emergencies not counted; more wait and come as one",
	),
	whole("info_per_hour", null, [1, 100], 4, "Messages of level info within an hour"),
	whole("warning_per_hour", null, [1, 100], 10, "Messages of level warning within an hour"),
	whole("critical_per_hour", null, [1, 100], 20, "Messages of level critical within an hour"),
	whole("emergency_per_hour", null, [1, 100], 60, "Messages of level emergency within an hour"),
	whole("group_s", "s", [0, 300], 10, "What follows a message within this time comes together in the next one"),
	whole("flap_count", null, [2, 100], 4, "So many failures of one uplink within flap_window_s are flapping"),
	whole("flap_window_s", "s", [60, 86_400], 600, "It ends after this time without a failure"),
	yes("quiet_hours", false, "At night only emergencies are told; the rest comes as one message in the morning"),
	{
		name: "quiet_start",
		type: "text",
		format: "clock",
		default: "22:00",
		help: "When the night begins, by the router's time zone",
	},
	{ name: "quiet_end", type: "text", format: "clock", default: "08:00", help: "When it ends" },
	whole(
		"escalate_after_s",
		"s",
		[0, 86_400],
		300,
		"A critical alert nobody acknowledged is told again after this time; 0: never",
	),
	whole("escalations", null, [1, 10], 3, "How often"),
	yes(
		"maintenance",
		false,
		"Somebody works on the router: only emergencies are told, the rest as one message afterwards",
	),
	whole("degraded_after_s", "s", [10, 86_400], 300, "How long the best uplink must be bad to be told"),
	whole("sensor_after_s", "s", [60, 86_400], 600, "How long a sensor must be dead to be told"),
	whole(
		"data_critical",
		"%",
		[50, 100],
		95,
		"Share of a data plan from which data_limit is critical; it begins at data_warn",
	),
	whole("disk_full", "%", [50, 100], 95, "Use of /overlay and /tmp from which the router is in trouble"),
	whole("memory_low", "MiB", [1, 1024], 16, "Free memory below which the router is in trouble"),
	whole("certificate_days", null, [1, 365], 14, "Days before the end of a certificate in use at which it is told"),
];

const WEBHOOK_URL = (service: string): TextOption =>
	words("webhook_url", "url", `Address of the webhook ${service} gave you`, "nothing is sent", { secret: true });

const sections = [
	{
		key: "notify",
		name: "alerts",
		legacyName: "settings",
		help: "When somebody is told",
		options: SETTINGS,
	},
	{
		key: "notifyEvents",
		name: "events",
		help: "Of what somebody is told",
		options: KIND_NAMES.map((kind) => yes(kind, ALERT_KINDS[kind].on, ALERT_KINDS[kind].help)),
	},
	{
		key: "notifyLevels",
		name: "levels",
		help: "How urgent it is",
		options: KIND_NAMES.map(
			(kind): EnumOption => ({
				name: kind,
				type: "enum",
				values: ALERT_LEVELS,
				default: ALERT_KINDS[kind].level,
				help: ALERT_KINDS[kind].help,
			}),
		),
	},
	{
		key: "pushover",
		name: "pushover",
		help: "Alerts by Pushover",
		options: [
			...CHANNEL,
			secret("token", "Token of your application at Pushover"),
			secret("user", "Your user or group key"),
			words("device", "word", "Only to this device", "to all"),
			words("sound", "word", "Sound of critical messages", "your own choice"),
		],
	},
	{
		key: "email",
		name: "email",
		help: "Alerts and reports by e-mail",
		options: [
			...CHANNEL,
			words("smtp_host", "hostname", "Server that takes the mail", "nothing is sent"),
			whole("smtp_port", null, [1, 65_535], 587, "Its port"),
			yes("use_tls", false, "Encrypted from the first byte (port 465)"),
			yes("use_starttls", true, "Nothing is sent before STARTTLS"),
			words("username", "line", "Name to log in with", "no log-in", { secret: true }),
			words("password", "line", "Its password", "no log-in", { secret: true }),
			words("from", "mail", "Sender", "the first receiver"),
			{
				name: "to",
				type: "list",
				format: "mail",
				maxItems: 8,
				default: null,
				unset: "nothing is sent",
				help: "Receivers",
			} as const,
			words("ca_file", "path", "Certificates to trust besides the usual ones, PEM", "the usual ones"),
			{
				name: "report",
				type: "enum",
				values: ["none", "daily", "weekly", "monthly"],
				default: "none",
				help: "Also send a report, so often",
			} as const,
		],
	},
	{
		key: "slack",
		name: "slack",
		help: "Alerts in Slack",
		options: [
			...CHANNEL,
			WEBHOOK_URL("Slack"),
			words("channel", "line", "Another channel, where the webhook may choose", "that of the webhook"),
			words("username", "line", "Name of the sender, where the webhook may choose", "that of the webhook"),
			words("icon_emoji", "line", "Its picture, as :satellite:", "that of the webhook"),
		],
	},
	{
		key: "discord",
		name: "discord",
		help: "Alerts in Discord",
		options: [
			...CHANNEL,
			WEBHOOK_URL("Discord"),
			words("username", "line", "Name of the sender", "that of the webhook"),
			words("avatar_url", "url", "Its picture", "that of the webhook"),
		],
	},
	{
		key: "telegram",
		name: "telegram",
		help: "Alerts by Telegram, acknowledged there with a button",
		options: [
			...CHANNEL,
			secret("token", "Token of your bot"),
			words("chat_id", "line", "Where it writes to; only from there it takes acknowledgements", "nothing is sent"),
		],
	},
	{
		key: "pagerduty",
		name: "pagerduty",
		help: "Alerts as PagerDuty events (Events API v2)",
		options: [
			...CHANNEL,
			secret("routing_key", "Integration key of the service"),
			{
				name: "region",
				type: "enum",
				values: ["us", "eu"],
				default: "us",
				help: "Where your account is",
			} as const,
		],
	},
	{
		key: "webhook",
		name: "webhook",
		help: "Alerts to any HTTP server",
		options: [
			...CHANNEL,
			words("url", "url", "Where to", "nothing is sent", { secret: true }),
			{ name: "method", type: "enum", values: ["post", "put", "patch"], default: "post", help: "HTTP method" } as const,
			words("content_type", "line", "Type of the body", "application/json"),
			{
				name: "auth_type",
				type: "enum",
				values: ["none", "bearer", "basic", "api_key", "custom"],
				default: "none",
				help: "bearer: auth_token; basic: auth_username and auth_password; api_key, custom: auth_token in auth_header",
			} as const,
			words("auth_token", "line", "Token", "none", { secret: true }),
			words("auth_username", "line", "Name", "none", { secret: true }),
			words("auth_password", "line", "Password", "none", { secret: true }),
			words("auth_header", "word_dash", "Header that carries the token", "X-API-Key"),
			words("hmac_secret", "line", "Signs the body: X-Autonomy-Signature: sha256=<HMAC in hex>", "no signature", {
				secret: true,
			}),
			words(
				"template",
				"template",
				"The body, with fields such as {{title}}; docs/alerts.md lists them",
				"all fields, as JSON",
			),
			whole("timeout", "s", [1, 60], 10, "Longest wait for the answer"),
			whole("retry_attempts", null, [0, 100], 20, "Tries before a message the server refuses for a while is given up"),
			yes("allow_private", false, "Also to addresses of private networks"),
			yes("follow_redirect", false, "Follow one redirect, also to another host"),
		],
	},
	{
		key: "push",
		name: "push",
		help: "Alerts as notifications of phones and browsers that have the app open or installed",
		options: [
			...CHANNEL,
			words("contact", "mail", "Whom a push service may write to when something is wrong", "nobody"),
			yes("allow_private", false, "Also to push services in private networks"),
		],
	},
	{
		key: "sms",
		name: "sms",
		help: "Alerts by SMS through a modem of this router; the way out when no uplink is left",
		options: [
			...CHANNEL,
			{
				name: "recipients",
				type: "list",
				format: "phone",
				maxItems: 4,
				default: null,
				unset: "nothing is sent",
				help: "Telephone numbers, as +46701234567",
			} as const,
			{
				name: "provider",
				type: "enum",
				values: ["auto", "rutos", "modemmanager", "sms_tool"],
				default: "auto",
				help: "Program that sends it",
			} as const,
			words("device", "path", "Serial port of the modem, for sms_tool", "/dev/ttyUSB2"),
			yes("only_offline", true, "Only while no uplink works, and for emergencies"),
			whole("max_per_day", null, [1, 100], 10, "SMS within 24 hours; each may cost money"),
		],
	},
] as const satisfies readonly Omit<SectionSpec, "type" | "legacyTypes">[];

/** In section main earlier versions wrote pushover_token and the like. */
const CHANNEL_KEYS: ReadonlySet<string> = new Set(["pushover", "email", "slack", "discord", "telegram", "webhook"]);

function withLegacy(name: string, option: OptionSpec): OptionSpec {
	return { ...option, legacy: [...(option.legacy ?? []), `${name}_${option.name}`] };
}

export const ALERT_SECTIONS: readonly SectionSpec[] = sections.map((section) => ({
	...section,
	type: "notifications",
	legacyTypes: [],
	options: CHANNEL_KEYS.has(section.key)
		? section.options.map((option) => withLegacy(section.name, option))
		: section.options,
}));
