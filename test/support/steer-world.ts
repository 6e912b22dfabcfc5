/**
 * A small router in network namespaces for tests and benches of steer/: a LAN client, a router with N uplinks, N ISPs,
 * the internet. The router's mwan3 side is the captured layout of a real OpenWrt (test/samples/openwrt), fed to the real
 * iptables, so that everything but mwan3's shell scripts is the kernel itself.
 *
 *   client --- br-lan [router] eth1..ethN --- cust0 [ispN] up0 --- ispN [internet] 198.51.100.7, 2001:db8:7::7
 *
 * Every namespace is held by one sleeping process; closing the world ends them, and the kernel takes the rest away.
 * Works as root, and without root where the machine allows user namespaces.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Family } from "../../daemon/health/types.ts";
import type { Discovered, FamilyLink, Mwan3Layout, Mwan3Link, Uplink } from "../../daemon/uplink/types.ts";

export const TARGET4 = "198.51.100.7";
export const TARGET6 = "2001:db8:7::7";
export const FLOW_PORT = 7007;
export const MASK = 0x3f00;
const NAMES = ["wan", "wanb", "wanc"] as const;
/** As in the captured ip-route-all.txt. */
const ADDRESSES = ["100.64.1.53", "100.64.2.59", "100.64.3.2"] as const;

export interface World {
	/** Temporary folder: fake programs in bin/, mwan3's files in run/ and state/. */
	readonly folder: string;
	/** argv that runs a program inside a namespace. */
	inside(ns: string, argv: readonly string[]): string[];
	/** Runs to the end; throws with what it said when it fails. */
	sh(ns: string, script: string, stdin?: string): string;
	spawn(ns: string, argv: readonly string[], env?: Record<string, string>): ChildProcess;
	/** What discovery would report of this router. */
	discovered(options?: { readonly mwan3?: boolean; readonly down?: readonly string[] }): Discovered;
	/** The mangle chains, rules and routes as text, packet counters left out. */
	snapshot(): string;
	setIfaceState(mwan3Interface: string, state: "online" | "offline"): void;
	close(): void;
}

export interface WorldOptions {
	readonly mwan3: boolean;
	readonly ipv6?: boolean;
	/** Metrics of netifd's default routes without mwan3. */
	readonly metrics?: readonly [number, number, number];
}

/** Null when the kernel lets us make such a router, else the reason why not. */
export function whyNoWorld(): string | null {
	for (const program of ["unshare", "nsenter", "ip", "iptables-restore", "iptables-save", "ipset", "nft"]) {
		if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `no ${program} on this machine`;
	}
	const flags = process.getuid?.() === 0 ? [] : ["-U", "-r"];
	const probe = "ip link set lo up && iptables -t mangle -S >/dev/null && ipset create probe hash:net";
	const result = spawnSync("unshare", [...flags, "-n", "sh", "-c", probe], { encoding: "utf8" });
	return result.status === 0
		? null
		: `no network namespaces with netfilter here (${(result.stderr ?? "").trim().split("\n")[0]})`;
}

const SYSCTLS = `
for f in all default; do
	echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter
	echo 0 > /proc/sys/net/ipv6/conf/$f/accept_dad
	echo 0 > /proc/sys/net/ipv6/conf/$f/disable_ipv6
done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit 2>/dev/null
ip link set lo up
`;

export function createWorld(options: WorldOptions): World {
	const folder = mkdtempSync("/tmp/steer-world-");
	const holders = new Map<string, ChildProcess>();
	const others: ChildProcess[] = [];
	const close = (): void => {
		for (const child of [...others, ...holders.values()]) child.kill("SIGKILL");
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		return buildWorld(options, folder, holders, others, close);
	} catch (error) {
		close();
		throw error;
	}
}

