/**
 * Watches all uplinks: a watch per family that has a way out (uplink-watch.ts), and the interface counters of all of them
 * in one read. Nothing is probed that netifd calls down. Owns the watches and one timer; `close()` ends everything.
 */
import type { LinkEvent } from "../decide/types.ts";
import { FAMILIES, type Family, type Observation, type ReachVerdict } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { about } from "../platform/together.ts";
import type { FamilyLink, Uplink } from "../uplink/types.ts";
import { isAddress, isDevice } from "./address.ts";
import { parseNetDev } from "./passive.ts";
import { patienceMs } from "./patience.ts";
import { type ProbeSettings, targetsFor } from "./settings.ts";
import type { UplinkProbeStatus } from "./status.ts";
import {
	createUplinkWatch,
	type FamilyOrder,
	REST_LOOK_MS,
	type UplinkWatch,
	type WatchOrder,
} from "./uplink-watch.ts";

/** The wall clock moved so much more than the monotonic one: fping, which schedules by it, is started again. */
const CLOCK_JUMP_MS = 1000;
const COUNTERS = "/proc/net/dev";

export interface ProberOptions {
	readonly platform: Platform;
	readonly log: Logger;
	readonly settings: ProbeSettings;
	/**
	 * Whether what is bound to this family's address leaves by this uplink (a source rule is in place). While it does not,
	 * TCP and DNS prove nothing about it.
	 */
	readonly hasOwnWay?: (uplink: string, family: Family) => boolean;
}

export interface Prober extends Closable {
	/** Restarts only what changed. */
	setUplinks(uplinks: readonly Uplink[]): void;
	/** Who carries traffic: probed at the active pace. */
	setActive(ids: readonly string[]): void;
	setSettings(settings: ProbeSettings): void;
	linkEvent(uplink: string, event: LinkEvent["event"]): void;
	/** Looks at the replies that wait unread: before what is known is used. */
	read(): void;
	/** Fresh evidence now; unknown names are ignored. */
	recheck(ids: readonly string[]): void;
	onObservation(callback: (observation: Observation) => void): void;
	/** "unknown" when the family is not watched. */
	verdict(uplink: string, family: Family): ReachVerdict;
	status(): readonly UplinkProbeStatus[];
}

const EVENTS: Readonly<Record<LinkEvent["event"], { readonly up: boolean; readonly text: string }>> = {
	carrier_lost: { up: false, text: "carrier lost" },
	ifdown: { up: false, text: "interface went down" },
	carrier_back: { up: true, text: "carrier is back" },
	ifup: { up: true, text: "interface came up" },
};

