/**
 * The sensor of a wired link: speed, duplex, damaged packets and whether the gateway answers on the wire, from files of
 * the kernel. Carrier itself is told by netifd at once and is no business of this one. Only an IPv6 gateway needs a
 * program (`ip -6 neigh`), so it is looked at every two minutes.
 */
import { AutonomyError } from "../../platform/error.ts";
import { known } from "../details.ts";
import { createPoller } from "../poller.ts";
import type { Details, Sensor, SensorContext, SensorKind } from "../sensor.ts";
import { createWiredJudge } from "./judge.ts";
import { type Neighbour, parseArp, parseNeighbours, readWired, type WiredReading } from "./reading.ts";

const PACE_MS = { active: 5_000, standby: 15_000 } as const;
const ASK_LIMIT_MS = 6_000;
const ND_EVERY_MS = 120_000;

export function createWired(context: SensorContext): Sensor {
	const { platform } = context;
	const { clock, files, processes } = platform;
	const judge = createWiredJudge(context);
	let uplink = context.uplink;
	let active = false;
	let last: { readonly reading: WiredReading; readonly gateway: Neighbour } | null = null;
	let nd: { readonly atMs: number; readonly state: Neighbour } | null = null;

	/** The address is only compared with what the program prints, never given to it. */
	async function neighbour6(device: string, gateway: string): Promise<Neighbour> {
		const nowMs = clock.monotonicMs();
		if (nd !== null && nowMs - nd.atMs < ND_EVERY_MS) return nd.state;
		nd = { atMs: nowMs, state: null };
		const argv = ["ip", "-6", "neigh", "show", "dev", device] as const;
		const { stdout } = await processes.run(argv, { timeoutMs: 3_000, maxOutputBytes: 65_536 });
		const state = parseNeighbours(stdout, gateway);
		nd = { atMs: nowMs, state };
		judge.gateway(nowMs, gateway, state);
		return state;
	}

	async function gatewayOf(): Promise<Neighbour> {
		const { ipv4, ipv6 } = uplink;
		if (ipv4?.gateway && ipv4.device) {
			const state = parseArp(files.readTextIfAny("/proc/net/arp") ?? "", ipv4.gateway, ipv4.device);
			judge.gateway(clock.monotonicMs(), ipv4.gateway, state);
			if (state !== null) return state;
		}
		if (!ipv6?.gateway || !ipv6.device) return null;
		return neighbour6(ipv6.device, ipv6.gateway).catch(() => null);
	}

	const poller = createPoller({
		platform,
		intervalMs: () => (active ? PACE_MS.active : PACE_MS.standby),
		limitMs: ASK_LIMIT_MS,
		async work(wanted) {
			const device = uplink.lowerDevice ?? uplink.device;
			const reading = device === null ? null : readWired(platform, device);
			if (reading === null) throw new AutonomyError("not_found", `${device ?? "its device"} is not there`);
			const gateway = await gatewayOf();
			if (!wanted()) return "";
			last = { reading, gateway };
			judge.take(clock.monotonicMs(), reading);
			return sentence(reading);
		},
		onState(health) {
			if (health.state === "ok") return;
			last = null;
			judge.lose();
		},
	});

	return {
		follow(next, isActive) {
			const changed = next.device !== uplink.device || next.up !== uplink.up || next.carrier !== uplink.carrier;
			uplink = next;
			active = isActive;
			if (changed) poller.soon();
		},
		health: () => poller.health(),
		details: () => (last === null ? null : detailsOf(last.reading, last.gateway)),
		close: () => poller.close(),
	};

	function detailsOf(reading: WiredReading, gateway: Neighbour): Details {
		const errorPct = judge.errorPct();
		return known({
			device: uplink.lowerDevice ?? uplink.device,
			carrier: reading.carrier,
			link_mbps: reading.speedMbps,
			best_mbps: judge.bestMbps(),
			duplex: reading.duplex,
			error_pct: errorPct === null ? null : Math.round(errorPct * 1000) / 1000,
			carrier_losses: judge.flaps(),
			gateway,
		});
	}
}

function sentence({ carrier, speedMbps, duplex }: WiredReading): string {
	if (carrier === false) return "no carrier";
	if (speedMbps === null) return "the kernel tells no speed of it";
	return `${speedMbps} Mbit/s${duplex === null ? "" : `, ${duplex} duplex`}`;
}

export function wiredKind(): SensorKind {
	return {
		name: "wired",
		cost: "six small files of the kernel every 5 s (15 s on standby); with an IPv6 gateway one program every 2 min",
		serves(uplink) {
			if (uplink.tunnel || (uplink.lowerDevice ?? uplink.device) === null) return null;
			const medium = uplink.medium ?? uplink.class;
			return medium === "lan" || medium === "starlink" ? "it is a wire" : null;
		},
		create: createWired,
	};
}
