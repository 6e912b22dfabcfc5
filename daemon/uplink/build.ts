/**
 * From what netifd, mwan3 and sysfs say to the list of uplinks. Pure but for sysfs reads through `files`. An uplink stays
 * listed when it is down, not there yet, or gone: what cannot be seen cannot be explained. Only one that neither netifd nor
 * mwan3 nor the firewall names any more was taken out by its owner: it is told as gone once, and then forgotten.
 */
import type { Family, UplinkClass } from "../health/types.ts";
import type { Files } from "../platform/platform.ts";
import { type Classified, classify, TUNNEL_PROTOS } from "./classify.ts";
import { groupInterfaces, type InterfaceGroup } from "./group.ts";
import { defaultRoute, type NetifdInterface } from "./netifd.ts";
import type { InterfaceHint } from "./router-files.ts";
import type { FamilyLink, Mwan3Layout, Mwan3Link, Peer, Uplink } from "./types.ts";

/** What the owner set for one uplink; null = not set. */
export interface MemberOptions {
	readonly detect: "auto" | "disable" | "force";
	readonly class: UplinkClass | null;
	readonly weight: number | null;
	readonly metered: boolean | null;
	readonly minUptimeMs: number;
	readonly cooldownMs: number;
	readonly preferRoaming: boolean;
}

export interface BuildInput {
	readonly interfaces: readonly NetifdInterface[];
	readonly mwan3: Mwan3Layout | null;
	/** netifd interfaces that the firewall puts in a masqueraded zone, or RutOS calls wan. */
	readonly wanInterfaces: ReadonlySet<string>;
	/** Of netifd's interfaces, from /etc/config/network. */
	readonly hints: ReadonlyMap<string, InterfaceHint>;
	/** What was found before: those that vanished stay listed. */
	readonly previous: readonly Uplink[];
	/** What a sensor has proved about the kind of link. */
	found(id: string): Classified | null;
	/** What a sensor asks through this uplink. */
	peer(id: string): Peer | null;
	/** Options by exact name, class and class wildcard. */
	member(id: string, uplinkClass: UplinkClass | null): MemberOptions;
}

/** Figures users know from earlier versions, used only while the owner's own order says nothing. */
const CLASS_WEIGHT: Readonly<Record<UplinkClass, number>> = {
	starlink: 100,
	cellular: 80,
	wifi: 60,
	lan: 40,
	other: 50,
};
/** Each step down the owner's order keeps this share of the weight: 100, 80, 64, 51 ... always a margin apart near the top. */
const ORDER_STEP = 0.8;

/** netifd's own word while it is up; a backup that is down must not become the first choice for want of one. */
function metricOfInterface(part: NetifdInterface, hints: BuildInput["hints"]): number {
	return part.metric ?? hints.get(part.name)?.metric ?? 0;
}

function familyLink(part: NetifdInterface | null, family: Family, hints: BuildInput["hints"]): FamilyLink | null {
	if (part === null) return null;
	const address = part[family][0] ?? null;
	const route = defaultRoute(part, family);
	const nexthop = route?.nexthop ?? "";
	const bound = family === "ipv6" && route !== null && route.source !== "" && route.source !== "::/0";
	const apart = bound || hints.get(part.name)?.ownTable.includes(family) === true;
	return {
		interface: part.name,
		up: part.up && address !== null,
		device: part.device,
		address: address?.address ?? null,
		prefixLength: address?.prefixLength ?? null,
		gateway: nexthop === "" || nexthop === "0.0.0.0" || nexthop === "::" ? null : nexthop,
		hasDefaultRoute: route !== null,
		dnsServers: part.dnsServers,
		metric: metricOfInterface(part, hints),
		...(apart ? { apart } : {}),
	};
}

/** 1 or 0 from sysfs; null when the device is administratively down or has no carrier at all. */
export function readCarrier(files: Files, device: string): boolean | null {
	let text: string | null;
	try {
		text = files.readTextIfAny(`/sys/class/net/${device}/carrier`);
	} catch {
		return null; // EINVAL while the device is down: it has no carrier to speak of
	}
	return text === null ? null : text.trim() === "1";
}