export function createProber(options: ProberOptions): Prober {
	const { platform, log } = options;
	const { clock, timers, files } = platform;
	const watches = new Map<string, UplinkWatch>();
	const callbacks: ((observation: Observation) => void)[] = [];
	let settings = options.settings;
	let uplinks: readonly Uplink[] = [];
	let active: ReadonlySet<string> = new Set();
	let lookInMs = REST_LOOK_MS;
	let wallOffsetMs = clock.wallMs() - clock.monotonicMs();
	let countersProblem: string | null = null;
	let closed = false;

	/** What is read together is told in the order in which it came. */
	let together: Observation[] | null = null;

	const emit = (observation: Observation): void => {
		if (together !== null) together.push(observation);
		else tell(observation);
	};

	function tell(observation: Observation): void {
		if (closed) return;
		for (const callback of callbacks) callback(observation);
		// Whoever may have to stand in is known as well as can be.
		if (observation.kind === "reach" && observation.verdict === "suspect") read();
	}

	function read(): void {
		if (together !== null) return;
		const read: Observation[] = [];
		together = read;
		for (const watch of watches.values()) watch.read();
		together = null;
		for (const one of read.sort((a, b) => a.atMs - b.atMs)) tell(one);
	}

	/** The same address on two uplinks: sockets bound to it do not tell them apart, TCP and DNS prove nothing. */
	function isShared(link: FamilyLink, family: Family, own: Uplink): boolean {
		return uplinks.some((other) => other !== own && other[family]?.address === link.address);
	}

	/** What to watch of one family; null while it has no way out. */
	function orderOf(uplink: Uplink, family: Family): FamilyOrder | null {
		const link = uplink[family];
		const device = link?.device ?? uplink.device;
		if (!link?.up || !link.hasDefaultRoute || uplink.disabled || device === null || !isDevice(device)) return null;
		const { address, gateway } = link;
		if (address === null || !isAddress(address, family)) return null;
		const member = settings.member(uplink.id, uplink.class);
		return {
			family,
			device,
			address,
			gateway: gateway !== null && isAddress(gateway, family) ? gateway : null,
			dnsServers: link.dnsServers.filter((one) => isAddress(one, family)),
			targets: targetsFor(settings, member, family, uplink.mwan3[family]?.trackIps ?? []),
			pathProven: !isShared(link, family, uplink) && (options.hasOwnWay?.(uplink.id, family) ?? true),
		};
	}

	function follow(): void {
		for (const uplink of uplinks) {
			const spared = uplink.allowance !== undefined;
			const order: WatchOrder = {
				metered: uplink.metered || spared,
				role: active.has(uplink.id) ? "active" : "standby",
				settings: spared ? { ...settings, dataCapMode: "conservative" } : settings,
				bytesPerDay: settings.member(uplink.id, uplink.class).bytesPerDay,
				device: uplink.device,
				hasCarrier: uplink.carrier !== false,
				patienceMs: patienceMs(uplink.class),
				families: FAMILIES.map((family) => orderOf(uplink, family)).filter((one) => one !== null),
			};
			const watch = watches.get(uplink.id) ?? createUplinkWatch({ platform, log, uplink: uplink.id, order, emit });
			watches.set(uplink.id, watch);
			watch.follow(order);
		}
		for (const [id, watch] of watches) {
			if (uplinks.some((uplink) => uplink.id === id)) continue;
			watch.close();
			watches.delete(id);
		}
	}

	function readCounters(devices: ReadonlySet<string>): ReturnType<typeof parseNetDev> {
		try {
			const counters = devices.size === 0 ? new Map() : parseNetDev(files.readText(COUNTERS), devices);
			countersProblem = null;
			return counters;
		} catch (error) {
			const reason = `no interface counters (${errorText(error)}): probes alone decide`;
			if (countersProblem === null) log.warn("provider", { reason });
			countersProblem = reason;
			return new Map();
		}
	}

	function look(): void {
		const atMs = clock.monotonicMs();
		const offsetMs = clock.wallMs() - atMs;
		if (Math.abs(offsetMs - wallOffsetMs) > CLOCK_JUMP_MS) for (const watch of watches.values()) watch.restart();
		wallOffsetMs = offsetMs;
		const devices = new Set([...watches.values()].map((watch) => watch.device() ?? ""));
		devices.delete("");
		const counters = readCounters(devices);
		lookInMs = REST_LOOK_MS;
		for (const watch of watches.values()) {
			lookInMs = Math.min(lookInMs, watch.look(counters.get(watch.device() ?? "") ?? null, atMs));
		}
	}

	let timer = timers.after(REST_LOOK_MS, function again(): void {
		look();
		if (!closed) timer = timers.after(about(clock, lookInMs), again);
	});

	return {
		setUplinks(next) {
			uplinks = next;
			follow();
		},
		setActive(ids) {
			active = new Set(ids);
			follow();
		},
		setSettings(next) {
			settings = next;
			follow();
		},
		linkEvent(id, event) {
			const { up, text } = EVENTS[event];
			const uplink = uplinks.find((one) => one.id === id);
			const named = (uplink?.ipv4 ?? uplink?.ipv6)?.interface;
			// ifdown is about one netifd interface; the other family may live on one of its own
			const families = FAMILIES.filter((family) => event !== "ifdown" || uplink?.[family]?.interface === named);
			watches.get(id)?.link(up, text, families);
		},
		read,
		recheck(ids) {
			for (const id of ids) watches.get(id)?.recheck();
		},
		onObservation: (callback) => void callbacks.push(callback),
		verdict: (uplink, family) => watches.get(uplink)?.verdict(family) ?? "unknown",
		status: () => [...watches.values()].map((watch) => watch.status(countersProblem)),
		close() {
			closed = true;
			timer.close();
			for (const watch of watches.values()) watch.close();
			watches.clear();
			callbacks.length = 0;
		},
	};
}
