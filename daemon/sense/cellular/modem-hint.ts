/**
 * Which modem, and which of its SIMs, an uplink is made of: by netifd's own words (RutOS puts modem and sim into the
 * interface's data), by /etc/config/network (modem, sim, device), by sysfs (the USB device the network device hangs on).
 * Everything found is passed on; a provider matches by what it knows. Names such as mob1s2a1 only tell the SIM.
 */
import type { Files } from "../../platform/platform.ts";
import { loadPackage } from "../../uci/load.ts";
import { optionText, type UciSection } from "../../uci/package.ts";
import type { Uplink } from "../../uplink/types.ts";
import { at, wholeIn, wordOf } from "../values.ts";

export interface ModemHint {
	/** "3-1", "1-1.4": where the modem sits on USB; null on PCIe or while unknown. */
	readonly usbId: string | null;
	/** Network device, and the one below it (qmimux0 rides on wwan0). */
	readonly netdevs: readonly string[];
	/** /dev/cdc-wdm0. */
	readonly control: string | null;
	readonly simSlot: number | null;
	/** The number in mob2s1a1, from 1: used when nothing else tells modems apart. */
	readonly number: number | null;
}

const USB_ID = /^\d{1,3}-\d{1,3}(?:\.\d{1,3}){0,6}$/;
const CONTROL = /^\/dev\/cdc-wdm\d{1,3}$/;

/** `status` is the reply of network.interface.<name> status, or null when there is none. */
export function hintOf(files: Files, uplink: Uplink, status: unknown): ModemHint {
	const section = configOf(files, uplink);
	const option = (name: string): string | null => (section === null ? null : wordOf(optionText(section, name)));
	const netdevs = devicesOf(files, uplink);
	const name = /^mob(\d{1,2})s(\d{1,2})a\d/.exec(uplink.id);
	const device = option("device");
	const usb = [at(status, "data", "modem"), option("modem"), lastPart(device)].map(wordOf).find(isUsbId);
	const control = device !== null && CONTROL.test(device) ? device : controlOf(files, netdevs);
	return {
		usbId: usb ?? usbOf(files, netdevs),
		netdevs,
		control,
		simSlot: slotOf(at(status, "data", "sim")) ?? slotOf(option("sim")) ?? slotOf(name?.[2]),
		number: wholeIn(name?.[1], 1, 99),
	};
}

function slotOf(value: unknown): number | null {
	return wholeIn(value, 1, 8);
}

function isUsbId(text: string | null): text is string {
	return text !== null && USB_ID.test(text);
}

function lastPart(path: string | null): string | null {
	return path === null ? null : path.slice(path.lastIndexOf("/") + 1);
}

/** The section of /etc/config/network a person wrote: the parent of mob1s1a1_4. */
function configOf(files: Files, uplink: Uplink): UciSection | null {
	const names = [uplink.ipv4?.interface, uplink.ipv6?.interface, uplink.id].flatMap((name) =>
		name === undefined ? [] : [name.replace(/_[46]$/, ""), name],
	);
	try {
		const network = loadPackage(files, "network", { strict: false });
		return network?.sections.find((one) => one.type === "interface" && names.includes(one.name)) ?? null;
	} catch {
		return null; // an unreadable file tells nothing; discovery has complained about it
	}
}

function devicesOf(files: Files, uplink: Uplink): readonly string[] {
	const names = [uplink.device, uplink.lowerDevice].filter((name): name is string => name !== null);
	const below = names.flatMap((name) =>
		listOf(files, `/sys/class/net/${name}`).flatMap((entry) =>
			entry.startsWith("lower_") ? [entry.slice("lower_".length)] : [],
		),
	);
	return [...new Set([...names, ...below])];
}

function listOf(files: Files, path: string): readonly string[] {
	try {
		return files.list(path);
	} catch {
		return []; // what sysfs will not show is not known
	}
}

/** /sys/class/net/wwan0/device -> ../../../3-1:1.4 (the interface of USB device 3-1). */
function usbOf(files: Files, netdevs: readonly string[]): string | null {
	for (const name of netdevs) {
		const usb = lastPart(files.readLink(`/sys/class/net/${name}/device`))?.split(":")[0] ?? null;
		if (isUsbId(usb)) return usb;
	}
	return null;
}

function controlOf(files: Files, netdevs: readonly string[]): string | null {
	for (const name of netdevs) {
		const wdm = listOf(files, `/sys/class/net/${name}/device/usbmisc`).find((entry) => CONTROL.test(`/dev/${entry}`));
		if (wdm !== undefined) return `/dev/${wdm}`;
	}
	return null;
}
