import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../daemon/config/read.ts";
import { formatReport } from "../../daemon/config/report.ts";
import { sameConfig } from "../../daemon/config/store.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { DEFAULTS, FILE, read, reportLines } from "./support.ts";

test("nothing in the file: the defaults users know, and nothing to say", () => {
	const { config, report } = read("");
	assert.deepEqual(report, []);
	assert.equal(formatReport(report), "configuration is fine\n");
	const { main, failover, restore } = config;
	assert.deepEqual([main.pollIntervalMs, main.discoveryIntervalMs, main.historyWindowS], [1500, 30_000, 600]);
	assert.deepEqual([main.retentionHours, main.maxRamMb, main.switchMargin], [24, null, 10]);
	assert.deepEqual([main.minUptimeS, main.cooldownS, main.dataCapMode], [20, 20, "balanced"]);
	assert.deepEqual([main.enable, main.useMwan3, main.predictive, main.logLevel], [true, true, true, "info"]);
	assert.deepEqual(failover, { lossPct: 5, latencyMs: 1200, minDurationS: 10 });
	assert.deepEqual(restore, { lossPct: 1, latencyMs: 800, minDurationS: 30 });
	assert.equal(config.members.size, 0);
});

test("a whole file", () => {
	const { config, report } = read(`
config autonomy 'main'
	option mode 'Observe'
	option use_mwan3 'no'
	option switch_margin '12.5'
	option log_file '/tmp/autonomy.log'

config thresholds 'failover'
	option loss '8'

config probe 'probe'
	list target4 '192.0.2.1'
	option tcp_port '853'

config member 'starlink_any'
	option weight '100'
	option metered '0'

config member 'sim1'
	option detect 'disable'
	option bytes_per_day '50000'
`);
	assert.deepEqual(report, []);
	assert.equal(config.main.mode, "observe");
	assert.equal(config.main.useMwan3, false);
	assert.equal(config.main.switchMargin, 12.5);
	assert.equal(config.main.logFile, "/tmp/autonomy.log");
	assert.equal(config.failover.lossPct, 8);
	assert.deepEqual(config.probe.target4, ["192.0.2.1"]);
	assert.deepEqual(config.probe.target6, DEFAULTS.probe.target6);
	assert.deepEqual(config.probe.tcpPorts, [853]);
	assert.deepEqual([...config.members.keys()], ["starlink_any", "sim1"]);
	assert.deepEqual(
		[config.members.get("starlink_any")?.weight, config.members.get("starlink_any")?.metered],
		[100, false],
	);
	assert.equal(config.members.get("sim1")?.weight, null, "unset is told from every value");
});

test("the configuration is frozen, through and through", () => {
	const { config } = read("config member 'wan'\n\tlist target4 '192.0.2.1'\n");
	for (const part of [config, config.main, config.failover, config.restore, config.probe, config.members.get("wan")!]) {
		assert.ok(Object.isFrozen(part));
	}
	for (const list of [config.probe.target4, config.probe.tcpPorts, config.members.get("wan")!.target4!]) {
		assert.ok(Object.isFrozen(list));
	}
});