/** The mwan3 interface of a group for one family (mwan3 also accepts the parent and then looks for _4 / _6 itself). */
function mwan3Of(layout: Mwan3Layout | null, group: InterfaceGroup, family: Family): Mwan3Link | null {
	const links = layout?.links.filter((link) => link.family === family) ?? [];
	return (
		links.find((link) => link.interface === group[family]?.name) ??
		links.find((link) => group.names.includes(link.interface)) ??
		null
	);
}

/** The owner's order: the lowest mwan3 metric a link has in any policy, else netifd's route metric. */
function metricOf(layout: Mwan3Layout | null, links: readonly (Mwan3Link | null)[], fallback: number): number {
	const names = new Set(links.flatMap((link) => (link ? [link.interface] : [])));
	if (!layout || names.size === 0) return fallback;
	const used = new Set(layout.policies.flatMap((policy) => policy.members));
	const own = layout.members.filter((member) => names.has(member.interface));
	const inPolicy = own.filter((member) => used.has(member.name));
	const metrics = (inPolicy.length > 0 ? inPolicy : own).map((member) => member.metric);
	return metrics.length > 0 ? Math.min(...metrics) : 1e6;
}

interface Draft {
	readonly group: InterfaceGroup;
	readonly mwan3: Uplink["mwan3"];
	readonly metric: number;
}

export function buildUplinks(files: Files, input: BuildInput): Uplink[] {
	const mwan3Names = new Set(input.mwan3?.links.map((link) => link.interface) ?? []);
	const isUplink = (one: NetifdInterface): boolean =>
		one.name !== "loopback" &&
		(mwan3Names.has(one.name) ||
			input.wanInterfaces.has(one.name) ||
			defaultRoute(one, "ipv4") !== null ||
			defaultRoute(one, "ipv6") !== null);
	const groups = groupInterfaces(input.interfaces, isUplink, mwan3Names, ipv6Names(input.previous));
	const drafts: Draft[] = groups.map((group) => {
		const mwan3 = { ipv4: mwan3Of(input.mwan3, group, "ipv4"), ipv6: mwan3Of(input.mwan3, group, "ipv6") };
		return {
			group,
			mwan3,
			metric: metricOf(input.mwan3, [mwan3.ipv4, mwan3.ipv6], metricOfInterface(group.root, input.hints)),
		};
	});
	const steps = [...new Set(drafts.map((draft) => draft.metric))].sort((a, b) => a - b);
	const found = drafts.map((draft) => toUplink(files, input, draft, steps));
	const named = (name: string | undefined): boolean =>
		name !== undefined && (mwan3Names.has(name) || input.wanInterfaces.has(name));
	const missed = input.previous.filter(
		(old) => old.device !== null || [old.id, old.ipv4?.interface, old.ipv6?.interface].some(named),
	);
	// Not gone: what was taken for an uplink of its own before its addresses told where it belongs (a static wan6).
	const parts = new Set([...found.map((one) => one.id), ...groups.flatMap((group) => group.names)]);
	const gone = [...missed, ...notThereYet(input, mwan3Names)].filter(
		(old, at, all) => !parts.has(old.id) && all.findIndex((one) => one.id === old.id) === at,
	);
	const isLeft = ({ id }: Uplink): boolean => !mwan3Names.has(id) && input.hints.get(id)?.disabled !== false;
	const absent = gone.map((old) => asAbsent(old, input.hints.size > 0 && isLeft(old)));
	return [...found, ...absent].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
}

/** Interfaces that carry nothing but the IPv6 of an uplink. */
function ipv6Names(uplinks: readonly Uplink[]): ReadonlySet<string> {
	return new Set(
		uplinks.flatMap(({ ipv4, ipv6 }) =>
			ipv4 !== null && ipv6 !== null && ipv4.interface !== ipv6.interface ? [ipv6.interface] : [],
		),
	);
}

