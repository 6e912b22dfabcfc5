/**
 * One uplink under watch: the watches of its families, their common pace within the byte budget, and what the counters of
 * its device say. A hint from the counters that an answered burst proves wrong holds the next hints back.
 */
import { FAMILIES, type Family, type Observation, type ReachVerdict } from "../health/types.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { createLedger, type Pace, pace, type Role } from "./budget.ts";
import type { TrafficState } from "./detector-types.ts";
import { createFpingPair } from "./fping-pair.ts";
import { type Counters, createTrafficJudge } from "./passive.ts";
import type { ProbeSettings } from "./settings.ts";
import { describe, type UplinkProbeStatus } from "./status.ts";
import { createWatch } from "./watch.ts";
import type { Watch } from "./watch-types.ts";

const TRAFFIC_EVERY_MS = 5000;
/** Between two looks at the counters. Where probes are quick they need no help; on a slowly probed active uplink the
 * counters are the quicker witness: often while it is used, and often enough to see that it is. */
export const REST_LOOK_MS = 2000;
const READY_LOOK_MS = 1000;
const BUSY_LOOK_MS = 250;
const QUICK_SPACING_MS = 500;
const BUDGET_EVERY_MS = 60_000;
/** After this time netifd's picture beats an old event: the word that the link is back may have been missed. */
const DOWN_TRUST_MS = 5000;

export interface FamilyOrder {
	readonly family: Family;
	readonly device: string;
	readonly address: string;
	readonly gateway: string | null;
	readonly dnsServers: readonly string[];
	readonly targets: readonly string[];
	/** False while sockets of ours would leave by another uplink. */
	readonly pathProven: boolean;
}

export interface WatchOrder {
	readonly metered: boolean;
	readonly role: Role;
	readonly settings: ProbeSettings;
	/** The owner's own budget for this uplink; null: as for all. */
	readonly bytesPerDay: number | null;
	readonly device: string | null;
	readonly hasCarrier: boolean;
	/** So much longer than any link it may be silent (patience.ts). */
	readonly patienceMs: number;
	readonly families: readonly FamilyOrder[];
}

export interface UplinkWatch extends Closable {
	follow(order: WatchOrder): void;
	/** `families`: which of them the event is about. */
	link(up: boolean, text: string, families: readonly Family[]): void;
	recheck(): void;
	/** Looks at the replies that wait. */
	read(): void;
	/** The wall clock jumped. */
	restart(): void;
	/** The device's counters (null: none to be had). Returns when they should be looked at again, ms. */
	look(counters: Counters | null, atMs: number): number;
	device(): string | null;
	verdict(family: Family): ReachVerdict;
	status(countersProblem: string | null): UplinkProbeStatus;
}

interface Entry {
	/** What a watch depends on; a change means a new watch. */
	readonly key: string;
	readonly watch: Watch;
	readonly order: FamilyOrder;
}

