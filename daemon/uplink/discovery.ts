/**
 * Finds the uplinks and keeps the list true. Listens to netifd's notifications and to service changes; a dump is asked
 * for only after one of them, after a reconnect, and once per discovery interval as a safety net. Link trouble is told
 * at once (`onLink`), before the dump that follows. Owns its subscriptions and timers; `close()` ends them.
 */
import type { Bus } from "../bus/bus.ts";
import type { LinkEvent } from "../decide/types.ts";
import type { UplinkClass } from "../health/types.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { about } from "../platform/together.ts";
import { buildUplinks, type MemberOptions } from "./build.ts";
import type { Classified } from "./classify.ts";
import { mwan3SignsLately } from "./mwan3-signs.ts";
import { isTable, type NetifdInterface, parseDump } from "./netifd.ts";
import { createRouterFiles, MWAN3_STATE } from "./router-files.ts";
import type { Discovered, Peer, Uplink } from "./types.ts";

const DUMP_TIMEOUT_MS = 5000;
/** netifd sends several notifications for one change: look once, a little later. */
const SETTLE_MS = 30;
const RETRY_MS = 2000;
/** After a change of /etc/config/network. */
const LATER_MS = [1000, 5000];
/** `mwan3 ifdown` and `ifup` tell nobody: their files are looked at this often. */
const MWAN3_LOOK_MS = 1000;

/** Looks for which nothing has to have changed in a file. */
const INTERVAL = "interval";
const KIND_KNOWN = "a sensor knows the kind of link";
const PEER_ASKED = "a sensor asks through an uplink";
const WITHOUT_CHANGE: ReadonlySet<string> = new Set([INTERVAL, KIND_KNOWN, PEER_ASKED]);

export interface DiscoveryOptions {
	readonly platform: Pick<Platform, "files" | "timers" | "clock">;
	readonly bus: Bus;
	readonly log: Logger;
	readonly member: (id: string, uplinkClass: UplinkClass | null) => MemberOptions;
	/** Uplinks that the owner has set something for, by name. */
	readonly named: () => readonly string[];
	readonly useMwan3: () => boolean;
	readonly intervalMs: () => number;
}

export interface Discovery {
	readonly current: () => Discovered;
	/** Called with every changed picture, never twice with the same. */
	onChange(callback: (discovered: Discovered) => void): void;
	onLink(callback: (event: LinkEvent) => void): void;
	/** mwan3 was started, stopped or rebuilt something, or netifd is about to: steer/ should look. */
	onRebuild(callback: (reason: string) => void): void;
	/** A sensor knows what kind of link this is, or knows it no more. */
	found(id: string, kind: Classified | null): void;
	/** A sensor asks this address through this uplink, or nothing any more. */
	peer(id: string, peer: Peer | null): void;
	/** Looks now; resolves when the picture is up to date. Never rejects: failures are logged and retried. */
	refresh(reason: string): Promise<void>;
	start(): void;
	close(): void;
}

