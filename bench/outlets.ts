/**
 * What telling others costs, on the virtual router with the real daemon: memory and CPU added by MQTT (a real mosquitto in
 * the router), one HTTP channel and a scrape every 15 s, messages over MQTT per second at rest, the time of a scrape of 16
 * uplinks, and whether a failover is slower while every outlet hangs (servers that accept and never answer).
 *
 * Options: --seconds N (default 60) per footprint, --pairs N (default 24) of failovers, one with and one without (at least
 * 10), --routers N (default 2) that prepare the next pair meanwhile, --only failover|cost, --engine node|quickjs (default node;
 * with the static programs that ship where they are built): what it costs there, its helpers among it.
 */
import { parseArgs } from "node:util";
import type { Reply } from "../contract/api.ts";
import { type Engine, hostBus, startAutonomyd } from "../lab/autonomyd.ts";
import { nowMs } from "../lab/net/lab.ts";
import { startStandIn } from "../lab/router/stand-in.ts";
import { staticRuntimeMissing } from "../lab/runtime.ts";
import { createWorld } from "../lab/scenario/world.ts";
import type { RouterUnderTest } from "../lab/under-test.ts";
import { CASES, freshDaemon, makeTurn, measure } from "./failover/measure.ts";
import { TICKS_PER_S, usage } from "./footprint/usage.ts";
import { type Compared, compare, type Pair, verdict } from "./paired.ts";

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
config notifications 'telegram'
	option enabled '1'
	option token 'cccccccccc'
	option chat_id '1'
config notifications 'pagerduty'
	option enabled '1'
	option routing_key 'dddddddddd'
config notifications 'sms'
	option enabled '1'
	option only_offline '0'
	option provider 'rutos'
	option recipients '+46701234567'
config notifications 'alerts'
	option threshold 'info'
	option group_s '0'
`;

/** Services whose address nobody can set: their names lead to the server that hangs. */
const HOSTS = `127.0.0.1 localhost
127.0.0.1 api.pushover.net api.telegram.org events.pagerduty.com
`;

/** 8081 answers, 8082 and 443 hang. */
const SERVERS = `
const http = require("node:http"), net = require("node:net");
http.createServer((q, r) => { q.resume(); r.end("ok"); }).listen(8081, "127.0.0.1");
for (const port of [8082, 443]) net.createServer((s) => s.on("error", () => {})).listen(port, "127.0.0.1");
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
	/** What daemon and helpers take of a router with nothing else of ours on it. */
	readonly aloneMb: number;
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
	engine: Engine = "node",
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
		const runtime = engine === "quickjs" && staticRuntimeMissing() === null ? "static" : "system";
		const daemon = await startAutonomyd(router, bus, { engine, runtime });
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
		let { anonKb } = before.daemon;
		let { aloneKb } = before;
		for (const end = from + seconds * 1000; nowMs() < end; ) {
			await sleep(Math.min(2000, Math.max(1, end - nowMs())));
			const look = await usage(router, pid);
			anonKb = Math.min(anonKb, look.daemon.anonKb);
			aloneKb = Math.min(aloneKb, look.aloneKb);
		}
		if (scraper !== null) clearInterval(scraper);
		const [after, elapsedS] = [await usage(router, pid), (nowMs() - from) / 1000];
		const perS = (messages - counted) / elapsedS;
		const timed = !autonomy.includes("metrics") ? null : await router.run([router.node, "-e", SCRAPE]);
		await daemon.stop();
		const whose = engine === "quickjs" ? "all" : "daemon";
		return {
			anonMb: anonKb / 1024,
			aloneMb: aloneKb / 1024,
			cpuPct: ((after[whose].cpuTicks - before[whose].cpuTicks) / TICKS_PER_S / elapsedS) * 100,
			messagesPerS: autonomy === "" ? null : perS,
			scrape: timed === null ? null : (JSON.parse(timed.stdout) as Cost["scrape"]),
		};
	} finally {
		bus.close();
		await router.close();
	}
}

/** A router whose daemon is made anew for each failover. */
async function bench(autonomy: string) {
	const hangs = autonomy !== "";
	const router = await startStandIn({ layout: "mwan3", isps: 2, ...(hangs ? { config: { autonomy } } : {}) });
	const bus = hostBus(router);
	const world = createWorld(router);
	if (hangs) {
		await router.put("/etc/hosts", HOSTS);
		await servers(router);
		bus.serve({
			path: "gsm.modem0",
			methods: { send_sms: { args: {}, handle: () => new Promise<never>(() => undefined) } },
		});
	}
	return {
		start: () => freshDaemon(router, bus),
		async hang(daemon: Awaited<ReturnType<typeof freshDaemon>>): Promise<void> {
			if (!hangs) return;
			// All of them are waited for already when the link dies.
			await daemon.order("send_test_notification", { priority: "emergency" });
			await sleep(300);
			const { channels } = await daemon.call<Reply<"notification_status">>("notification_status");
			const idle = channels.filter(({ queued }) => queued === 0).map(({ name }) => name);
			if (channels.length < 8 || idle.length > 0) throw new Error(`${channels.length} channels; not hanging: ${idle}`);
		},
		measure: (daemon: Awaited<ReturnType<typeof freshDaemon>>) => measure(router, daemon, world, BLACKHOLE),
		heal: () => world.healAll(),
		async close(): Promise<void> {
			bus.close();
			await router.close();
		},
	};
}