function toUplink(files: Files, input: BuildInput, draft: Draft, steps: readonly number[]): Uplink {
	const { group, mwan3 } = draft;
	const main = group.ipv4 ?? group.ipv6 ?? group.root;
	const device = main.device ?? group.root.device;
	const configured = group.root.configuredDevice;
	const lower = configured === null || configured.startsWith("@") ? device : configured;
	const hint = input.member(group.id, null).class;
	const modem = group.root.modem || (group.ipv4?.modem ?? false) || (group.ipv6?.modem ?? false);
	const medium = classify(files, { proto: group.root.proto, device, modem, hint });
	const kind = hint === null ? (input.found(group.id) ?? medium) : medium;
	const options = input.member(group.id, kind.class);
	const peer = input.peer(group.id);
	const ipv4 = familyLink(group.ipv4, "ipv4", input.hints);
	const ipv6 = familyLink(group.ipv6, "ipv6", input.hints);
	const order = steps.indexOf(draft.metric);
	const tunnel = TUNNEL_PROTOS.has(group.root.proto);
	const inMwan3 = mwan3.ipv4 !== null || mwan3.ipv6 !== null;
	const mwan3Enabled = (mwan3.ipv4?.enabled ?? false) || (mwan3.ipv6?.enabled ?? false);
	return {
		id: group.id,
		class: kind.class,
		classReason: kind.reason,
		...(kind.class === medium.class ? {} : { medium: medium.class }),
		proto: group.root.proto,
		device,
		lowerDevice: lower,
		present: device !== null && files.stat(`/sys/class/net/${device}`) !== null,
		up: (ipv4?.up ?? false) || (ipv6?.up ?? false),
		carrier: lower === null ? null : readCarrier(files, lower),
		ipv4,
		ipv6,
		mwan3,
		...(peer === null ? {} : { peer }),
		metered: options.metered ?? kind.class === "cellular",
		weight: options.weight ?? (steps.length > 1 ? Math.round(100 * ORDER_STEP ** order) : CLASS_WEIGHT[kind.class]),
		order,
		// A tunnel rides on another uplink: it competes only when the owner put it into mwan3 or asked for it.
		disabled: options.detect === "disable" || (options.detect !== "force" && (inMwan3 ? !mwan3Enabled : tunnel)),
		minUptimeMs: options.minUptimeMs,
		cooldownMs: options.cooldownMs,
		preferRoaming: options.preferRoaming,
		tunnel,
	};
}

/** Interfaces that mwan3 is told of and netifd does not know (a modem that has not shown up yet). */
function notThereYet(input: BuildInput, mwan3Names: ReadonlySet<string>): Uplink[] {
	const known = new Set(input.interfaces.map((one) => one.name));
	return [...mwan3Names]
		.filter((name) => !known.has(name))
		.map((name) => {
			const options = input.member(name, null);
			const links = input.mwan3?.links.filter((link) => link.interface === name) ?? [];
			return {
				id: name,
				class: options.class ?? "other",
				classReason: "netifd does not know this interface (yet)",
				proto: "",
				device: null,
				lowerDevice: null,
				present: false,
				up: false,
				carrier: null,
				ipv4: null,
				ipv6: null,
				mwan3: {
					ipv4: links.find((link) => link.family === "ipv4") ?? null,
					ipv6: links.find((link) => link.family === "ipv6") ?? null,
				},
				metered: options.metered ?? false,
				weight: options.weight ?? 0,
				order: 1000,
				disabled: options.detect === "disable" || !links.some((link) => link.enabled),
				minUptimeMs: options.minUptimeMs,
				cooldownMs: options.cooldownMs,
				preferRoaming: options.preferRoaming,
				tunnel: false,
			};
		});
}

/** Nobody waits for one that was taken out of the configuration: nothing is a backup for it. */
const LEFT = { weight: 0, order: 1000, classReason: "taken out of the configuration" } as const;

/** Its device may be another uplink's by now (an interface renamed): it has none. */
function asAbsent(old: Uplink, left: boolean): Uplink {
	const without = { up: false, device: null, address: null, prefixLength: null, gateway: null, hasDefaultRoute: false };
	const down = (link: FamilyLink | null): FamilyLink | null => link && { ...link, ...without };
	const link = { ipv4: down(old.ipv4), ipv6: down(old.ipv6) };
	const gone = { present: false, up: false, carrier: null, device: null, lowerDevice: null };
	return { ...old, ...gone, ...link, ...(left ? LEFT : {}) };
}