function buildWorld(
	options: WorldOptions,
	folder: string,
	holders: Map<string, ChildProcess>,
	others: ChildProcess[],
	close: () => void,
): World {
	const root = process.getuid?.() === 0;
	const ipv6 = options.ipv6 ?? true;
	const metrics = options.metrics ?? [10, 20, 30];

	const enter = (ns: string): string[] => {
		const pid = String(holders.get(ns)?.pid);
		return ["nsenter", "-t", pid, ...(root ? [] : ["-U", "--preserve-credentials"]), "-n"];
	};
	const inside = (ns: string, argv: readonly string[]): string[] => [...enter(ns), ...argv];
	const hold = (ns: string): void => {
		const first = holders.size === 0;
		const argv = first
			? ["unshare", ...(root ? [] : ["-U", "-r"]), "-n", "sleep", "1000000"]
			: [...enter("router"), "unshare", "-n", "sleep", "1000000"];
		const child = spawn(argv[0] ?? "", argv.slice(1), { stdio: "ignore", detached: false });
		holders.set(ns, child);
		// Until the process is in its own namespace, entering it would be entering ours.
		const own = (): boolean => {
			const link = spawnSync("readlink", [`/proc/${child.pid}/ns/net`, "/proc/self/ns/net"], { encoding: "utf8" });
			const [its, mine] = link.stdout.trim().split("\n");
			const comm = spawnSync("cat", [`/proc/${child.pid}/comm`], { encoding: "utf8" }).stdout.trim();
			return comm === "sleep" && its !== undefined && its !== mine;
		};
		const limit = Date.now() + 60_000;
		while (!own()) if (Date.now() > limit) throw new Error(`namespace ${ns} does not come up`);
	};
	const sh = (ns: string, script: string, stdin = ""): string => {
		const argv = inside(ns, ["sh", "-c", script]);
		const result = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8", input: stdin, maxBuffer: 1 << 24 });
		if (result.status !== 0) throw new Error(`in ${ns}: ${script.slice(0, 200)}\n${result.stderr}`);
		return result.stdout;
	};
	const pid = (ns: string): string => String(holders.get(ns)?.pid);

	const isps = NAMES.map((_, i) => `isp${i + 1}`);
	for (const ns of ["router", "client", "internet", ...isps]) hold(ns);
	for (const ns of ["router", "client", "internet", ...isps]) sh(ns, SYSCTLS);

	sh(
		"client",
		`ip link add eth0 type veth peer name br-lan netns ${pid("router")} && ip addr add 192.168.1.100/24 dev eth0 && ip link set eth0 up && ip -6 addr add fd12:3456:789a::100/64 dev eth0 nodad`,
	);
	sh(
		"router",
		"ip addr add 192.168.1.1/24 dev br-lan && ip link set br-lan up && ip -6 addr add fd12:3456:789a::1/64 dev br-lan nodad",
	);
	sh("client", "ip route add default via 192.168.1.1; ip -6 route add default via fd12:3456:789a::1");
	sh("internet", `ip addr add ${TARGET4}/32 dev lo; ip -6 addr add ${TARGET6}/128 dev lo nodad`);
	for (const [i, isp] of isps.entries()) {
		const n = i + 1;
		sh(
			isp,
			`ip link add cust0 type veth peer name eth${n} netns ${pid("router")}
ip link add up0 type veth peer name isp${n} netns ${pid("internet")}
ip link set cust0 up; ip link set up0 up
ip addr add 100.64.${n}.1/24 dev cust0; ip addr add 10.99.${n}.2/30 dev up0
ip -6 addr add fe80::${n}:1/64 dev cust0 nodad; ip -6 addr add 2001:db8:a${n}::1/64 dev cust0 nodad; ip -6 addr add fd99:${n}::2/64 dev up0 nodad`,
		);
		sh(
			"internet",
			`ip link set isp${n} up; ip addr add 10.99.${n}.1/30 dev isp${n}; ip route add 100.64.${n}.0/24 via 10.99.${n}.2
ip -6 addr add fd99:${n}::1/64 dev isp${n} nodad; ip -6 route add 2001:db8:a${n}::/64 via fd99:${n}::2`,
		);
		sh(isp, `ip route add default via 10.99.${n}.1; ip -6 route add default via fd99:${n}::1`);
		sh(
			"router",
			`ip link set eth${n} up; ip addr add ${ADDRESSES[i]}/24 dev eth${n}
ip route add default via 100.64.${n}.1 dev eth${n} proto static metric ${metrics[i]}`,
		);
		if (ipv6) {
			sh(
				"router",
				`ip -6 addr add 2001:db8:a${n}::50/64 dev eth${n} nodad
ip -6 route add default via fe80::${n}:1 dev eth${n} proto static metric ${512 + n}`,
			);
		}
	}
	sh(
		"router",
		"nft -f -",
		`table inet fw4 {
	chain srcnat {
		type nat hook postrouting priority srcnat
		oifname { "eth1", "eth2", "eth3" } masquerade
	}
}
`,
	);

	for (const name of ["bin", "run/mwan3/iface_state", "state"]) mkdirSync(`${folder}/${name}`, { recursive: true });
	const links: Mwan3Link[] = [];
	for (const family of ["ipv4", "ipv6"] as const satisfies readonly Family[]) {
		if (family === "ipv6" && !ipv6) continue;
		for (const name of NAMES) {
			const id = links.length + 1;
			const own = family === "ipv4" ? name : `${name}6`;
			links.push({ interface: own, family, id, mark: id << 8, enabled: true, trackIps: [] });
			if (options.mwan3) writeFileSync(`${folder}/run/mwan3/iface_state/${own}`, "online\n");
		}
	}
	if (options.mwan3) setUpMwan3();

	function setUpMwan3(): void {
		const sets: string[] = [];
		for (const [family, inet] of [
			["ipv4", "inet"],
			["ipv6", "inet6"],
		]) {
			sets.push(
				`create mwan3_connected_${family} hash:net family ${inet}`,
				`create mwan3_custom_${family} hash:net family ${inet}`,
			);
		}
		sets.push("create mwan3_dynamic_ipv4 list:set", "create mwan3_dynamic_ipv6 hash:net family inet6");
		for (const net of [
			"100.64.1.0/24",
			"100.64.2.0/24",
			"100.64.3.0/24",
			"192.168.1.0/24",
			"127.0.0.0/8",
			"224.0.0.0/3",
		]) {
			sets.push(`add mwan3_connected_ipv4 ${net}`);
		}
		for (const net of ["fe80::/64", "fd12:3456:789a::/64"]) sets.push(`add mwan3_connected_ipv6 ${net}`);
		sh("router", "ipset restore", `${sets.join("\n")}\n`);
		sh("router", "iptables-restore", readFileSync("test/samples/openwrt/iptables-save-mangle.txt", "utf8"));
		let six = readFileSync("test/samples/openwrt/ip6tables-save-mangle.txt", "utf8");
		if (ipv6) {
			const own = links.filter((link) => link.family === "ipv6");
			const mark = (link: Mwan3Link): string => `0x${link.mark.toString(16)}/0x3f00`;
			six = six
				.replace(/^:mwan3_ifaces_in .*$/m, (line) =>
					[line, ...own.map((link) => `:mwan3_iface_in_${link.interface} - [0:0]`)].join("\n"),
				)
				.replace(
					/^-A mwan3_policy_failover.*$/m,
					[
						...own.map(
							(link, i) =>
								`-A mwan3_iface_in_${link.interface} -i eth${i + 1} -m mark --mark 0x0/0x3f00 -m comment --comment ${link.interface} -j MARK --set-xmark ${mark(link)}`,
						),
						...own.map((link) => `-A mwan3_ifaces_in -m mark --mark 0x0/0x3f00 -j mwan3_iface_in_${link.interface}`),
						`-A mwan3_policy_failover -m mark --mark 0x0/0x3f00 -m comment --comment "${own[0]?.interface} 1 1" -j MARK --set-xmark ${own[0] ? mark(own[0]) : ""}`,
						"-A mwan3_rules -m mark --mark 0x0/0x3f00 -j mwan3_policy_failover",
					].join("\n"),
				);
		}
		sh("router", "ip6tables-restore", six);
		for (const link of links) {
			const flag = link.family === "ipv4" ? "-4" : "-6";
			const n = ((link.id - 1) % NAMES.length) + 1;
			const mark = `0x${link.mark.toString(16)}/0x3f00`;
			const gateway = link.family === "ipv4" ? `100.64.${n}.1` : `fe80::${n}:1`;
			const lan = link.family === "ipv4" ? "192.168.1.0/24" : "fd12:3456:789a::/64";
			sh(
				"router",
				`ip ${flag} -batch -`,
				`rule add pref ${1000 + link.id} iif eth${n} lookup ${link.id}
rule add pref ${2000 + link.id} fwmark ${mark} lookup ${link.id}
rule add pref ${3000 + link.id} fwmark ${mark} unreachable
route add default via ${gateway} dev eth${n} table ${link.id} metric 10
route add ${lan} dev br-lan table ${link.id}\n`,
			);
		}
		for (const flag of ["-4", "-6"]) {
			sh(
				"router",
				`ip ${flag} rule add pref 2061 fwmark 0x3d00/0x3f00 blackhole; ip ${flag} rule add pref 2062 fwmark 0x3e00/0x3f00 unreachable`,
			);
		}
	}

	const layout: Mwan3Layout = {
		mask: MASK,
		links,
		members: links.map((link) => ({
			name: `${link.interface}_m`,
			interface: link.interface,
			metric: ((link.id - 1) % NAMES.length) + 1,
			weight: 1,
		})),
		policies: [{ name: "failover", members: links.map((link) => `${link.interface}_m`), lastResort: "unreachable" }],
	};

	return {
		folder,
		inside,
		sh,
		spawn(ns, argv, env = {}) {
			const all = inside(ns, argv);
			const child = spawn(all[0] ?? "", all.slice(1), {
				stdio: ["pipe", "pipe", "inherit"],
				env: { ...process.env, ...env },
			});
			others.push(child);
			return child;
		},
		discovered({ mwan3 = options.mwan3, down = [] } = {}) {
			const uplinks = NAMES.map((id, i): Uplink => {
				const n = i + 1;
				const up = !down.includes(id);
				const base = { up, device: `eth${n}`, dnsServers: [], hasDefaultRoute: up };
				const ipv4: FamilyLink = {
					...base,
					interface: id,
					address: up ? (ADDRESSES[i] ?? null) : null,
					prefixLength: 24,
					gateway: `100.64.${n}.1`,
					metric: metrics[i] ?? 0,
				};
				const six: FamilyLink = {
					...base,
					interface: `${id}6`,
					address: up ? `2001:db8:a${n}::50` : null,
					prefixLength: 64,
					gateway: `fe80::${n}:1`,
					metric: 512 + n,
				};
				const link = (family: Family): Mwan3Link | null =>
					mwan3
						? (links.find((one) => one.family === family && one.interface === (family === "ipv4" ? id : `${id}6`)) ??
							null)
						: null;
				return {
					id,
					class: "lan",
					classReason: "test",
					proto: "dhcp",
					device: `eth${n}`,
					lowerDevice: `eth${n}`,
					present: true,
					up,
					carrier: up,
					ipv4,
					ipv6: ipv6 ? six : null,
					mwan3: { ipv4: link("ipv4"), ipv6: link("ipv6") },
					metered: false,
					weight: 50,
					order: n,
					disabled: false,
					minUptimeMs: 0,
					cooldownMs: 0,
					preferRoaming: false,
					tunnel: false,
				};
			});
			return { uplinks, mwan3: mwan3 ? layout : null, problems: [] };
		},
		snapshot() {
			const text = sh(
				"router",
				`for t in iptables ip6tables; do $t-save -t mangle; done
ip -4 rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all; nft list ruleset | grep -v counter`,
			);
			return text
				.split("\n")
				.filter((line) => !line.startsWith("#"))
				.map((line) =>
					line
						.replace(/\[\d+:\d+\]/, "[0:0]")
						.replace(/ expires \d+sec/, "")
						.trimEnd(),
				)
				.join("\n");
		},
		setIfaceState(name, state) {
			writeFileSync(`${folder}/run/mwan3/iface_state/${name}`, `${state}\n`);
		},
		close,
	};
}
