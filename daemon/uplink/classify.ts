/**
 * What kind of link it is: by netifd's protocol, by what sysfs says of the device, by the owner's hint. Never from an
 * interface's name or an address range alone: "eth" can be a dish, a modem or a farm's fibre. Starlink is decided by
 * sense/starlink, by a dish that answers, or by the owner's `option class`.
 */
import type { UplinkClass } from "../health/types.ts";
import type { Files } from "../platform/platform.ts";

export interface Classified {
	readonly class: UplinkClass;
	readonly reason: string;
}

/** netifd protocols that speak to a modem (feeds: comgt, uqmi, umbim, modemmanager; RutOS: wwan, connm). */
const CELLULAR_PROTOS: ReadonlySet<string> = new Set([
	"3g",
	"qmi",
	"mbim",
	"ncm",
	"directip",
	"hso",
	"wwan",
	"connm",
	"modemmanager",
	"fm350",
	"quectel",
]);

/** Layer 2 over a plain Ethernet-like device. */
const WIRED_PROTOS: ReadonlySet<string> = new Set(["pppoe", "pppoa", "dslite", "map"]);

export const TUNNEL_PROTOS: ReadonlySet<string> = new Set([
	"wireguard",
	"gre",
	"gretap",
	"grev6",
	"grev6tap",
	"ipip",
	"ip6ip",
	"6in4",
	"6rd",
	"l2tp",
	"pptp",
	"sstp",
	"vti",
	"vtiv6",
	"xfrm",
	"openconnect",
	"openvpn",
	"vxlan",
	"vxlan6",
	"tinc",
	"zerotier",
	"tailscale",
]);

/** USB network drivers of modems and phones; plain USB Ethernet adapters use others (r8152, ax88179_178a, asix). */
const MODEM_DRIVERS: ReadonlySet<string> = new Set([
	"qmi_wwan",
	"qmi_wwan_q",
	"qmi_wwan_f",
	"cdc_mbim",
	"cdc_ncm",
	"cdc_ether",
	"huawei_cdc_ncm",
	"rndis_host",
	"ipheth",
	"sierra_net",
	"hso",
	"option",
	"mhi_net",
	"iosm",
	"mtk_t7xx",
	"wwan",
]);

function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}

/** The driver's name from sysfs, or null for virtual devices. */
function driverOf(files: Files, device: string): string | null {
	const link = files.readLink(`/sys/class/net/${device}/device/driver`);
	return link === null ? null : baseName(link);
}

function deviceType(files: Files, device: string): string {
	const uevent = files.readTextIfAny(`/sys/class/net/${device}/uevent`) ?? "";
	return /^DEVTYPE=(\S+)$/m.exec(uevent)?.[1] ?? "";
}

export interface ClassifyInput {
	readonly proto: string;
	readonly device: string | null;
	readonly modem: boolean;
	/** `option class` of the owner's member section. */
	readonly hint: UplinkClass | null;
}

export function classify(files: Files, input: ClassifyInput): Classified {
	if (input.hint !== null) return { class: input.hint, reason: "set in /etc/config/autonomy" };
	if (input.modem) return { class: "cellular", reason: "netifd names its modem" };
	if (CELLULAR_PROTOS.has(input.proto)) return { class: "cellular", reason: `protocol ${input.proto}` };
	if (TUNNEL_PROTOS.has(input.proto)) return { class: "other", reason: `tunnel protocol ${input.proto}` };
	if (WIRED_PROTOS.has(input.proto)) return { class: "lan", reason: `protocol ${input.proto}` };
	if (input.device === null) return { class: "other", reason: "no device yet" };
	return classifyDevice(files, input.device);
}

function classifyDevice(files: Files, device: string): Classified {
	const folder = `/sys/class/net/${device}`;
	const type = deviceType(files, device);
	if (type === "wlan" || files.stat(`${folder}/phy80211`) || files.stat(`${folder}/wireless`)) {
		return { class: "wifi", reason: `${device} is a wireless device` };
	}
	if (type === "wwan") return { class: "cellular", reason: `${device} is a mobile broadband device` };
	const driver = driverOf(files, device);
	if (driver !== null && MODEM_DRIVERS.has(driver)) return { class: "cellular", reason: `driver ${driver}` };
	// VLANs and bridges over a wire are wires; ARPHRD_ETHER = 1 (linux/if_arp.h).
	if (files.readTextIfAny(`${folder}/type`)?.trim() === "1") return { class: "lan", reason: `${device} is Ethernet` };
	return { class: "other", reason: `nothing known about ${device}` };
}
