import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Decision } from "../../daemon/decide/types.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { exposition } from "../../daemon/publish/exposition.ts";
import { metricsOf } from "../../daemon/publish/metrics.ts";
import { createScrape } from "../../daemon/publish/scrape.ts";
import { createCounters } from "../../daemon/publish/source.ts";
import type { RecordedEvent } from "../../daemon/record/recorder.ts";
import { fakeLog } from "../support/fake-platform.ts";
import { parseExposition } from "./parser.ts";
import { sourceFor } from "./support.ts";

const platform = createNodePlatform();

async function waitFor<T>(what: string, look: () => T | null | undefined): Promise<T> {
	for (let tries = 0; tries < 3000; tries++) {
		const found = look();
		if (found != null) return found;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	throw new Error(`no ${what} within 30 s`);
}

const decision = (kind: Decision["kind"]): Decision => ({
	id: "d",
	atMs: 0,
	kind,
	rule: "hard_failure",
	from: "wan",
	to: "wanb",
	text: "",
	figures: [],
	candidates: [],
	observed: false,
});

test("all figures in Prometheus' own format, under the names people know", async (t) => {
	const { source } = await sourceFor(t);
	const counters = createCounters();
	const down: RecordedEvent = {
		id: "e",
		atMs: 0,
		type: "member_state",
		uplink: "wan",
		from: "eligible",
		to: "down",
		reason: "",
		decisionId: null,
	};
	counters.take([decision("failover"), decision("failover"), decision("none"), decision("predictive")], [down]);
	const samples = parseExposition(exposition(metricsOf(source, counters)));
	const value = (name: string, labels: Record<string, string> = {}) =>
		samples.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
			?.value;
	assert.ok((value("autonomy_interface_health_score", { member: "wanb" }) ?? 0) > 50);
	assert.equal(value("autonomy_failover_events_total", { kind: "failover" }), 2);
	assert.equal(value("autonomy_failover_events_total", { kind: "failback" }), 0);
	assert.equal(value("autonomy_predictive_failover_total", { reason: "hard_failure" }), 1);
	assert.equal(value("autonomy_member_outages_total", { member: "wan" }), 1);
	assert.equal(value("autonomy_member_switches_total", { member: "wan" }), 3);
	assert.equal(value("autonomy_member_status", { member: "wan", state: "down" }), 1);
	assert.equal(value("autonomy_member_primary", { member: "wanb" }), 1);
	const [ms, seconds] = [
		value("autonomy_member_latency_ms", { member: "wanb" }),
		value("autonomy_member_latency_seconds", { member: "wanb" }),
	];
	assert.ok(ms !== undefined && Math.abs(ms / 1000 - (seconds ?? 0)) < 1e-9);
	assert.equal(value("autonomy_member_latency_ms", { member: "wan" }), undefined, "not known: no line");
	assert.deepEqual(samples.find((one) => one.name === "autonomy_daemon_version_info")?.labels.version, "1.2.3");
	assert.equal(value("autonomy_data_limit_bytes", { member: "wanb" }), 5_000_000_000);
});

test("hostile names survive, as one label value each; names are bounded", () => {
	const hostile = 'a"b\\c\nd{e="f"} 1\u0000\ud800';
	const long = "x".repeat(1000);
	const text = exposition([
		{
			name: "m_total",
			type: "counter",
			help: "back\\slash\nline",
			series: [{ labels: { a: hostile, b: long }, value: 1 }],
		},
		{
			name: "n",
			type: "gauge",
			help: "h",
			series: [
				{ labels: {}, value: Number.NaN },
				{ labels: { x: "1" }, value: 1e21 },
			],
		},
		{ name: "o", type: "gauge", help: "h", series: [{ labels: {}, value: null }] },
	]);
	const samples = parseExposition(text);
	assert.deepEqual(
		samples.map(({ name, value }) => [name, value]),
		[
			["m_total", 1],
			["n", 1e21],
		],
	);
	assert.equal(samples[0]?.labels.a, hostile.replace("\ud800", "\ufffd"));
	assert.equal(samples[0]?.labels.b?.length, 128);
	const counters = createCounters();
	for (let index = 0; index < 1000; index++) counters.take([{ ...decision("failover"), from: `w${index}` }], []);
	assert.equal(counters.left.size, 64);
});

test("over HTTP on loopback: metrics, health, readiness; a taken port is said and tried again", async (t) => {
	const { source } = await sourceFor(t, { pastS: 120 });
	const log = fakeLog();
	const config = { enabled: true, port: 0, textfile: null };
	const scrape = createScrape({ platform, log, config: () => config, source, counters: createCounters() });
	t.after(() => scrape.close());
	scrape.configure();
	const port = await waitFor("server", () => scrape.port());
	const get = async (path: string, method = "GET") => {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
		return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() };
	};
	const metrics = await get("/metrics?x=1");
	assert.deepEqual([metrics.status, metrics.type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
	assert.ok(parseExposition(metrics.body).length > 50);
	const health = await get("/healthz");
	assert.deepEqual(
		[health.status, (JSON.parse(health.body) as { components: unknown[] }).components.length > 3],
		[200, true],
	);
	assert.equal((JSON.parse((await get("/readyz")).body) as { ready: boolean }).ready, true);
	assert.deepEqual(
		[(await get("/")).status, (await get("/metrics", "POST")).status, (await get("/metrics", "HEAD")).body],
		[404, 405, ""],
	);

	const second = createScrape({
		platform,
		log,
		config: () => ({ ...config, port }),
		source,
		counters: createCounters(),
	});
	t.after(() => second.close());
	second.configure();
	const problem = await waitFor("problem", () => second.problems()[0]);
	assert.match(
		problem,
		new RegExp(`^metrics: cannot listen on 127.0.0.1:${port}: .*; set option port of section metrics to another one$`),
	);
	config.enabled = false;
	scrape.configure();
	assert.equal(scrape.port(), null);
	await assert.rejects(get("/metrics"));
});

test("before the first decision it is not ready", async (t) => {
	const { source } = await sourceFor(t, { pastS: 0 });
	const config = { enabled: true, port: 0, textfile: null };
	const scrape = createScrape({ platform, log: fakeLog(), config: () => config, source, counters: createCounters() });
	t.after(() => scrape.close());
	scrape.configure();
	const port = await waitFor("server", () => scrape.port());
	assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503);
});

test("a file for node-exporter, readable for it; a folder that is not there is said", async (t) => {
	const { source } = await sourceFor(t, { pastS: 0 });
	const folder = mkdtempSync(join(tmpdir(), "autonomy-textfile-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const config = { enabled: false, port: 9101, textfile: join(folder, "autonomy.prom") };
	const scrape = createScrape({ platform, log: fakeLog(), config: () => config, source, counters: createCounters() });
	t.after(() => scrape.close());
	scrape.configure();
	assert.ok(parseExposition(readFileSync(config.textfile, "utf8")).length > 10);
	assert.equal(statSync(config.textfile).mode & 0o777, 0o644);
	config.textfile = join(folder, "missing", "autonomy.prom");
	scrape.configure();
	assert.match(scrape.problems()[0] ?? "", /^metrics: cannot write .*missing/);
	assert.equal(existsSync(config.textfile), false);
});
