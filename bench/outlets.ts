/**
 * What telling others costs, on the virtual router with the real daemon: memory and CPU added by MQTT (a real mosquitto in
 * the router), one HTTP channel and a scrape every 15 s, messages over MQTT per second at rest, the time of a scrape of 16
 * uplinks, and whether a failover is slower while every outlet hangs (servers that accept and never answer).
 *
 * Options: --seconds N (default 60) per footprint, --runs N (default 8) failovers each way, --routers N (default 4).
 */
import { parseArgs } from "node:util";
import { hostBus, startAutonomyd } from "../lab/autonomyd.ts";
import { nowMs } from "../lab/net/lab.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import type { RouterUnderTest } from "../lab/under-test.ts";
import { CASES, layoutRuns } from "./failover.ts";
import { TICKS_PER_S, usage } from "./footprint.ts";

const OUTLETS = `
config mqtt 'mqtt'
	option enabled '1'
	option broker '127.0.0.1'
	option homeassistant '1'
config metrics 'metrics'
	option enabled '1'
config notifications 'webhook'
	option enabled '1'
	option url 'http://127.0.0.1:8081/hook'
	option allow_private '1'
`;

/** Every outlet there is, each at a server that takes the connection and never says a word. */
const HANGING = `
config mqtt 'mqtt'
	option enabled '1'
	option broker '127.0.0.1:8082'
config metrics 'metrics'
	option enabled '1'
config notifications 'webhook'
	option enabled '1'
	option url 'http://127.0.0.1:8082/hook'
	option allow_private '1'
config notifications 'slack'
	option enabled '1'
	option webhook_url 'http://127.0.0.1:8082/slack'
config notifications 'discord'
	option enabled '1'
	option webhook_url 'http://127.0.0.1:8082/discord'
config notifications 'email'
	option enabled '1'
	option smtp_host '127.0.0.1'
	option smtp_port '8082'
	option to 'a@example.org'
config notifications 'pushover'
	option enabled '1'
	option token 'aaaaaaaaaa'
	option user 'bbbbbbbbbb'
`;

/** 8081 answers, 8082 hangs. */
const SERVERS = `
const http = require("node:http"), net = require("node:net");
http.createServer((q, r) => { q.resume(); r.end("ok"); }).listen(8081, "127.0.0.1");
net.createServer((s) => s.on("error", () => {})).listen(8082, "127.0.0.1");
console.log("ready");
`;

const SCRAPE = `
const at = () => Number(process.hrtime.bigint()) / 1e6;
(async () => {
	const times = [];
	let bytes = 0;
	for (let i = 0; i < 40; i++) {
		const from = at();
		const answer = await fetch("http://127.0.0.1:9101/metrics");
		bytes = (await answer.text()).length;
		times.push(at() - from);
		await new Promise((done) => setTimeout(done, 50));
	}
	times.sort((a, b) => a - b);
	console.log(JSON.stringify({ median: times[20], p95: times[38], bytes }));
})();
`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

async function servers(router: RouterUnderTest): Promise<void> {
	let ready = false;
	await router.spawn([router.node, "-e", SERVERS], {
		onLine: () => {
			ready = true;
		},
	});
	for (let tries = 0; !ready && tries < 200; tries++) await sleep(50);
	if (!ready) throw new Error("the servers of the bench did not start");
}

interface Cost {
	readonly anonMb: number;
	readonly cpuPct: number;
	readonly messagesPerS: number | null;
	readonly scrape: { readonly median: number; readonly p95: number; readonly bytes: number } | null;
}

