/**
 * What is wrong with an ISP right now, and the nftables text that makes it so. The whole table is rendered from the whole
 * state and loaded in one transaction, so faults combine, and healing is the empty state. Pure.
 */
import type { IspPlan } from "./plan.ts";

export interface Faults {
	/** Nothing passes and the gateway is silent too; ARP and neighbour discovery still work. */
	readonly blackhole?: boolean;
	/** The gateway answers, everything beyond is dead. */
	readonly gatewayOnly?: boolean;
	/** Per cent of packets lost towards the router / from the router. */
	readonly lossDownPct?: number;
	readonly lossUpPct?: number;
	/** Echo requests and replies are filtered, everything else works. */
	readonly icmpFiltered?: boolean;
	/** Addresses of the internet that do not answer by this ISP. */
	readonly deadTargets?: readonly string[];
	/** Port 53 is dead. */
	readonly dnsDead?: boolean;
	/** The address family is dead beyond the gateway. */
	readonly ipv4Dead?: boolean;
	readonly ipv6Dead?: boolean;
}

const PING = "icmp type { echo-request, echo-reply } drop\nicmpv6 type { echo-request, echo-reply } drop";

/** Loss of `pct` per cent with two decimals. */
function lossRule(match: string, pct: number): string {
	const perMyriad = Math.round(pct * 100);
	if (perMyriad < 1 || perMyriad > 10_000) throw new Error(`loss must be 0.01-100 %, not ${pct}`);
	return `${match} numgen random mod 10000 < ${perMyriad} drop`;
}

/** Counters tell who sent what by this ISP: own = with a source address this ISP gave out. */
function counting(isp: IspPlan): string {
	const names = ["icmp_own", "icmp_foreign", "icmp6_own", "icmp6_foreign", "udp_own", "tcp_own", "dns_own", "echo_own"];
	const own4 = `ip saddr ${isp.prefix4}.0/24`;
	const own6 = `ip6 saddr ${isp.prefix6}:/64`;
	return `
${[...names, "all_up", "all_down"].map((name) => `counter ${name} {}`).join("\n")}
chain count {
	type filter hook prerouting priority -400;
	iifname "up0" counter name all_down
	iifname != "cust0" return
	counter name all_up
	${own4} icmp type echo-request counter name icmp_own
	ip saddr != ${isp.prefix4}.0/24 icmp type echo-request counter name icmp_foreign
	${own6} icmpv6 type echo-request counter name icmp6_own
	ip6 saddr != { fe80::/10, ${isp.prefix6}:/64 } icmpv6 type echo-request counter name icmp6_foreign
	${own4} meta l4proto udp counter name udp_own
	${own6} meta l4proto udp counter name udp_own
	${own4} meta l4proto tcp counter name tcp_own
	${own6} meta l4proto tcp counter name tcp_own
	${own4} udp dport 53 counter name dns_own
	${own6} udp dport 53 counter name dns_own
	udp dport 7 counter name echo_own
}`;
}

/** Loaded once, before the first fault. */
export function countingTable(isp: IspPlan): string {
	return `table inet count {${counting(isp)}\n}\n`;
}

export function faultTable(faults: Faults): string {
	const customer: string[] = [];
	const local: string[] = [];
	const forward: string[] = [];
	if (faults.blackhole) {
		const keep = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept";
		customer.push(keep, 'iifname "cust0" drop', 'iifname "up0" drop');
		local.push(keep, 'oifname "cust0" drop');
	}
	if (faults.lossUpPct) customer.push(lossRule('iifname "cust0"', faults.lossUpPct));
	if (faults.lossDownPct) customer.push(lossRule('iifname "up0"', faults.lossDownPct));
	if (faults.icmpFiltered) {
		customer.push(...PING.split("\n").map((rule) => `iifname "cust0" ${rule}`));
		local.push(...PING.split("\n").map((rule) => `oifname "cust0" ${rule}`));
	}
	if (faults.gatewayOnly) forward.push("drop");
	for (const target of faults.deadTargets ?? [])
		forward.push(`${target.includes(":") ? "ip6" : "ip"} daddr ${target} drop`);
	if (faults.dnsDead) forward.push("meta l4proto { tcp, udp } th dport 53 drop");
	if (faults.ipv4Dead) forward.push("meta nfproto ipv4 drop");
	if (faults.ipv6Dead) forward.push("meta nfproto ipv6 drop");
	const chain = (name: string, hook: string, rules: readonly string[]): string =>
		rules.length === 0 ? "" : `chain ${name} {\n\ttype filter hook ${hook};\n\t${rules.join("\n\t")}\n}\n`;
	const body =
		chain("customer", "prerouting priority -350", customer) +
		chain("local", "output priority -350", local) +
		chain("through", "forward priority -150", forward);
	return `table inet fault\ndelete table inet fault\n${body === "" ? "" : `table inet fault {\n${body}}\n`}`;
}