const BLACKHOLE = CASES.find((one) => one.name === "blackhole") ?? failNow("bench/failover.ts has no case blackhole");

function failNow(text: string): never {
	throw new Error(text);
}

export async function paired(count: number, routers: number): Promise<Compared> {
	const pairs: Pair[] = [];
	const turn = makeTurn();
	let left = count;
	async function worker(): Promise<void> {
		const [plain, hanging] = await Promise.all([bench(""), bench(HANGING)]);
		try {
			while (left-- > 0) {
				const daemons = await Promise.all([plain.start(), hanging.start()]);
				const swapped = pairs.length % 2 === 1;
				await turn(async () => {
					const one = async () => (await plain.measure(daemons[0])).gapMs;
					const other = async () => {
						await hanging.hang(daemons[1]);
						return (await hanging.measure(daemons[1])).gapMs;
					};
					const second = swapped ? await other() : 0;
					const first = await one();
					pairs.push({ first, second: swapped ? second : await other() });
					console.error(`pair ${pairs.length}: ${JSON.stringify(pairs.at(-1))}`);
				});
				await Promise.all(daemons.map((one) => one.stop()));
				await Promise.all([plain.heal(), hanging.heal()]);
			}
		} finally {
			await plain.close();
			await hanging.close();
		}
	}
	await Promise.all(Array.from({ length: Math.min(routers, count) }, worker));
	return compare(pairs);
}

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({
		args,
		options: {
			seconds: { type: "string", default: "60" },
			pairs: { type: "string", default: "24" },
			routers: { type: "string", default: "2" },
			only: { type: "string" },
			engine: { type: "string", default: "node" },
		},
		strict: false,
	});
	const seconds = Number(values.seconds) || 60;
	const pairs = Math.max(10, Number(values.pairs) || 24);
	const routers = Math.max(1, Number(values.routers) || 2);
	const engine: Engine = values.engine === "quickjs" ? "quickjs" : "node";
	if (values.only === "cost" || engine === "quickjs") return figuresOf(engine, seconds);
	const failover = await paired(pairs, routers);
	const { first, second, ratio, ci95 } = failover;
	const quartiles = ({ p25, p75 }: { p25: number; p75: number }): string => `quartiles ${p25}-${p75}`;
	console.error(
		`blackhole, ${failover.pairs} pairs: ${first.median} ms (${quartiles(first)}), with every outlet hanging ${second.median} ms (${quartiles(second)})`,
	);
	console.error(`ratio ${ratio}, 95 % interval ${ci95.join("-")}: ${verdict(failover, 0.05)}`);
	if (values.only === "failover") return { failover_ratio_with_outlets_hanging: ratio, ci95, pairs: failover.pairs };
	return {
		...(await figuresOf(engine, seconds)),
		failover_ratio_with_outlets_hanging: ratio,
		failover_ratio_ci95: ci95,
		failover_pairs: failover.pairs,
	};
}

async function figuresOf(engine: Engine, seconds: number): Promise<object> {
	const without = await cost(4, seconds, "", false, true, engine);
	const with4 = await cost(4, seconds, OUTLETS, true, true, engine);
	const with16 = await cost(16, 1, OUTLETS, false, true, engine);
	const figures = {
		mem_mb_added: round(with4.anonMb - without.anonMb, 1),
		cpu_pct_added: round(with4.cpuPct - without.cpuPct),
		mqtt_msgs_per_s: round(with4.messagesPerS ?? Number.NaN),
		scrape_ms: round(with16.scrape?.median ?? Number.NaN, 1),
		...(engine === "quickjs" ? { mem_mb_added_with_helpers: round(with4.aloneMb - without.aloneMb, 1) } : {}),
	};
	console.error(`memory of its own, daemon: ${round(without.anonMb, 1)} MB without, ${round(with4.anonMb, 1)} MB with`);
	console.error(`with its helpers: ${round(without.aloneMb, 1)} MB without, ${round(with4.aloneMb, 1)} MB with`);
	console.error(
		`CPU: ${round(without.cpuPct)} % without, ${round(with4.cpuPct)} % with (4 uplinks, ${seconds} s each)`,
	);
	console.error(`scrape of 16 uplinks: ${JSON.stringify(with16.scrape)}`);
	return figures;
}
