import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { exposition } from "../../daemon/publish/exposition.ts";
import { metricsOf } from "../../daemon/publish/metrics.ts";
import { createCounters } from "../../daemon/publish/source.ts";
import { dashboard, rules } from "../../scripts/generate-grafana.ts";
import { sourceFor } from "./support.ts";

interface Board {
	readonly panels: readonly {
		readonly id: number;
		readonly gridPos: { x: number; y: number; w: number; h: number };
		readonly targets: readonly { readonly expr: string }[];
	}[];
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
		for (const [, label = ""] of expr.matchAll(/[{,]\s*([a-z_]+)=/g))
			assert.ok(labelsOf.get(names[0] ?? "")?.has(label), `${expr}: ${label}`);
		for (const [, label = ""] of expr.matchAll(/by \(([a-z_]+)\)/g))
			assert.ok(labelsOf.get(names[0] ?? "")?.has(label), `${expr}: ${label}`);
	}
	for (const { for: wait } of groups.flatMap((one) => one.rules)) assert.match(wait, /^\d+m$/);
	assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
	for (const [index, { gridPos: one }] of board.panels.entries()) {
		assert.ok(one.x + one.w <= 24);
		for (const { gridPos: two } of board.panels.slice(index + 1))
			assert.ok(one.y !== two.y || one.x + one.w <= two.x, "panels overlap");
	}
});

test("Prometheus' own promtool takes rules and figures", async (t) => {
	if (spawnSync("promtool", ["--version"]).status !== 0) {
		t.skip("promtool is not installed (package prometheus)");
		return;
	}
	const folder = mkdtempSync(join(tmpdir(), "autonomy-promtool-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const file = join(folder, "rules.yml");
	writeFileSync(file, JSON.stringify(rules()));
	const checked = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
	assert.equal(checked.status, 0, checked.stdout + checked.stderr);
	const { source } = await sourceFor(t, { names: ["wan", 'e"vil}\\n\u0007,x="'] });
	const input = exposition(metricsOf(source, createCounters()));
	const figures = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
	// 3: it would name things otherwise; names are those of earlier versions.
	assert.ok(figures.status === 0 || figures.status === 3, figures.stderr);
	assert.doesNotMatch(figures.stderr, /error|no help|counter metrics should have/i);
});
