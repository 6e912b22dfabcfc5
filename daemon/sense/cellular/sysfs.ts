/**
 * When nobody speaks to the modem there is still the kernel: that its network device exists, whether it has carrier,
 * what the USB device calls itself. Costs two small reads; tells no signal, and says so in health.
 */
import { AutonomyError } from "../../platform/error.ts";
import type { Files } from "../../platform/platform.ts";
import { readCarrier } from "../../uplink/build.ts";
import { wordOf } from "../values.ts";
import type { Provider } from "./provider.ts";
import { NOTHING } from "./reading.ts";

function textOf(files: Files, path: string): string | null {
	try {
		return wordOf(files.readTextIfAny(path));
	} catch {
		return null; // EINVAL and the like: the kernel has nothing to say
	}
}

export function createSysfs(files: Files): Provider {
	return {
		name: "sysfs",
		startsPrograms: false,
		ask(hint) {
			const device = hint.netdevs.find((name) => files.stat(`/sys/class/net/${name}`) !== null);
			if (device === undefined) {
				return Promise.reject(new AutonomyError("not_found", "the modem's network device is not there"));
			}
			const model = hint.usbId === null ? null : textOf(files, `/sys/bus/usb/devices/${hint.usbId}/product`);
			return Promise.resolve({ ...NOTHING, connected: readCarrier(files, device), model });
		},
	};
}
