/**
 * All uplinks die, much happens meanwhile, one returns: what the owner hears afterwards, held against what the daemon wrote
 * into its log while nobody outside could be reached (what it tells on the bus is lost where a busy machine makes it lose
 * the broker). In the network for real: blackholed ISPs, a server in the internet behind them, modems on the bus; and the
 * daemon is started again in the middle of it. AUTONOMY_OUTAGE_MIN=20 lets it last twenty minutes; else it ends when 200
 * steps were told and the first of them is late.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Reply } from "../../contract/api.ts";
import type { Autonomyd } from "../../lab/autonomyd.ts";
import { SMS_EVENT } from "../../lab/modem/modem.ts";
import { until } from "../publish/broker.ts";
import { type Bench, impossible, openBench, ready } from "./harness.ts";

const ISPS = 12;
const STEPS = 200;
const MINUTES = Number(process.env.AUTONOMY_OUTAGE_MIN ?? 0);
const LATE_MS = 16_000;
/** A busy machine writes down late what happened; what is sent late is sent later than this. */
const TOLD_WITHIN_MS = 10_000;
/** Between two rounds, each of which tells a step per modem but one. */
const PAUSE_MS = (MINUTES * 60_000) / Math.ceil(STEPS / (ISPS - 1));

const skip = impossible() ?? (process.env.OPENWRT_ROOT ? "the modems of this test are the lab's own" : false);

const CONFIG = `config autonomy 'main'
	option min_uptime_s '1'
config notifications 'alerts'
	option cooldown_warning_s '0'
	option cooldown_critical_s '0'
	option cooldown_emergency_s '0'
	option flap_count '100'
	option warning_per_hour '100'
	option critical_per_hour '100'
	option max_per_hour '100'
	option group_s '1'
	option escalate_after_s '0'
config notifications 'webhook'
	option enabled '1'
	option url 'http://9.9.9.9:8090/hook'
config notifications 'sms'
	option enabled '1'
	option threshold 'emergency'
	list recipients '+46701234567'
`;

/** Somewhere in the internet: tells on stdout what it gets. */
const SERVER = `
require("node:http").createServer((q, r) => {
	let body = "";
	q.on("data", (part) => (body += part));
	q.on("end", () => { console.log(body); r.end("ok"); });
}).listen(8090, "0.0.0.0", () => console.log("ready"));
`;

interface Hook {
	readonly message: string;
	readonly late_s: number;
	readonly alerts: readonly {
		readonly id: string;
		readonly kind: string;
		readonly change: string;
		readonly ts: number;
	}[];
}

interface Step {
	readonly id: string;
	readonly change: string;
	readonly kind: string;
	/** When it was written. */
	readonly unixMs: number;
}

const keyOf = ({ id, change }: { id: string; change: string }): string => `${id} ${change}`;

/** What one daemon had to tell people, in order. */
function stepsOf({ log }: Autonomyd): Step[] {
	return log.flatMap(({ component, fields: { id, change, kind, level, ts } }) => {
		if (component !== "alert" || change === undefined || level === "info") return [];
		// The end of member_down is not told to people by default.
		if (change === "cleared" && kind === "member_down") return [];
		return [{ id: String(id), change: String(change), kind: String(kind), unixMs: Date.parse(String(ts)) }];
	});
}

