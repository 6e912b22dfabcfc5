import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { exposition } from "../../daemon/publish/exposition.ts";
import { metricsOf } from "../../daemon/publish/metrics.ts";
import { createCounters } from "../../daemon/publish/source.ts";
import { dashboard, rules } from "../../scripts/generate-grafana.ts";
import { sourceFor } from "./support.ts";

interface Board {
	readonly id: null;
	readonly schemaVersion: number;
	readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
	readonly panels: readonly {
		readonly id: number;
		readonly gridPos: { x: number; y: number; w: number; h: number };
		readonly type: string;
		readonly options: { readonly textMode?: string };
		readonly fieldConfig: { readonly defaults: { readonly unit: string } };
		readonly targets: readonly {
			readonly expr: string;
			readonly refId: string;
			readonly instant?: boolean;
			readonly legendFormat: string;
		}[];
	}[];
}

/** Of Grafana's units (packages/grafana-data, valueFormats). */
const UNITS: ReadonlySet<string> = new Set(["none", "s", "percentunit", "Bps", "dBm", "bytes", "bool_on_off", "short"]);

const PROMTOOL =
	spawnSync("promtool", ["--version"]).status === 0 ? false : "promtool is not installed (package prometheus)";

function promtool(t: TestContext, args: readonly string[], files: Readonly<Record<string, object>>, input = "") {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-promtool-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
	return spawnSync("promtool", args, { encoding: "utf8", input, cwd: folder });
}