export async function cost(
	uplinks: number,
	seconds: number,
	autonomy: string,
	scrape: boolean,
	test = true,
): Promise<Cost> {
	const router = await startStandIn({ layout: "mwan3", isps: uplinks, config: { autonomy } });
	const bus = hostBus(router);
	try {
		let messages = 0;
		if (autonomy !== "") {
			await servers(router);
			await router.spawn(["/usr/sbin/mosquitto", "-v", "-p", "1883"], {
				onLine: (line) => {
					if (/Received PUBLISH from autonomyd/.test(line)) messages++;
				},
			});
			await sleep(500);
		}
		const daemon = await startAutonomyd(router, bus, { engine: "node" });
		const pid = daemon.process.pid;
		if (pid === null) throw new Error("the daemon did not start");
		await daemon.until(
			"every uplink good",
			async () => {
				const { rank } = await daemon.status();
				return rank.length === uplinks && rank.every((one) => one.state === "eligible");
			},
			90_000,
		);
		if (autonomy !== "" && test) await daemon.order("send_test_notification", { channel: "webhook" });
		await sleep(5000);
		const [from, before, counted] = [nowMs(), await usage(router, pid), messages];
		const scraper = scrape
			? setInterval(() => void router.run([router.node, "-e", 'fetch("http://127.0.0.1:9101/metrics")']), 15_000)
			: null;
		// The lowest of many looks: between two collections of garbage memory grows and falls by megabytes.
		let anonKb = before.daemon.anonKb;
		for (const end = from + seconds * 1000; nowMs() < end; ) {
			await sleep(Math.min(2000, Math.max(1, end - nowMs())));
			anonKb = Math.min(anonKb, (await usage(router, pid)).daemon.anonKb);
		}
		if (scraper !== null) clearInterval(scraper);
		const [after, elapsedS] = [await usage(router, pid), (nowMs() - from) / 1000];
		const perS = (messages - counted) / elapsedS;
		const timed = !autonomy.includes("metrics") ? null : await router.run([router.node, "-e", SCRAPE]);
		await daemon.stop();
		return {
			anonMb: anonKb / 1024,
			cpuPct: ((after.daemon.cpuTicks - before.daemon.cpuTicks) / TICKS_PER_S / elapsedS) * 100,
			messagesPerS: autonomy === "" ? null : perS,
			scrape: timed === null ? null : (JSON.parse(timed.stdout) as Cost["scrape"]),
		};
	} finally {
		bus.close();
		await router.close();
	}
}

async function failoverMs(runs: number, routers: number, autonomy: string): Promise<number> {
	const cases = CASES.filter((one) => one.name === "blackhole");
	const prepare = autonomy === "" ? {} : { autonomy, prepare: servers };
	const result = await layoutRuns("mwan3", { cases, runs, isps: 2, routers, ...prepare });
	return result.blackhole?.gap_ms.median ?? Number.NaN;
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			seconds: { type: "string", default: "60" },
			runs: { type: "string", default: "8" },
			routers: { type: "string", default: "4" },
		},
		strict: false,
	});
	const seconds = Number(values.seconds) || 60;
	const [runs, routers] = [Number(values.runs) || 8, Number(values.routers) || 4];
	const without = await cost(4, seconds, "", false);
	const with4 = await cost(4, seconds, OUTLETS, true);
	const with16 = await cost(16, 1, OUTLETS, false);
	const plain = await failoverMs(runs, routers, "");
	const hanging = await failoverMs(runs, routers, HANGING);
	const figures = {
		mem_mb_added: round(with4.anonMb - without.anonMb, 1),
		cpu_pct_added: round(with4.cpuPct - without.cpuPct),
		mqtt_msgs_per_s: round(with4.messagesPerS ?? Number.NaN),
		scrape_ms: round(with16.scrape?.median ?? Number.NaN, 1),
		failover_ratio_with_outlets_hanging: round(hanging / plain),
	};
	console.error(`memory of its own, daemon: ${round(without.anonMb, 1)} MB without, ${round(with4.anonMb, 1)} MB with`);
	console.error(
		`CPU: ${round(without.cpuPct)} % without, ${round(with4.cpuPct)} % with (4 uplinks, ${seconds} s each)`,
	);
	console.error(`scrape of 16 uplinks: ${JSON.stringify(with16.scrape)}`);
	console.error(`blackhole, median gap: ${plain} ms, with every outlet hanging ${hanging} ms (${runs} runs each)`);
	return figures;
}
