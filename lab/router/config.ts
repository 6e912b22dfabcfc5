/** The lab router's /etc/config: what a person with these uplinks would have there. Pure. */
import { INTERNET_V4, INTERNET_V6, LAN, type Plan } from "../net/plan.ts";

function section(
	type: string,
	name: string | null,
	options: Readonly<Record<string, string | readonly string[]>>,
): string {
	const lines = Object.entries(options).flatMap(([key, value]) =>
		typeof value === "string" ? [`\toption ${key} '${value}'`] : value.map((item) => `\tlist ${key} '${item}'`),
	);
	return `config ${type}${name === null ? "" : ` '${name}'`}\n${lines.join("\n")}\n`;
}

export function networkConfig(plan: Plan): string {
	const parts = [
		section("interface", "loopback", { device: "lo", proto: "static", ipaddr: "127.0.0.1", netmask: "255.0.0.0" }),
		section("globals", "globals", { ula_prefix: "fd12:3456:789a::/48" }),
		section("device", null, { name: "br-lan", type: "bridge", ports: ["eth0"] }),
		section("interface", "lan", {
			device: "br-lan",
			proto: "static",
			ipaddr: LAN.address,
			netmask: "255.255.255.0",
			...(plan.ipv6 ? { ip6addr: [`${LAN.ula}/64`] } : {}),
		}),
	];
	for (const isp of plan.isps) {
		const metric = String(isp.metric);
		const addresses =
			isp.proto === "dhcp"
				? { proto: "dhcp" }
				: { proto: "static", ipaddr: isp.address4, netmask: "255.255.255.0", gateway: isp.gateway4, dns: "8.8.8.8" };
		parts.push(section("interface", isp.interface, { device: isp.device, ...addresses, metric }));
		if (!plan.ipv6) continue;
		parts.push(
			section("interface", isp.interface6, {
				device: isp.device,
				proto: "static",
				ip6addr: [`${isp.address6}/64`],
				ip6gw: isp.gateway6,
				metric,
			}),
		);
	}
	return parts.join("\n");
}

export function mwan3Config(plan: Plan): string {
	const parts = [section("globals", "globals", { mmx_mask: "0x3F00" })];
	const families = plan.ipv6 ? (["ipv4", "ipv6"] as const) : (["ipv4"] as const);
	const members: string[] = [];
	for (const family of families) {
		for (const isp of plan.isps) {
			parts.push(
				section("interface", family === "ipv4" ? isp.interface : isp.interface6, {
					enabled: "1",
					family,
					track_ip:
						family === "ipv4" ? [INTERNET_V4[1], INTERNET_V4[0], INTERNET_V4[6]] : [INTERNET_V6[1], INTERNET_V6[0]],
					reliability: "1",
				}),
			);
		}
	}
	for (const family of families) {
		for (const isp of plan.isps) {
			const name = family === "ipv4" ? isp.interface : isp.interface6;
			const member = `${name}_m${isp.index}_w1`;
			members.push(member);
			parts.push(section("member", member, { interface: name, metric: String(isp.index), weight: "1" }));
		}
	}
	parts.push(section("policy", "failover", { use_member: members, last_resort: "unreachable" }));
	parts.push(section("rule", "default_rule_v4", { dest_ip: "0.0.0.0/0", use_policy: "failover", family: "ipv4" }));
	if (plan.ipv6)
		parts.push(section("rule", "default_rule_v6", { dest_ip: "::/0", use_policy: "failover", family: "ipv6" }));
	return parts.join("\n");
}

/** For a real firewall4: uplinks are masqueraded, both families. */
export function firewallConfig(plan: Plan): string {
	const uplinks = plan.isps.flatMap((isp) => (plan.ipv6 ? [isp.interface, isp.interface6] : [isp.interface]));
	const zone = (name: string, network: readonly string[], more: Record<string, string>): string =>
		section("zone", null, { name, network, input: "ACCEPT", output: "ACCEPT", forward: "ACCEPT", ...more });
	return [
		section("defaults", null, { input: "ACCEPT", output: "ACCEPT", forward: "REJECT" }),
		zone("lan", ["lan"], {}),
		zone("wan", uplinks, { masq: "1", masq6: "1" }),
		section("forwarding", null, { src: "lan", dest: "wan" }),
	].join("\n");
}

export function otherConfigs(): Record<string, string> {
	return {
		system: section("system", null, { hostname: "OpenWrt", timezone: "UTC" }),
		rpcd: section("login", null, { username: "root", password: "$p$root", read: ["*"], write: ["*"] }),
		firewall: section("zone", null, { name: "wan", masq: "1" }),
	};
}

/** What logged-in people may do in the lab: look at everything, act on the daemon. */
export const LAB_ACL = JSON.stringify({
	unauthenticated: { description: "Access without a session", read: { ubus: { session: ["access", "login"] } } },
	"lab-status": {
		description: "Status of the router",
		read: {
			ubus: {
				autonomy: ["*"],
				mwan3: ["status"],
				"network.interface": ["dump", "status"],
				"network.device": ["status"],
				session: ["access", "login", "list", "destroy"],
				system: ["board", "info"],
				uci: ["configs", "get", "state", "changes"],
			},
			uci: ["*"],
		},
		write: { ubus: { autonomy: ["*"], uci: ["set", "add", "delete", "commit", "revert"] }, uci: ["*"] },
	},
});