export function createUplinkWatch(options: {
	readonly platform: Platform;
	readonly log: Logger;
	readonly uplink: string;
	readonly order: WatchOrder;
	readonly emit: (observation: Observation) => void;
}): UplinkWatch {
	const { platform, log, uplink } = options;
	const { clock } = platform;
	const entries = new Map<Family, Entry>();
	const ledger = createLedger();
	const pair = createFpingPair(platform, log, uplink);
	let judge = createTrafficJudge();
	let order = options.order;
	let overBudget = false;
	let ownPackets = 0;
	let nextTrafficMs = 0;
	let nextBudgetMs = 0;
	let traffic: TrafficState = "unknown";
	let hinted = false;
	let downAtMs: number | null = null;
	let doubting = false;

	function emit(observation: Observation): void {
		if (observation.kind === "reach" && hinted && observation.verdict !== "suspect") {
			hinted = false;
			if (observation.verdict === "up") judge.falseAlarm(observation.atMs);
		}
		options.emit(observation);
		if (observation.kind !== "reach") return;
		if (observation.verdict === "suspect") doubt(observation.family);
		if (observation.verdict === "dead") other(observation.family)?.join();
	}

	function other(than: Family): Watch | undefined {
		return entries.get(than === "ipv4" ? "ipv6" : "ipv4")?.watch;
	}

	function doubt(silent: Family): void {
		if (doubting) return;
		doubting = true;
		other(silent)?.doubt();
		doubting = false;
	}

	function paceOf(from: WatchOrder): Pace {
		const { settings, metered, role } = from;
		return pace({
			mode: settings.dataCapMode,
			metered,
			role,
			families: from.families.map(({ family }) => ({ family, method: entries.get(family)?.watch.method() ?? "icmp" })),
			overBudget,
			intervalMs: role === "active" ? settings.activeIntervalMs : settings.standbyIntervalMs,
			bytesPerDay: from.bytesPerDay ?? (metered ? settings.meteredBytesPerDay : settings.bytesPerDay),
		});
	}

	/** What may start and end programs is done to both families together. */
	function all(change: (watch: Watch) => void): void {
		pair.together(() => {
			for (const { watch } of entries.values()) change(watch);
		});
	}

	function catchUp(): void {
		for (const { watch } of entries.values()) watch.catchUp();
	}

	function setPace(): void {
		if (order.families.length === 0) return;
		const next = paceOf(order);
		all((watch) => watch.setPace(next));
	}

	function open(one: FamilyOrder, from: WatchOrder): Watch {
		return createWatch({
			...one,
			platform,
			log,
			uplink,
			dnsName: from.settings.dnsName,
			tcpPorts: from.settings.tcpPorts,
			metered: from.metered,
			pace: paceOf(from),
			pair,
			pathProven: () => entries.get(one.family)?.order.pathProven ?? one.pathProven,
			emit,
			spend(bytes, packets) {
				ledger.add(bytes, clock.monotonicMs());
				ownPackets += packets;
			},
			onMethod: setPace,
			otherJudgedAtMs: () => other(one.family)?.judgedAtMs() ?? null,
		});
	}

	function keyOf(one: FamilyOrder, from: WatchOrder): string {
		const { family, device, address, gateway, targets, dnsServers } = one;
		const { dnsName, tcpPorts } = from.settings;
		return JSON.stringify([family, device, address, gateway, targets, dnsServers, dnsName, tcpPorts, from.metered]);
	}

	function checkBudget(atMs: number): void {
		if (atMs < nextBudgetMs) return;
		nextBudgetMs = atMs + BUDGET_EVERY_MS;
		const over = order.families.length > 0 && ledger.usedBytes(atMs) > paceOf(order).budgetBytesPerDay;
		if (over === overBudget) return;
		overBudget = over;
		const reason = over ? "the day's probe budget is used up: probed once a minute" : "within its probe budget again";
		log.info("throttle", { member: uplink, reason });
		setPace();
	}

	return {
		follow(next) {
			if (order.device !== next.device) judge = createTrafficJudge();
			order = next;
			pair.together(() => {
				for (const family of FAMILIES) {
					const wanted = next.families.find((one) => one.family === family);
					const key = wanted ? keyOf(wanted, next) : "";
					const entry = entries.get(family);
					if (entry && wanted && entry.key === key) {
						entries.set(family, { ...entry, order: wanted });
						continue;
					}
					entry?.watch.close();
					entries.delete(family);
					if (wanted) entries.set(family, { key, watch: open(wanted, next), order: wanted });
				}
				for (const entry of entries.values()) entry.watch.setPatience(next.patienceMs);
				setPace();
			});
		},
		link(up, text, families) {
			pair.together(() => {
				for (const family of families) entries.get(family)?.watch.link(up, text);
			});
			downAtMs = up ? null : clock.monotonicMs();
		},
		recheck() {
			for (const entry of entries.values()) entry.watch.recheck();
		},
		read: () => pair.read(catchUp),
		restart() {
			all((watch) => watch.restart());
		},
		look(counters, atMs) {
			checkBudget(atMs);
			if (downAtMs !== null && atMs - downAtMs > DOWN_TRUST_MS && order.hasCarrier) {
				downAtMs = null;
				all((watch) => watch.link(true, "netifd calls it up"));
			}
			const seen = counters === null ? null : judge.look(counters, ownPackets, atMs);
			ownPackets = 0;
			const slow = order.role === "active" && order.families.length > 0 && paceOf(order).spacingMs > QUICK_SPACING_MS;
			if (seen === null) return slow ? READY_LOOK_MS : REST_LOOK_MS;
			if (atMs >= nextTrafficMs) {
				nextTrafficMs = atMs + TRAFFIC_EVERY_MS;
				const rates = judge.rates(atMs);
				if (rates) options.emit({ kind: "traffic", uplink, atMs, ...rates });
			}
			const active = order.role === "active";
			const hint = seen.hint && active;
			if (hint) hinted = true;
			if (seen.state !== traffic || hint) {
				traffic = seen.state;
				for (const entry of entries.values()) entry.watch.traffic(traffic, hint);
			}
			return slow ? (seen.busy ? BUSY_LOOK_MS : READY_LOOK_MS) : REST_LOOK_MS;
		},
		device: () => order.device,
		verdict: (family) => entries.get(family)?.watch.verdict() ?? "unknown",
		status: (countersProblem) =>
			describe({
				uplink,
				role: order.role,
				families: [...entries.values()].map((entry) => entry.watch.status()),
				usedBytes: ledger.usedBytes(clock.monotonicMs()),
				pace: paceOf(order),
				overBudget,
				countersProblem,
			}),
		close() {
			for (const entry of entries.values()) entry.watch.close();
			entries.clear();
		},
	};
}
