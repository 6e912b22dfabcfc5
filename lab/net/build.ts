/**
 * Shell text that turns a plan into namespaces, links, addresses and the router's own root directory. Pure text; the
 * keeper runs it once, inside namespaces of its own, so it can touch nothing of the host. Long lists go through
 * `ip -batch` to keep the number of processes, and so the build time, small.
 */
import { ECHO_V4, ECHO_V6, INTERNET_V4, INTERNET_V6, type IspPlan, LAN, type Plan } from "./plan.ts";

/** Where the router's root directory is, as the keeper sees it. */
export const ROOT = "/run/router";

/** Where the checkout is inside the router: never where it is outside, that may be below /tmp. */
export const REPO_INSIDE = "/lab/repo";

/** Folders of the host that the router has too. */
const SHARED_FOLDERS = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "opt"];

/** Where this Node is inside the router. */
export function nodeInside(node: string): string {
	return SHARED_FOLDERS.some((folder) => node.startsWith(`/${folder}/`)) ? node : "/lab/bin/node";
}

function quote(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Runs lines of `ip` commands in a namespace, after setting sysctls there. */
function inNamespace(ns: string, sysctls: Readonly<Record<string, string>>, lines: readonly string[]): string {
	const sets = Object.entries(sysctls).map(
		([key, value]) => `[ -e /proc/sys/net/${key} ] && echo ${value} > /proc/sys/net/${key}`,
	);
	const body = [...sets, `ip -batch - <<'IP' || exit 1`, ...lines, "IP"].join("\n");
	return `nsenter --net=/run/netns/${ns} sh -s <<'NS' || exit 1\n${body}\nNS`;
}

const HOST_SYSCTLS = {
	"ipv4/conf/all/rp_filter": "0",
	"ipv4/conf/default/rp_filter": "0",
	// DAD is done when either of both asks for it.
	"ipv6/conf/all/accept_dad": "0",
	"ipv6/conf/default/accept_dad": "0",
	"ipv6/conf/default/accept_ra": "0",
	"ipv6/conf/all/disable_ipv6": "0",
	"ipv6/conf/default/disable_ipv6": "0",
	"ipv4/icmp_ratelimit": "0",
	"ipv6/icmp/ratelimit": "0",
};

const FORWARDING = { ...HOST_SYSCTLS, "ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1" };

function ispScript(plan: Plan, isp: IspPlan): string {
	const i = isp.index;
	const lines = [
		"link set lo up",
		`link add cust0 type veth peer name ${isp.device} netns router`,
		`link add up0 type veth peer name ${isp.ns} netns internet`,
		"link set cust0 up",
		"link set up0 up",
		`addr add ${isp.gateway4}/24 dev cust0`,
		`addr add 10.99.${i}.2/30 dev up0`,
		`route add default via 10.99.${i}.1`,
	];
	if (plan.ipv6) {
		lines.push(
			`addr add ${isp.gateway6}/64 dev cust0 nodad`,
			`addr add ${isp.prefix6}:1/64 dev cust0 nodad`,
			`addr add fd99:${i}::2/64 dev up0 nodad`,
			`route add ::/0 via fd99:${i}::1`,
		);
	}
	return inNamespace(isp.ns, FORWARDING, lines);
}

function internetScript(plan: Plan): string {
	const lines = ["link set lo up"];
	for (const address of [...INTERNET_V4, ECHO_V4]) lines.push(`addr add ${address}/32 dev lo`);
	if (plan.ipv6) for (const address of [...INTERNET_V6, ECHO_V6]) lines.push(`addr add ${address}/128 dev lo nodad`);
	for (const isp of plan.isps) {
		const i = isp.index;
		lines.push(
			`link set ${isp.ns} up`,
			`addr add 10.99.${i}.1/30 dev ${isp.ns}`,
			`route add ${isp.prefix4}.0/24 via 10.99.${i}.2`,
		);
		if (plan.ipv6) {
			lines.push(`addr add fd99:${i}::1/64 dev ${isp.ns} nodad`, `route add ${isp.prefix6}:/64 via fd99:${i}::2`);
		}
	}
	return inNamespace("internet", {}, lines);
}

function clientScript(plan: Plan): string {
	const lines = [
		"link set lo up",
		"link add eth0 type veth peer name eth0 netns router",
		"link set eth0 up",
		`addr add ${LAN.client}/24 dev eth0`,
		`route add default via ${LAN.address}`,
	];
	if (plan.ipv6) {
		lines.push(`addr add ${LAN.client6}/64 dev eth0 nodad`, `route add ::/0 via ${LAN.ula}`);
	}
	// Ports below are for the new flows of the client (lab/client/agent.ts).
	return inNamespace("client", { ...HOST_SYSCTLS, "ipv4/ip_local_port_range": "'60100 65000'" }, lines);
}

/** Namespaces and links; the router's devices are left down, bringing them up is netifd's business. */
export function networkScript(plan: Plan): string {
	const spaces = ["router", "client", ...plan.isps.map((isp) => isp.ns)];
	return [
		"mkdir -p /run/netns",
		`ip -batch - <<'IP' || exit 1\nnetns attach internet 1\n${spaces.map((ns) => `netns add ${ns}`).join("\n")}\nIP`,
		inNamespace(
			"router",
			{
				...FORWARDING,
				"netfilter/nf_conntrack_acct": "1",
				"netfilter/nf_conntrack_udp_timeout": "60",
			},
			["link set lo up"],
		),
		// Before the first device appears there: devices take the defaults of their moment of birth.
		inNamespace("internet", HOST_SYSCTLS, []),
		clientScript(plan),
		...plan.isps.map((isp) => ispScript(plan, isp)),
		internetScript(plan),
	].join("\n");
}

export interface RootOptions {
	/** Shared with the host: sockets live here. */
	readonly shared: string;
	/** The checkout, read-only inside. */
	readonly repo: string;
	readonly node: string;
	readonly tmpBytes: number;
}

/**
 * The router's root: its own /etc, /tmp and /var over the host's programs, all in RAM and gone with the lab. /tmp/run/ubus
 * is a directory of the host, so that tests can speak to the bus.
 */
export function rootScript(options: RootOptions): string {
	const r = ROOT;
	const { shared, repo, node } = options;
	return `
mkdir -p ${r}; mount -t tmpfs -o mode=755 lab ${r}; cd ${r}
mkdir -p etc/config etc/init.d etc/hotplug.d/iface proc sys dev tmp root lab/bin lib/mwan3 .${REPO_INSIDE}
for d in ${SHARED_FOLDERS.join(" ")}; do
	if [ -L /$d ]; then [ -e ./$d ] && rm -rf ./$d; cp -P /$d ./$d
	elif [ -d /$d ]; then mkdir -p ./$d; mount --rbind /$d ./$d; mount -o remount,bind,ro ./$d 2>/dev/null
	fi
done
mount --rbind ${quote(repo)} .${REPO_INSIDE}; mount -o remount,bind,ro .${REPO_INSIDE} 2>/dev/null
[ ${quote(nodeInside(node))} = /lab/bin/node ] && { : > lab/bin/node; mount --bind ${quote(node)} lab/bin/node; }
mount --rbind /dev dev
mount -t proc proc proc
nsenter --net=/run/netns/router mount -t sysfs sysfs sys || mount --rbind /sys sys
mount -t tmpfs -o mode=1777,size=${options.tmpBytes} tmp tmp
ln -s tmp var
mkdir -p tmp/run/ubus tmp/run/lab tmp/state tmp/lock tmp/log tmp/.uci
mount --bind ${quote(`${shared}/ubus`)} tmp/run/ubus
mount --bind ${quote(`${shared}/lab`)} tmp/run/lab
for f in ld.so.cache ld.so.conf nsswitch.conf protocols services passwd group localtime; do [ -e /etc/$f ] && cp -L /etc/$f etc/$f; done
[ -d /etc/alternatives ] && { mkdir etc/alternatives; mount --bind /etc/alternatives etc/alternatives; }
[ -d /etc/ssl ] && { mkdir etc/ssl; mount --bind /etc/ssl etc/ssl; }
echo '127.0.0.1 localhost OpenWrt' > etc/hosts
echo 'nameserver 127.0.0.1' > etc/resolv.conf
exit 0
`;
}

/**
 * The same for a real OpenWrt root directory: an overlay over it, so that it stays as it is; the host's settings below
 * /proc/sys are read-only inside. Writes /run/boot.sh, which becomes procd, and what the ISPs' DHCP servers need.
 */
export function openwrtScript(options: RootOptions & { readonly root: string }): string {
	const { shared, repo, root, tmpBytes } = options;
	return `
set -e
mkdir -p /run/over ${ROOT}; mount -t tmpfs -o size=256m over /run/over; mkdir /run/over/up /run/over/work
mount -t overlay overlay -o lowerdir=${quote(root)},upperdir=/run/over/up,workdir=/run/over/work ${ROOT}
cd ${ROOT}
mount -t tmpfs -o mode=1777,size=${tmpBytes} tmp tmp
mkdir -p tmp/lock tmp/log tmp/run/ubus tmp/run/lab tmp/state tmp/shm tmp/sysinfo tmp/etc
echo lab > tmp/sysinfo/model; echo autonomy,lab > tmp/sysinfo/board_name
chmod 755 ${quote(`${shared}/ubus`)}; mount --bind ${quote(`${shared}/ubus`)} tmp/run/ubus
mkdir -p .${REPO_INSIDE}; mount --bind ${quote(repo)} .${REPO_INSIDE}; mount -o remount,bind,ro .${REPO_INSIDE}
mount -t tmpfs -o mode=755,size=512k tmpfs dev
for f in null zero full random urandom tty; do touch dev/$f; mount --bind /dev/$f dev/$f; done
ln -s /proc/self/fd dev/fd; : > /run/console; for f in console kmsg; do touch dev/$f; mount --bind /run/console dev/$f; done
for i in $(seq 1 16); do printf 'start 100.64.%s.50\nend 100.64.%s.99\ninterface cust0\nmax_leases 50\nlease_file /run/leases.%s\npidfile /run/udhcpd.%s.pid\nopt subnet 255.255.255.0\nopt router 100.64.%s.1\nopt dns 8.8.8.8\nopt lease 3600\n' $i $i $i $i $i > /run/udhcpd.$i; : > /run/leases.$i; done
cat > /run/boot.sh <<'BOOT'
cd ${ROOT}
mount -t proc proc proc
for d in kernel vm fs dev; do mount --bind proc/sys/$d proc/sys/$d; mount -o remount,bind,ro proc/sys/$d; done
mount -t sysfs sysfs sys
for d in block bus dev firmware fs hypervisor kernel module power devices/system devices/platform; do
	[ -d sys/$d ] && mount --bind sys/$d sys/$d && mount -o remount,bind,ro sys/$d
done
hostname OpenWrt
exec setpriv --bounding-set -sys_time,-sys_module,-mknod,-sys_rawio,-syslog --inh-caps -all \\
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux container=lxc chroot ${ROOT} /sbin/procd
BOOT
`;
}
