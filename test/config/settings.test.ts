import assert from "node:assert/strict";
import { test } from "node:test";
import { memberSettings, toProbeSettings, toSettings } from "../../daemon/config/settings.ts";
import { showConfig } from "../../daemon/config/show.ts";
import { DEFAULTS, read } from "./support.ts";

test("settings of the engine: the defaults, in milliseconds", () => {
	assert.deepEqual(toSettings(DEFAULTS), {
		observe: false,
		predictive: true,
		confidenceMin: 0.6,
		switchMargin: 10,
		minUptimeMs: 20_000,
		cooldownMs: 20_000,
		historyWindowMs: 600_000,
		failover: { lossPct: 5, latencyMs: 1200, minDurationMs: 10_000 },
		restore: { lossPct: 1, latencyMs: 800, minDurationMs: 30_000 },
		severeLossPct: 20,
		severeDurationMs: 3000,
		holdDownMs: 20_000,
		holdDownMaxMs: 600_000,
		drainMs: 120_000,
		pinMs: 3_600_000,
	});
	assert.equal(toSettings(read("config autonomy main\n option mode observe\n").config).observe, true);
});

test("settings of the prober", () => {
	const defaults = toProbeSettings(DEFAULTS);
	assert.equal(defaults.dnsName, "example.com");
	assert.deepEqual(defaults.targets.ipv4, ["1.1.1.1", "8.8.8.8", "9.9.9.9"]);
	assert.deepEqual([defaults.activeIntervalMs, defaults.bytesPerDay], [null, null]);
	const { config } = read(
		"config autonomy main\n option data_cap_mode conservative\nconfig probe probe\n option dns_check 0\n option active_interval_ms 400\n",
	);
	const own = toProbeSettings(config);
	assert.deepEqual([own.dnsName, own.activeIntervalMs, own.dataCapMode], ["", 400, "conservative"]);
});

const MEMBERS = `
config autonomy main
	option min_uptime_s 7
config member cellular_any
	option weight 80
	option metered 0
	option cooldown_s 9
	option prefer_roaming 1
config member wifi_any
	option weight 60
config member sim1
	option weight 0
	option prefer_roaming 0
	list target4 192.0.2.7
config member tether
	option class wifi
	option detect disable
`;

test("one uplink: exact name over class over main, option by option; 0 and no are values, too", () => {
	const { config } = read(MEMBERS);
	const sim1 = memberSettings(config, { id: "sim1", class: "cellular" });
	assert.deepEqual(sim1, {
		detect: "auto",
		class: null,
		weight: 0,
		metered: false,
		minUptimeMs: 7000,
		cooldownMs: 9000,
		preferRoaming: false,
		weakRsrpDbm: -110,
		simSwitch: false,
		dataPlan: null,
		pricePerGb: null,
		bytesPerDay: null,
		targets: { ipv4: ["192.0.2.7"], ipv6: DEFAULTS.probe.target6 },
		ownTargets: true,
	});
	const sim2 = memberSettings(config, { id: "sim2", class: "cellular" });
	assert.deepEqual([sim2.weight, sim2.preferRoaming, sim2.ownTargets], [80, true, false]);
	const wan = memberSettings(config, { id: "wan", class: "lan" });
	assert.deepEqual([wan.weight, wan.metered, wan.cooldownMs, wan.preferRoaming], [null, null, 20_000, false]);
});

test("the owner's class decides which wildcard counts; an unknown class has none", () => {
	const { config } = read(MEMBERS);
	const tether = memberSettings(config, { id: "tether", class: "cellular" });
	assert.deepEqual([tether.class, tether.detect, tether.weight, tether.metered], ["wifi", "disable", 60, null]);
	assert.equal(memberSettings(config, { id: "sim9", class: null }).weight, null);
});

test("the configuration in force, with the names users know", () => {
	const shown = showConfig(read(MEMBERS).config);
	assert.deepEqual(
		shown.map(({ section, type }) => `${type} ${section}`),
		[
			"autonomy main",
			"thresholds failover",
			"thresholds restore",
			"predictive predictive",
			"probe probe",
			"gps gps",
			"starlink api",
			...["alerts", "events", "levels"].map((name) => `notifications ${name}`),
			...["pushover", "email", "slack", "discord", "telegram", "pagerduty", "webhook", "push", "sms"].map(
				(name) => `notifications ${name}`,
			),
			"mqtt mqtt",
			"metrics metrics",
			"member cellular_any",
			"member wifi_any",
			"member sim1",
			"member tether",
		],
	);
	assert.equal(shown[0]?.values.min_uptime_s, 7);
	assert.equal(shown[1]?.values.loss, 5);
	const sim1 = shown.find((one) => one.section === "sim1");
	assert.deepEqual(sim1?.values.target4, ["192.0.2.7"]);
	assert.equal(sim1?.values.metered, null);
});

test("section predictive: either switch turns it off; what earlier versions had there is no mistake", () => {
	const of = (text: string) => toSettings(read(text).config);
	assert.equal(of("config predictive 'predictive'\n option enabled 0\n").predictive, false);
	assert.equal(of("config autonomy main\n option predictive 0\n").predictive, false);
	assert.equal(of("config predictive 'predictive'\n option confidence_threshold 0.8\n").confidenceMin, 0.8);
	const { report } = read(
		"config predictive 'predictive'\n option ml_enabled 1\n option starlink_warning_window 300\n option patern_learning 1\n",
	);
	const told = report.filter((one) => one.level !== "info").map((one) => one.option);
	assert.deepEqual(told, ["patern_learning"]);
});

test("a data plan: from the uplink, its class, and defaults; a weekday is 1-7", () => {
	const { config } = read(`
config member cellular_any
	option data_limit_mb 5000
config member sim1
	option data_period week
	option data_reset_day 31
	option data_warn 90
`);
	assert.deepEqual(memberSettings(config, { id: "sim2", class: "cellular" }).dataPlan, {
		limitBytes: 5_000_000_000,
		period: "month",
		resetDay: 1,
		warnPct: 80,
	});
	assert.deepEqual(memberSettings(config, { id: "sim1", class: "cellular" }).dataPlan, {
		limitBytes: 5_000_000_000,
		period: "week",
		resetDay: 7,
		warnPct: 90,
	});
	assert.equal(memberSettings(config, { id: "wan", class: "lan" }).dataPlan, null);
});

test("the position is nobody's business unless the owner says so", () => {
	const { gps } = DEFAULTS;
	assert.deepEqual(
		[gps.enabled, gps.opencellidEnabled, gps.opencellidContribute, gps.opencellidApiKey],
		[false, false, false, null],
	);
});
