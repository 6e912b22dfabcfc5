/**
 * Network devices of the lab's router as netifd reports them: carrier from a long-lived `ip monitor link`, counters from
 * sysfs at the moment of asking.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";

export interface Devices {
	names(): string[];
	present(name: string): boolean;
	carrier(name: string): boolean;
	status(name: string): BlobInputTable | null;
	/** Called when a device gets or loses carrier, appears or goes. */
	onChange(listener: (name: string) => void): void;
	close(): void;
}

const SYS = "/sys/class/net";

function sys(name: string, file: string): string | null {
	try {
		return readFileSync(`${SYS}/${name}/${file}`, "utf8").trim();
	} catch {
		return null;
	}
}

function statistics(name: string): Record<string, number> {
	const out: Record<string, number> = {};
	try {
		for (const file of readdirSync(`${SYS}/${name}/statistics`)) {
			out[file] = Number(sys(name, `statistics/${file}`) ?? 0);
		}
	} catch {
		// The device went between two reads.
	}
	return out;
}

/** Like netifd's answer for a plain Ethernet device. */
function describe(name: string): BlobInputTable | null {
	const mtu = sys(name, "mtu");
	if (mtu === null) return { external: false, present: false, type: "Network device", up: false, carrier: false };
	const flags = Number(sys(name, "flags") ?? 0);
	const bridge = sys(name, "bridge/bridge_id") !== null;
	const members = bridge ? readdirSync(`${SYS}/${name}/brif`) : [];
	return {
		external: false,
		present: true,
		type: bridge ? "bridge" : "Network device",
		up: (flags & 1) === 1,
		carrier: sys(name, "carrier") === "1",
		auth_status: false,
		...(bridge ? { "bridge-members": members, "bridge-attributes": { stp: false, forward_delay: 0 } } : {}),
		"link-advertising": [],
		"link-partner-advertising": [],
		"link-supported": [],
		speed: bridge ? "-1F" : `${sys(name, "speed") ?? "-1"}F`,
		autoneg: false,
		devtype: bridge ? "bridge" : "ethernet",
		mtu: Number(mtu),
		mtu6: Number(mtu),
		macaddr: sys(name, "address") ?? "",
		txqueuelen: Number(sys(name, "tx_queue_len") ?? 0),
		ipv6: true,
		promisc: (flags & 0x100) !== 0,
		multicast: true,
		statistics: statistics(name),
	};
}

export function createDevices(): Devices {
	const listeners: ((name: string) => void)[] = [];
	const carriers = new Map<string, boolean>();
	const names = (): string[] => {
		try {
			return readdirSync(SYS).sort();
		} catch {
			return [];
		}
	};
	const carrier = (name: string): boolean => sys(name, "carrier") === "1";

	function changed(name: string, now: boolean): void {
		if (carriers.get(name) === now) return;
		carriers.set(name, now);
		for (const listener of listeners) listener(name);
	}

	for (const name of names()) carriers.set(name, carrier(name));
	const monitor: ChildProcess = spawn("ip", ["-o", "monitor", "link"], { stdio: ["ignore", "pipe", "ignore"] });
	if (monitor.stdout) {
		createInterface({ input: monitor.stdout }).on("line", (line) => {
			const match = /^(Deleted )?\d+: ([^:@\s]+)[^<]*<([^>]*)>/.exec(line);
			const name = match?.[2];
			if (!match || name === undefined) return;
			changed(name, match[1] === undefined && (match[3] ?? "").split(",").includes("LOWER_UP"));
		});
	}

	return {
		names,
		present: (name) => sys(name, "mtu") !== null,
		carrier,
		status: describe,
		onChange: (listener) => listeners.push(listener),
		close: () => monitor.kill(),
	};
}