describe("an outage of everything", { skip }, () => {
	let bench: Bench;
	before(async () => {
		const modems = Array.from({ length: ISPS }, (_, index) => index + 1);
		bench = await openBench({ isps: ISPS, modems, config: { autonomy: CONFIG } });
	});
	after(() => bench?.close());

	test("every alert arrives once, in order, with its true time, when an uplink is back; by SMS meanwhile", async (t) => {
		const { router, world, bus } = bench;
		const hooks: (Hook & { readonly atMs: number })[] = [];
		let listening = false;
		const server = await router.lab.spawn({ where: "internet", argv: [process.execPath, "-e", SERVER] }, (line) => {
			if (line === "ready") listening = true;
			else hooks.push({ ...(JSON.parse(line) as Hook), atMs: Date.now() });
		});
		t.after(() => server.kill("SIGKILL"));
		const lives: Autonomyd[] = [];
		const told = (): Step[] => lives.flatMap(stepsOf);
		const heard: string[] = [];
		const sms: string[] = [];
		const ears = [
			bus.listen("autonomy.alert", (_type, { id, change }) => {
				heard.push(keyOf({ id: String(id), change: String(change) }));
			}),
			bus.listen(SMS_EVENT, (_type, { number, text }) => void sms.push(`${number}: ${text}`)),
		];
		t.after(() => ears.map((one) => one.close()));
		await until("server", () => listening);
		let daemon = await bench.daemon(t);
		lives.push(daemon);
		await ready(bench, daemon);

		t.after(() => world.healAll());
		const began = Date.now();
		// At once: nobody shall answer any more when the first is found dead.
		await Promise.all(Array.from({ length: ISPS }, (_, index) => world.do({ do: "blackhole", isp: index + 1 })));
		const deadMs = Date.now();
		// Modem 1 stays in its network, which carries no data: it can send an SMS.
		// On a busy machine the alerts of modems come sooner than the word that all is dead.
		const offlineSteps = (): Step[] => told().filter(({ kind }) => kind === "offline");
		const isOffline = (): boolean => offlineSteps().some(({ change }) => change === "raised");
		const isOver = (): boolean =>
			told().length >= STEPS && isOffline() && Date.now() - began >= Math.max(LATE_MS, MINUTES * 60_000);
		for (let round = 0; !isOver(); round++) {
			assert.ok(Date.now() - began < 500_000 + MINUTES * 60_000, `${told().length} steps only`);
			const registration = [3, 5, 3, 1][round % 4] ?? 1;
			for (let isp = 2; isp <= ISPS; isp++) await router.modem(isp, { registration });
			// Each modem says at least one thing of it; one that was asked a moment ago says it a second later.
			const wanted = told().length + ISPS - 1;
			await bus.send("sim.changed", {});
			await until("the modems were asked", () => told().length >= wanted, 3_000).catch(() => undefined);
			if (lives.length === 1 && told().length >= STEPS / 2 && isOffline()) {
				// By SMS it is told by the one that wrote it down.
				await until("an SMS of each word that all is dead", () => sms.length >= offlineSteps().length);
				await daemon.stop();
				daemon = await bench.daemon(t, { inherits: true });
				lives.push(daemon);
				await daemon.until("it decides again", async () => (await daemon.status()).state === "offline", 30_000);
			}
			if (MINUTES > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
		}
		assert.deepEqual(
			hooks.filter(({ atMs }) => atMs > deadMs + 5_000),
			[],
			"nobody could be reached",
		);
		// A busy machine may take a part of it for the whole, at first; the restart must not be another outage.
		const offline = offlineSteps();
		assert.equal(offline.at(-1)?.change, "raised");
		assert.deepEqual(
			stepsOf(daemon).filter(({ kind }) => kind === "offline"),
			[],
		);
		const before = sms.length;
		assert.equal(before, offline.length, sms.join("\n"));
		assert.match(sms[0] ?? "", /^\+46701234567: \S+: No internet\. No uplink works: /);
		const { channels } = await daemon.call<Reply<"notification_status">>("notification_status");
		const of = (name: string) => channels.find((one) => one.name === name);
		assert.equal(of("sms")?.sent, 0, "before the restart it was, and once is enough");
		assert.ok((of("webhook")?.queued ?? 0) > 1, JSON.stringify(of("webhook")));

		// Not the one the traffic was on.
		const back = Date.now();
		for (let isp = 2; isp <= ISPS; isp++) await router.modem(isp, { registration: 1 });
		await world.do({ do: "heal", isp: 3 });
		const arrived = () => hooks.flatMap(({ alerts }) => alerts);
		// A line of the log may be on its way when the message is here already.
		const isAllThere = (): boolean => offlineSteps().at(-1)?.change === "cleared" && arrived().length === told().length;
		const missing = await until("all of it", isAllThere, 300_000).catch((error) => error);
		const steps = told();
		assert.equal(steps.findLast(({ kind }) => kind === "offline")?.change, "cleared", String(missing));
		assert.deepEqual(arrived().map(keyOf), steps.map(keyOf), "once, in order, none lost");
		assert.ok(heard.length > 0);
		for (const [index, { ts }] of arrived().entries()) {
			const { unixMs = 0 } = steps[index] ?? {};
			assert.ok(ts <= unixMs + 50 && ts > unixMs - TOLD_WITHIN_MS, `${ts} is when it happened: ${unixMs}`);
		}
		// From 15 s on it is said; seconds are rounded here.
		const late = hooks.filter(({ late_s }) => late_s * 1000 >= LATE_MS);
		assert.ok(late.length > 0, hooks.map(({ late_s }) => late_s).join());
		for (const { message } of late)
			assert.match(message, /^Sent late: .* happened at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d, \d+ (s|min) ago\.$/m);
		// The server has them; its answer to the last may be on its way.
		await daemon.until(
			"nothing waits",
			async () => {
				const now = await daemon.call<Reply<"notification_status">>("notification_status");
				const webhook = now.channels.find((one) => one.name === "webhook");
				assert.deepEqual([webhook?.queued, webhook?.failed], [0, 0]);
				return true;
			},
			10_000,
		);
		// Who was told by SMS is told so that it is over.
		await until("the last SMS", () => sms.length > before);
		assert.equal(sms.length, before + 1);
		assert.match(sms.at(-1) ?? "", /: Over: No internet\. /);
		t.diagnostic(
			`${steps.length} steps in ${Math.round((back - began) / 1000)} s, ${hooks.length} messages, all there ${Math.round((hooks.at(-1)?.atMs ?? 0) - back)} ms after an uplink was`,
		);
	});
});