const REPORTS: readonly { readonly name: string; readonly text: string; readonly lines: readonly string[] }[] = [
	{
		name: "a number out of range",
		text: "config autonomy main\n option switch_margin 900\n",
		lines: ["warning: section main, option switch_margin '900' is not a number from 0 to 100; '10' is used"],
	},
	{
		name: "an option without a default",
		text: "config member wan\n option weight heavy\n",
		lines: [
			"warning: section wan, option weight 'heavy' is not a whole number from 0 to 100; it counts as not set (by the order in mwan3 or by route metric)",
		],
	},
	{
		name: "one wrong target among right ones",
		text: "config probe probe\n list target4 192.0.2.1\n list target4 2001:db8::1\n",
		lines: [
			"warning: section probe, option target4 '192.0.2.1 2001:db8::1' holds '2001:db8::1', which is not an IPv4 address; '192.0.2.1' is used",
		],
	},
	{
		name: "a list where one value belongs",
		text: "config autonomy main\n list log_level info\n list log_level debug\n",
		lines: ["warning: section main, option log_level 'info debug' is a list, but takes one value; 'info' is used"],
	},
	{
		name: "a mistyped option, an unknown one",
		text: "config autonomy main\n option switch_magin 5\n option quux 1\n",
		lines: [
			"warning: section main, option switch_magin '5' is unknown and ignored; did you mean switch_margin?",
			"warning: section main, option quux '1' is unknown and ignored",
		],
	},
	{
		name: "a mistyped section type, an unknown one, a misplaced one",
		text: "config membr wan\nconfig teapot t\nconfig thresholds fail\nconfig autonomy two\n",
		lines: [
			"warning: section wan of type membr is unknown and ignored; did you mean config member?",
			"warning: section t of type teapot is unknown and ignored",
			"warning: section fail is ignored: a section of type thresholds is named 'failover' or 'restore'",
			"warning: section two is ignored: a section of type autonomy is named 'main'",
		],
	},
	{
		name: "sections and options of an earlier version: one note each",
		text: "config autonomy main\n option metrics_port 9101\n option mqtt_broker 'a:1'\nconfig gps settings\nconfig mqtt\nconfig thresholds weights\nconfig member wan\n option up_threshold 3\n",
		lines: [
			"note: section main, option mqtt_broker 'a:1' is an old name; it is read as @mqtt[0].broker",
			"note: section main, option metrics_port '9101' is an old name; it is read as metrics.port",
			"note: section wan has options of an earlier version that are not used and kept as they are: up_threshold",
			"note: section @mqtt[0] has no name and is taken as the one meant",
			"note: has sections of an earlier version that are not used and kept as they are: settings, weights",
		],
	},
	{
		name: "thresholds that once stood in main",
		text: "config autonomy main\n option fail_threshold_loss 9\n option restore_min_duration_s 60\n",
		lines: [
			"note: section main, option fail_threshold_loss '9' is an old name; it is read as failover.loss",
			"note: section main, option restore_min_duration_s '60' is an old name; it is read as restore.min_duration_s",
		],
	},
	{
		name: "old and new name at once, and old names in the new section",
		text: "config autonomy main\n option fail_threshold_loss 9\nconfig thresholds failover\n option loss 7\n option fail_threshold_latency 1000\n",
		lines: [
			"note: section main, option fail_threshold_loss '9' is an old name and ignored, failover.loss is set",
			"note: section failover, option fail_threshold_latency '1000' is an old name; it is read as failover.latency",
		],
	},
	{
		name: "main under an old type, and without a name",
		text: "config main main\n option mode observe\nconfig probe\n option dns_check 0\n",
		lines: [
			"note: section main has the old type main; new ones are written as config autonomy 'main'",
			"note: section @probe[0] has no name and is taken as the one meant",
		],
	},
	{
		name: "a member without a name",
		text: "config member\n option weight 5\n",
		lines: [
			"warning: section @member needs a name: config member 'wan', or a class such as starlink_any; it is ignored",
		],
	},
	{
		name: "a class for a whole class",
		text: "config member wifi_any\n option class lan\n",
		lines: [
			"warning: section wifi_any, option class 'lan' cannot be set for a whole class; set it in the section of one uplink; 'wifi' is used",
		],
	},
	{
		name: "contradictions: restore above failover",
		text: "config thresholds failover\n option loss 3\n option latency 500\nconfig thresholds restore\n option loss 4\n",
		lines: [
			"warning: section restore, option loss '4' is above failover.loss '3', so an uplink would be good and bad at once; '3' is used",
			"warning: section restore, option latency '800' is above failover.latency '500', so an uplink would be good and bad at once; '500' is used",
		],
	},
	{
		name: "no distance between good and bad is only worth a note",
		text: "config thresholds failover\n option loss 1\n",
		lines: [
			"note: section restore, option loss '1' equals failover.loss, so the smallest change counts; a lower value keeps traffic calmer",
		],
	},
	{
		name: "contradictions in main",
		text: "config autonomy main\n option severe_loss 4\n option severe_duration_s 30\n option hold_down_s 60\n option hold_down_max_s 30\n",
		lines: [
			"warning: section main, option severe_loss '4' is below failover.loss '5', so nothing would be severe and merely bad; '5' is used",
			"warning: section main, option severe_duration_s '30' is longer than failover.min_duration_s '10', so severe loss would be left later than mild loss; '10' is used",
			"warning: section main, option hold_down_max_s '30' is below hold_down_s '60'; '60' is used",
		],
	},
	{
		name: "what the reader of the file passed over",
		text: "config autonomy main; option mode observe\n",
		lines: [
			"warning: line 1: everything after ';' is ignored here, as libuci does; put each option on a line of its own",
		],
	},
];

