/**
 * /etc/config/mwan3 as data. Ids, marks and tables are not written in the file: they follow from the order of the
 * `config interface` sections, disabled ones included (mwan3 lib/mwan3/mwan3.sh, mwan3_get_iface_id).
 */
import { optionList, optionText, type UciPackage, type UciSection } from "../uci/package.ts";
import { isAddress } from "./netifd.ts";
import type { Mwan3Layout, Mwan3Link, Mwan3Member, Mwan3Policy } from "./types.ts";

const DEFAULT_MASK = 0x3f00;
/** iptables chain names end at 28 characters; mwan3 itself refuses policies beyond 15 (lib/mwan3/mwan3.sh). */
const MAX_POLICY_NAME = 15;
const NAME = /^[A-Za-z0-9_]+$/;

/** Spreads the bits of `id` over the set bits of `mask`, lowest first; null when it does not fit. */
export function markOf(id: number, mask: number): number | null {
	let mark = 0;
	let rest = id;
	for (let bit = 0; bit < 32 && rest > 0; bit++) {
		const place = (1 << bit) >>> 0;
		if ((mask & place) === 0) continue;
		if (rest & 1) mark = (mark | place) >>> 0;
		rest >>>= 1;
	}
	return rest === 0 ? mark : null;
}

function countBits(mask: number): number {
	let count = 0;
	for (let rest = mask; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
	return count;
}

function wholeNumber(text: string | undefined, fallback: number): number {
	return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}

function parseMask(text: string | undefined): number {
	const mask = text !== undefined && /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) ? Number(text) : DEFAULT_MASK;
	return mask > 0 && mask <= 0xffffffff ? mask : DEFAULT_MASK;
}

function parseLink(section: UciSection, id: number, mask: number): Mwan3Link | null {
	const mark = markOf(id, mask);
	// The three highest marks mean default, unreachable and blackhole (mwan3 lib/mwan3/common.sh).
	if (mark === null || id > 2 ** countBits(mask) - 4) return null;
	return {
		interface: section.name,
		family: optionText(section, "family") === "ipv6" ? "ipv6" : "ipv4",
		id,
		mark,
		enabled: optionText(section, "enabled") === "1",
		trackIps: optionList(section, "track_ip").filter(isAddress),
	};
}

function parseMember(section: UciSection): Mwan3Member | null {
	const target = optionText(section, "interface");
	if (target === undefined) return null;
	return {
		name: section.name,
		interface: target,
		metric: wholeNumber(optionText(section, "metric"), 1),
		weight: Math.max(1, wholeNumber(optionText(section, "weight"), 1)),
	};
}

function parsePolicy(section: UciSection): Mwan3Policy {
	const last = optionText(section, "last_resort");
	return {
		name: section.name,
		members: optionList(section, "use_member"),
		lastResort: last === "default" || last === "blackhole" ? last : "unreachable",
	};
}

/** Null when the file has no interface at all. Sections that make no sense are left out and named in `problems`. */
export function parseMwan3(config: UciPackage, problems: string[]): Mwan3Layout | null {
	const globals = config.sections.find((section) => section.type === "globals");
	const mask = parseMask(globals ? optionText(globals, "mmx_mask") : undefined);
	const links: Mwan3Link[] = [];
	const members: Mwan3Member[] = [];
	const policies: Mwan3Policy[] = [];
	let id = 0;
	for (const section of config.sections) {
		const refuse = (why: string): void => {
			problems.push(`/etc/config/mwan3: ${section.type} '${section.name}' ${why}; it is left alone`);
		};
		if (section.type === "interface") id++;
		if (section.anonymous && section.type !== "interface" && section.type !== "member") continue;
		if (!NAME.test(section.name)) refuse("has a name with odd characters");
		else if (section.type === "interface") {
			const link = parseLink(section, id, mask);
			if (link) links.push(link);
			else refuse(`is number ${id}, beyond what mmx_mask has room for`);
		} else if (section.type === "member") {
			const member = parseMember(section);
			if (member) members.push(member);
			else refuse("names no interface");
		} else if (section.type === "policy") {
			if (section.name.length > MAX_POLICY_NAME) refuse(`has a name longer than ${MAX_POLICY_NAME} characters`);
			else policies.push(parsePolicy(section));
		}
	}
	return links.length === 0 ? null : { mask, links, members, policies };
}