export function createDiscovery(options: DiscoveryOptions): Discovery {
	const { platform, bus, log } = options;
	const { files, timers, clock } = platform;
	const changeCallbacks: ((discovered: Discovered) => void)[] = [];
	const linkCallbacks: ((event: LinkEvent) => void)[] = [];
	const rebuildCallbacks: ((reason: string) => void)[] = [];
	const owned: Closable[] = [];
	const router = createRouterFiles(files);
	let current: Discovered = { uplinks: [], mwan3: null, problems: [] };
	let known: readonly NetifdInterface[] = [];
	let fingerprint = "";
	let mwan3Runs = false;
	/** With these nothing was to be found: mwan3 held all that it steers for up. */
	let quietSigns: string | null = null;
	const found = new Map<string, Classified>();
	const peers = new Map<string, Peer>();
	let settling: Closable | null = null;
	const later: Closable[] = [];
	let interval: Closable | null = null;
	let running: Promise<void> | null = null;
	let again = false;
	let closed = false;

	function lookAtMwan3(): void {
		const signs = mwan3SignsLately(platform, MWAN3_STATE);
		if (signs === quietSigns) return;
		const links = current.mwan3?.links ?? [];
		const changed = links.some((link) => router.isTakenDown(link) !== (link.takenDown === true));
		quietSigns = changed || links.some(router.mayBeDown) ? null : signs;
		if (changed) soon("mwan3 took an interface up or down");
		else if (options.useMwan3() && router.isMwan3SetUp() !== mwan3Runs) soon("mwan3 was set up or taken down");
	}

	function publish(interfaces: readonly NetifdInterface[], problems: string[]): void {
		mwan3Runs = router.isMwan3SetUp();
		quietSigns = null;
		const mwan3 = options.useMwan3() && mwan3Runs ? router.mwan3(problems) : null;
		const wanInterfaces = router.wanInterfaces(problems);
		const hints = router.interfaceHints([]);
		const uplinks = buildUplinks(files, {
			interfaces,
			mwan3,
			wanInterfaces,
			hints,
			previous: current.uplinks,
			found: (id) => found.get(id) ?? null,
			peer: (id) => peers.get(id) ?? null,
			member: options.member,
		});
		// One that is only not there yet is an interface all the same.
		const strangers = options.named().filter((name) => !hints.has(name) && !uplinks.some(({ id }) => id === name));
		const ids = uplinks.map(({ id }) => id).join(", ");
		for (const name of uplinks.length > 0 ? strangers : [])
			problems.push(`/etc/config/autonomy, section ${name} is of no use: no uplink is called so; there are ${ids}`);
		const next: Discovered = { uplinks, mwan3, problems };
		const text = JSON.stringify(next);
		if (text === fingerprint) return;
		fingerprint = text;
		tell(current, next);
		current = next;
		for (const callback of changeCallbacks) callback(next);
	}

	function tell(before: Discovered, next: Discovered): void {
		for (const problem of next.problems)
			if (!before.problems.includes(problem)) log.warn("discovery", { reason: problem });
		for (const one of next.uplinks) {
			const old = before.uplinks.find((other) => other.id === one.id);
			if (old && old.up === one.up && old.device === one.device && old.class === one.class) continue;
			log.info("discovery", describe(one));
		}
	}

	async function look(reason: string): Promise<void> {
		try {
			const reply = await bus.call("network.interface", "dump", {}, { timeoutMs: DUMP_TIMEOUT_MS });
			if (closed) return;
			const dump = parseDump(reply);
			if (dump === null) throw new AutonomyError("bus_protocol", "its interface dump has no list of interfaces");
			const kept = known.filter((one) => dump.unclear.includes(one.name));
			known = [...dump.interfaces, ...kept];
			publish(known, [...dump.problems]);
		} catch (error) {
			if (closed) return;
			log.warn("discovery", {
				reason: `netifd gave no answer to use (${errorText(error)}); keeping the known uplinks`,
				asked: reason,
			});
			schedule("retry", RETRY_MS);
		}
	}

	function refresh(reason: string): Promise<void> {
		if (!WITHOUT_CHANGE.has(reason)) router.forget();
		if (running !== null) {
			again = true;
			return running;
		}
		const work = (async () => {
			do {
				again = false;
				await look(reason);
			} while (again && !closed);
		})();
		running = work.finally(() => {
			running = null;
		});
		return running;
	}

	function schedule(reason: string, afterMs: number): void {
		if (closed || settling) return;
		settling = timers.after(afterMs, () => {
			settling = null;
			void refresh(reason);
		});
	}

	function soon(reason: string): void {
		// At once: another reason may take the place of this one.
		if (!WITHOUT_CHANGE.has(reason)) router.forget();
		settling?.close();
		settling = null;
		schedule(reason, SETTLE_MS);
	}

	function link(uplink: Uplink, event: LinkEvent["event"]): void {
		for (const callback of linkCallbacks)
			callback({ kind: "link", atMs: clock.monotonicMs(), uplink: uplink.id, event });
	}

	function onDevice(type: string, data: unknown): void {
		const name = isTable(data) ? data.name : undefined;
		if (type === "link_down" || type === "link_up") {
			const event = type === "link_down" ? "carrier_lost" : "carrier_back";
			for (const uplink of current.uplinks)
				if (uplink.device === name || uplink.lowerDevice === name) link(uplink, event);
		}
		soon(`network.device ${type}`);
	}

	function onInterface(type: string, data: unknown): void {
		const name = isTable(data) ? data.interface : undefined;
		const uplink = current.uplinks.find((one) => [one.ipv4?.interface, one.ipv6?.interface].includes(String(name)));
		// Only IPv4's interface (or the only one) going down takes the whole uplink with it. netifd says it when it begins to
		// take it down and again when it is done: with IPv6 still up that would be two failures.
		const main = uplink?.ipv4 ?? uplink?.ipv6;
		if (uplink && type === "interface.down" && main?.interface === name && main?.up === true) link(uplink, "ifdown");
		if (uplink && type === "interface.update" && !uplink.up && isTable(data) && data.up === true) link(uplink, "ifup");
		soon(`network.interface ${type}`);
	}

	function onService(type: string, data: unknown): void {
		const service = isTable(data) ? (data.service ?? data.config) : undefined;
		if (service === "mwan3") {
			for (const callback of rebuildCallbacks) callback(`mwan3: ${type}`);
			soon(`mwan3 ${type}`);
		} else if (type === "config.change" && (service === "network" || service === "firewall")) {
			soon(`config ${service}`);
			if (service === "network") netifdWorks();
		}
	}

	/** It begins after this word, and tells nobody of metrics it changed, nor that it emptied tables of ours by that. */
	function netifdWorks(): void {
		for (const one of later.splice(0)) one.close();
		for (const afterMs of LATER_MS) later.push(timers.after(afterMs, () => void refresh("config network")));
		for (const callback of rebuildCallbacks) callback("config network");
	}

	return {
		current: () => current,
		onChange: (callback) => void changeCallbacks.push(callback),
		onLink: (callback) => void linkCallbacks.push(callback),
		onRebuild: (callback) => void rebuildCallbacks.push(callback),
		found(id, kind) {
			if (kind === null) found.delete(id);
			else found.set(id, kind);
			soon(KIND_KNOWN);
		},
		peer(id, peer) {
			if (JSON.stringify(peers.get(id) ?? null) === JSON.stringify(peer)) return;
			if (peer === null) peers.delete(id);
			else peers.set(id, peer);
			soon(PEER_ASKED);
		},
		refresh,
		start() {
			owned.push(
				bus.subscribe("network.interface", onInterface),
				bus.subscribe("network.device", onDevice),
				bus.subscribe("service", onService),
				bus.onState((state) => {
					if (state === "connected") void refresh("connected to ubus");
				}),
			);
			owned.push(timers.every(MWAN3_LOOK_MS, lookAtMwan3));
			const arm = (): void => {
				interval = timers.after(about(clock, options.intervalMs()), () => {
					arm();
					void refresh(INTERVAL);
				});
			};
			arm();
			// Else "connected" will say so; that ubus is not there the bus has told already.
			if (bus.connected) void refresh("start");
		},
		close() {
			closed = true;
			settling?.close();
			interval?.close();
			for (const one of later) one.close();
			for (const one of owned) one.close();
			owned.length = 0;
		},
	};
}

function describe(one: Uplink): Record<string, unknown> {
	return {
		member: one.id,
		class: one.class,
		iface: one.device,
		state: one.present ? (one.up ? "up" : "down") : "absent",
		reason: one.classReason,
		order: one.order,
	};
}