for (const { name, text, lines } of REPORTS) {
	test(`report: ${name}`, () => assert.deepEqual(reportLines(text), lines));
}

test("contradictions are resolved as told", () => {
	const { config } = read("config thresholds failover\n option loss 3\nconfig thresholds restore\n option loss 4\n");
	assert.deepEqual([config.failover.lossPct, config.restore.lossPct], [3, 3]);
	const { main } = read("config autonomy main\n option severe_loss 4\n option hold_down_s 700\n").config;
	assert.deepEqual([main.severeLossPct, main.holdDownMaxS], [5, 700]);
});

test("old names count", () => {
	const { config } = read(
		"config autonomy main\n option fail_threshold_loss 9\n option restore_threshold_latency 700\n",
	);
	assert.deepEqual([config.failover.lossPct, config.restore.latencyMs], [9, 700]);
	assert.equal(read("config Autonomy main\n option cooldown_s 5\n").config.main.cooldownS, 5);
	assert.equal(read("config autonomy\n option cooldown_s 6\n").config.main.cooldownS, 6);
});

test("the closing line counts, worst first", () => {
	const { report } = read("config autonomy main\n option quux 1\n option mqtt_broker x\n option blurb 2\n");
	assert.match(formatReport(report), /^warning: .*\nwarning: .*\nnote: .*\n2 warnings, 1 note\n$/);
});

test("secrets are never shown, hostile text is made harmless, long text is cut", () => {
	const text = `config autonomy main
	option pushover_passwd 'hunter2'
	option api_token 'hunter2'
	option colour 'a\u001b[31mred\u202e\nnext line'
	option mode '${"x".repeat(5000)}'
`;
	const { report } = read(text);
	const whole = JSON.stringify(report) + formatReport(report);
	assert.ok(!whole.includes("hunter2"));
	assert.ok(report.some((entry) => entry.option === "api_token" && entry.value === "***"));
	assert.ok(report.some((entry) => entry.value === "a\\x1b[31mred\\x202e\\x0anext line"));
	assert.ok(report.every((entry) => !/[\p{Cc}\u202e]/u.test(entry.message) && entry.message.length < 400));
});

test("a flood of nonsense gives a bounded report and bounded members", () => {
	const sections = Array.from({ length: 3000 }, (_, index) => `config foo f${index}\n`).join("");
	const members = Array.from({ length: 100 }, (_, index) => `config member m${index}\n`).join("");
	const options = Array.from({ length: 3000 }, (_, index) => ` option zzz${index} 1\n`).join("");
	const { config, report } = read(`config autonomy main\n${options}${members}${sections}`);
	assert.equal(config.members.size, 64);
	assert.equal(report.length, 201);
	assert.match(report.at(-1)!.message, /^\/etc\/config\/autonomy has \d+ more problems, not listed$/);
	assert.ok(sameConfig({ ...config, members: new Map() }, DEFAULTS));
});

test("members with names dear to JavaScript are members like any other", () => {
	const { config } = read("config member __proto__\n option weight 7\nconfig member constructor\n option weight 8\n");
	assert.deepEqual([config.members.get("__proto__")?.weight, config.members.get("constructor")?.weight], [7, 8]);
	assert.equal(({} as Record<string, unknown>).weight, undefined);
});

test("a lenient reading hands its warnings on", () => {
	const pkg = parseUci("config autonomy main\n nonsense\n option mode observe\n", { file: FILE, strict: false });
	const { config, report } = readConfig(pkg, FILE);
	assert.equal(config.main.mode, "observe");
	assert.equal(report[0]?.message, `${FILE}, line 2: line ignored: invalid command`);
});

test("settings of alerts under their old name, unless the section is another's", () => {
	const { config } = read(
		"config notifications settings\n option threshold info\nconfig notifications pushover\n option token abc\n",
	);
	assert.deepEqual([config.notify.threshold, config.pushover.token, config.email.enabled], ["info", "abc", false]);
	assert.equal(read("config gps settings\n option threshold info\n").config.notify.threshold, "warning");
});

test("a secret under an old name is not shown by the note about it", () => {
	const { config, report } = read(
		"config autonomy main\n option pushover_token hunter2\n option webhook_url 'http://u:hunter2@h/'\n",
	);
	assert.equal(config.pushover.token, "hunter2");
	assert.ok(!JSON.stringify(report).includes("hunter2"));
});
