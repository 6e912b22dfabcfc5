/**
 * What earlier versions wrote into /etc/config/autonomy and this one does not read: kept in the file untouched, and
 * told about once, without alarm. Everything else that is unknown is a likely typing mistake and gives a warning.
 */

import { SECTIONS } from "./options.ts";
import type { SectionSpec } from "./schema.ts";

interface MovedOption {
	readonly option: string;
	readonly key: SectionSpec["key"];
	readonly target: string;
}

/** Channels of alerts, MQTT and metrics once stood in section main, their name before that of the option. */
const CHANNELS = /^(notify.+|pushover|email|slack|discord|telegram|pagerduty|webhook|push|sms|mqtt|metrics)$/;
const MOVED_CHANNELS: readonly MovedOption[] = SECTIONS.flatMap(({ key, options }) =>
	CHANNELS.test(key)
		? options.flatMap(({ name, legacy }) => (legacy ?? []).map((option) => ({ option, key, target: name })))
		: [],
);

/** Options of section main that now live in a section of their own. */
export const MOVED_OPTIONS: readonly MovedOption[] = [
	{ option: "fail_threshold_loss", key: "failover", target: "loss" },
	{ option: "fail_threshold_latency", key: "failover", target: "latency" },
	{ option: "fail_min_duration_s", key: "failover", target: "min_duration_s" },
	{ option: "restore_threshold_loss", key: "restore", target: "loss" },
	{ option: "restore_threshold_latency", key: "restore", target: "latency" },
	{ option: "restore_min_duration_s", key: "restore", target: "min_duration_s" },
	...MOVED_CHANNELS,
];

const SECTION_TYPES: ReadonlySet<string> = new Set([
	"adaptive_monitoring",
	"adaptive_sampling",
	"alerts",
	"cellular",
	"connection_detection",
	"gps",
	"interface",
	"maintenance",
	"metered",
	"ml",
	"monitoring",
	"mqtt",
	"notifications",
	"performance",
	"polling",
	"predictive",
	"rate_optimizer",
	"security",
	"starlink",
	"system_management",
	"telemetry",
	"watchdog",
	"wifi",
]);

const THRESHOLD_NAMES: ReadonlySet<string> = new Set(["weights", "intelligence"]);

const MAIN_OPTIONS =
	/^(cleanup_interval_ms$|metrics_|health_|performance_profiling$|profiling_|security_|auditing_|max_failed_attempts$|block_duration$|allowed_|blocked_|pushover_|mqtt_|notif|priority_|max_notifications_hour$|wifi_|metered_|data_limit_|starlink_|ml_|adaptive_|rule_engine_|email_|slack_|discord_|telegram_|webhook_|sms_|gps_|cellular_)/;

const MEMBER_OPTIONS: ReadonlySet<string> = new Set([
	"priority",
	"max_latency_ms",
	"max_loss_pct",
	"bandwidth_limit_mbps",
	"health_check_enabled",
	"health_check_interval",
	"health_check_timeout",
	"health_check_retries",
	"probes",
	"up_threshold",
	"down_threshold",
	"latency_warn",
	"latency_crit",
	"jitter_warn",
	"loss_warn",
	"loss_crit",
	"cell_prefer_bands",
	"min_rsrp",
	"min_sinr",
	"use_modem_metrics",
]);

/** The sensors give such warnings now, each with its own lead; the model is always part of a forecast. */
const PREDICTIVE_OPTIONS: ReadonlySet<string> = new Set([
	"reboot_warning_seconds",
	"trend_analysis",
	"ml_enabled",
	"starlink_warning_window",
	"cellular_warning_window",
	"location_warning_window",
]);

/** A section that an earlier version used, or a part of ours does that is not described here. */
export function isLegacySection(type: string, name: string): boolean {
	return SECTION_TYPES.has(type) || (type === "thresholds" && THRESHOLD_NAMES.has(name));
}

/** An option that an earlier version knew in this section. */
export function isLegacyOption(key: string, option: string): boolean {
	if (key === "main") return MAIN_OPTIONS.test(option);
	if (key === "starlink") return option === "grpc_first" || option === "http_first";
	if (key === "predictive") return PREDICTIVE_OPTIONS.has(option);
	return key === "member" && MEMBER_OPTIONS.has(option);
}

/** In lower case; a POSIX extended expression too, for rpcd/lib/mask.awk. */
export const SECRET_NAMES =
	/pass|secret|token|api_?key|auth_?key|private|credential|(^|_)(key|user|username|webhook_url)$/;

/** Whether a value must never be shown, judged by the option's name: for options we have no description of. */
export function isSecretName(option: string): boolean {
	return SECRET_NAMES.test(option.toLowerCase());
}