test("dashboard and rules ask for metrics that exist, with labels that exist", async (t) => {
	const { source } = await sourceFor(t);
	const metrics = metricsOf(source, createCounters());
	const labelsOf = new Map(
		metrics.map(({ name, series }) => [name, new Set(series.flatMap(({ labels }) => Object.keys(labels)))]),
	);
	const board = JSON.parse(JSON.stringify(dashboard())) as Board;
	const { groups } = JSON.parse(JSON.stringify(rules())) as {
		groups: { rules: { alert: string; expr: string; for: string }[] }[];
	};
	const expressions = [
		...board.panels.flatMap((one) => one.targets.map(({ expr }) => expr)),
		...groups.flatMap((one) => one.rules.map(({ expr }) => expr)),
	];
	assert.ok(expressions.length > 20);
	for (const expr of expressions) {
		const names = expr.match(/autonomy_[a-z_]+/g) ?? [];
		assert.ok(names.length > 0, expr);
		for (const name of names) assert.ok(labelsOf.has(name), `${name} is no metric`);
		// Prometheus itself gives every series the instance it came from.
		for (const [, label = ""] of expr.matchAll(/[{,]\s*([a-z_]+)=/g))
			assert.ok(label === "instance" || labelsOf.get(names[0] ?? "")?.has(label), `${expr}: ${label}`);
		for (const [, label = ""] of expr.matchAll(/by \(([a-z_]+)\)/g))
			assert.ok(labelsOf.get(names[0] ?? "")?.has(label), `${expr}: ${label}`);
	}
	for (const { for: wait } of groups.flatMap((one) => one.rules)) assert.match(wait, /^\d+m$/);
	// The classic model, which every Grafana since 9 reads: what a new dashboard brings, and nothing that is not declared.
	assert.deepEqual([board.id, board.schemaVersion], [null, 39]);
	const variables = board.templating.list.map(({ name }) => name);
	assert.deepEqual(variables, ["datasource", "router"]);
	for (const [, name = ""] of JSON.stringify(board).matchAll(/\$\{?([a-z][a-z_]*)/g))
		assert.ok(variables.includes(name), name);
	for (const { type, options, fieldConfig, targets } of board.panels) {
		assert.ok(["stat", "timeseries", "state-timeline"].includes(type));
		assert.ok(UNITS.has(fieldConfig.defaults.unit), fieldConfig.defaults.unit);
		assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
		for (const { expr, instant, legendFormat } of targets) {
			assert.equal(instant === true, type === "stat", "a stat shows what is now");
			const labels = labelsOf.get(/autonomy_[a-z_]+/.exec(expr)?.[0] ?? "") ?? new Set();
			// Nothing of it is there in this example.
			if (labels.size === 0 && metrics.some(({ name, series }) => expr.includes(name) && series.length === 0)) continue;
			for (const [, label = ""] of legendFormat.matchAll(/\{\{([a-z]+)\}\}/g))
				assert.ok(label === "instance" || labels.has(label), `${expr}: ${label}`);
		}
		if (type === "stat") assert.ok(["auto", "name"].includes(options.textMode ?? ""));
	}
	assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
	for (const [index, { gridPos: one }] of board.panels.entries()) {
		assert.ok(one.x + one.w <= 24);
		for (const { gridPos: two } of board.panels.slice(index + 1))
			assert.ok(one.y !== two.y || one.x + one.w <= two.x, "panels overlap");
	}
});

test("Prometheus' own promtool takes rules, figures and every question of the dashboard", {
	skip: PROMTOOL,
}, async (t) => {
	const checked = promtool(t, ["check", "rules", "rules.yml"], { "rules.yml": rules() });
	assert.equal(checked.status, 0, checked.stdout + checked.stderr);
	const questions = (JSON.parse(JSON.stringify(dashboard())) as Board).panels.flatMap(({ id, targets }) =>
		targets.map(({ expr, refId }) => ({ record: `panel_${id}_${refId}`, expr })),
	);
	const asked = promtool(t, ["check", "rules", "rules.yml"], {
		"rules.yml": { groups: [{ name: "x", rules: questions }] },
	});
	assert.equal(asked.status, 0, asked.stdout + asked.stderr);
	assert.match(asked.stdout, new RegExp(`${questions.length} rules found`));
	const { source } = await sourceFor(t, { names: ["wan", 'e"vil}\\n\u0007,x="'] });
	const input = exposition(metricsOf(source, createCounters()));
	const figures = promtool(t, ["check", "metrics"], {}, input);
	// 3: it would name things otherwise; names are those of earlier versions.
	assert.ok(figures.status === 0 || figures.status === 3, figures.stderr);
	assert.doesNotMatch(figures.stderr, /error|no help|counter metrics should have/i);
});

test("each rule fires when it should, and is silent when all is well", { skip: PROMTOOL }, (t) => {
	const { groups } = JSON.parse(JSON.stringify(rules())) as { groups: { rules: { alert: string }[] }[] };
	const names = groups.flatMap((one) => one.rules.map(({ alert }) => alert));
	const at = 'instance="r:9101"';
	const steady = (value: string) => `${value}x30`;
	const series = (values: Readonly<Record<string, string>>) =>
		Object.entries(values).map(([name, value]) => ({ series: name, values: value }));
	const well = {
		[`autonomy_online{${at}}`]: steady("1"),
		[`autonomy_member_status{${at},member="wan",state="down"}`]: steady("0"),
		[`autonomy_interface_health_score{${at},member="wan"}`]: steady("90"),
		[`autonomy_member_latency_seconds{${at},member="wan"}`]: steady("0.03"),
		[`autonomy_failover_events_total{${at},kind="failover"}`]: "0+0x30",
		[`autonomy_data_used_bytes{${at},member="mob"}`]: steady("10"),
		[`autonomy_data_limit_bytes{${at},member="mob"}`]: steady("100"),
		[`autonomy_steering_in_force{${at}}`]: steady("1"),
		[`autonomy_notifications_queued{${at},channel="slack"}`]: steady("0"),
	};
	const ill = {
		[`autonomy_online{${at}}`]: steady("0"),
		[`autonomy_member_status{${at},member="wan",state="down"}`]: steady("1"),
		[`autonomy_interface_health_score{${at},member="wan"}`]: steady("20"),
		[`autonomy_member_latency_seconds{${at},member="wan"}`]: steady("0.9"),
		[`autonomy_failover_events_total{${at},kind="failover"}`]: "0+1x30",
		[`autonomy_data_used_bytes{${at},member="mob"}`]: steady("97"),
		[`autonomy_data_limit_bytes{${at},member="mob"}`]: steady("100"),
		[`autonomy_steering_in_force{${at}}`]: steady("0"),
		[`autonomy_notifications_queued{${at},channel="slack"}`]: steady("3"),
	};
	const label: Readonly<Record<string, Record<string, string>>> = {
		AutonomyUplinkDown: { member: "wan", state: "down" },
		AutonomyScoreLow: { member: "wan" },
		AutonomyLatencyHigh: { member: "wan" },
		AutonomyFlapping: { kind: "failover" },
		AutonomyDataPlan: { member: "mob" },
		AutonomyMessagesWait: { channel: "slack" },
	};
	const firing = groups.flatMap(
		(one) => one.rules as unknown as { alert: string; labels: object; annotations: { summary: string } }[],
	);
	const expected = (name: string) =>
		firing
			.filter(({ alert }) => alert === name)
			.map(({ labels, annotations }) => {
				const own = name === "AutonomySilent" ? {} : { instance: "r:9101", ...label[name] };
				const summary = annotations.summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, key: string) =>
					String((own as Record<string, string>)[key]),
				);
				return { exp_labels: { ...own, ...labels }, exp_annotations: { summary } };
			});
	const expecting = (fires: (name: string) => boolean) =>
		names.map((alertname) => ({
			eval_time: "25m",
			alertname,
			exp_alerts: fires(alertname) ? expected(alertname) : [],
		}));
	const test = {
		rule_files: ["rules.yml"],
		evaluation_interval: "1m",
		tests: [
			{ interval: "1m", input_series: series(well), alert_rule_test: expecting(() => false) },
			{ interval: "1m", input_series: series(ill), alert_rule_test: expecting((name) => name !== "AutonomySilent") },
			{ interval: "1m", input_series: [], alert_rule_test: expecting((name) => name === "AutonomySilent") },
		],
	};
	const ran = promtool(t, ["test", "rules", "test.yml"], { "rules.yml": rules(), "test.yml": test });
	assert.equal(ran.status, 0, ran.stdout + ran.stderr);
});
