/**
 * `make demo`: the real daemon on a virtual router with real packets. Tells a story in the terminal and serves the phone
 * app of the router at a port of this machine. Options: --once (end after the story; exit code 0 when all went
 * as told, else 1), --port N, --isps N, --layout mwan3|plain. Ctrl-C at any moment leaves nothing behind.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Bus } from "../../daemon/bus/bus.ts";
import { type Autonomyd, bundleMissing, hostBus, startAutonomyd } from "../autonomyd.ts";
import { REPO } from "../net/bundle.ts";
import { missing } from "../net/possible.ts";
import { startStandIn } from "../router/stand-in.ts";
import { createWorld, type World } from "../scenario/world.ts";
import type { RouterUnderTest } from "../under-test.ts";
import { type Relay, startRelay } from "./relay.ts";
import { tellStory } from "./story.ts";
import { createTeller, type Teller } from "./tell.ts";

const { values } = parseArgs({
	options: {
		once: { type: "boolean", default: false },
		port: { type: "string" },
		isps: { type: "string", default: "3" },
		layout: { type: "string", default: "mwan3" },
		help: { type: "boolean", short: "h", default: false },
	},
});

interface Open {
	router: RouterUnderTest | null;
	bus: Bus | null;
	daemon: Autonomyd | null;
	relay: Relay | null;
}

const open: Open = { router: null, bus: null, daemon: null, relay: null };
let leaving: Promise<void> | null = null;

function leave(): Promise<void> {
	leaving ??= (async () => {
		open.relay?.close();
		if (open.daemon && !open.daemon.process.ended) await open.daemon.stop().catch(() => null);
		open.bus?.close();
		await open.router?.close();
	})();
	return leaving;
}

function buildIfNeeded(): void {
	if (bundleMissing(REPO) === null && existsSync(`${REPO}/build/app/autonomy/index.html`)) return;
	const result = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: REPO, stdio: "inherit" });
	if (result.status !== 0) throw new Error("the daemon could not be built");
}

/** At a terminal, keys 1-9 cut an ISP off and repair it; q leaves. */
function listenToKeys(world: World, isps: number, tell: Teller, quit: () => void): void {
	if (!process.stdin.isTTY) return;
	const cut = new Set<number>();
	process.stdin.setRawMode(true);
	process.stdin.resume();
	process.stdin.on("data", (data) => {
		const key = data.toString();
		if (key === "q" || key === "\u0003") quit();
		const isp = Number(key);
		if (!(isp >= 1 && isp <= isps)) return;
		const heal = cut.delete(isp);
		if (!heal) cut.add(isp);
		tell.world(`ISP ${isp} ${heal ? "is repaired" : "goes silent"}`);
		void world.do(heal ? { do: "heal", isp } : { do: "blackhole", isp });
	});
}

async function main(): Promise<number> {
	const lacking = missing();
	if (lacking.length > 0) {
		console.error(`The demo needs namespaces and a few programs; this machine lacks:\n  ${lacking.join("\n  ")}`);
		return 1;
	}
	buildIfNeeded();
	const tell = createTeller();
	const isps = Number(values.isps);
	tell.chapter("A router, its providers and an internet, made of namespaces");
	const router = await startStandIn({ isps, layout: values.layout === "plain" ? "plain" : "mwan3" });
	open.router = router;
	tell.world(
		`built in ${Math.round(router.lab.buildMs)} ms: ${isps} providers (${router.lab.plan.isps.map((isp) => isp.interface).join(", ")}), a LAN client, resolvers to ask`,
	);
	await router.lab.helper("router", "www", { root: `${router.repo}/build/app` });
	open.relay = await startRelay(
		`${router.lab.shared}/lab/http.sock`,
		values.port === undefined ? null : Number(values.port),
	);
	tell.note(`the phone app, live: http://localhost:${open.relay.port}/autonomy/   (user root, password openwrt)`);

	const bus = hostBus(router);
	open.bus = bus;
	const traffic = await router.lab.traffic();
	const daemon = await startAutonomyd(router, bus);
	open.daemon = daemon;
	tell.note("the daemon starts, with its default configuration");
	await daemon.until(
		"every uplink known and eligible",
		async () => {
			const { rank, current } = await daemon.status();
			return rank.length === isps && current !== undefined && rank.every((one) => one.state === "eligible");
		},
		30_000,
	);
	tell.daemon((await daemon.status()).text);

	const world = createWorld(router);
	const ok = await tellStory({ router, daemon, world, traffic, tell });
	if (values.once) {
		tell.chapter("The daemon leaves and gives the router back");
		await traffic.stop();
		const code = await daemon.stop();
		tell.verdict(code === 0, code === 0 ? "it ended as asked" : `it ended with code ${code}`);
		return ok && code === 0 ? 0 : 1;
	}
	tell.chapter(
		`The story is over; the page stays live. ${process.stdin.isTTY ? `Keys 1-${Math.min(9, isps)} cut a provider off and repair it, ` : ""}Ctrl-C ends.`,
	);
	await new Promise<void>((resolve) => {
		listenToKeys(world, isps, tell, resolve);
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
	});
	return 0;
}

if (values.help) {
	console.log("usage: make demo [ARGS='--once | --port N | --isps N | --layout mwan3|plain']");
	process.exit(0);
}

/** A second Ctrl-C does not wait: the lab goes with this process anyway. */
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.on(signal, () => {
		if (leaving !== null) process.exit(130);
		void leave().then(() => process.exit(130));
	});
}

main()
	.catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		return 1;
	})
	.then(async (code) => {
		await leave();
		process.exit(code);
	})
	.catch(() => process.exit(1));
