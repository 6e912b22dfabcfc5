/**
 * What the kernel says of a wired link, read without starting a program: sysfs (carrier, speed, duplex, number of carrier
 * changes), /proc/net/dev (packets, errors) and /proc/net/arp (the gateway). While there is no carrier the kernel refuses
 * to tell speed and duplex (EINVAL) or says -1; virtual devices know none.
 */
import type { Files, Platform } from "../../platform/platform.ts";
import { wordsOf } from "../../platform/words.ts";
import { netDevFields, netDevText } from "../../uplink/net-dev.ts";
import { wholeIn } from "../values.ts";

export interface WiredReading {
	readonly carrier: boolean | null;
	readonly speedMbps: number | null;
	readonly duplex: "full" | "half" | null;
	/** Since the device was made. */
	readonly carrierChanges: number | null;
	readonly packets: PacketCounters | null;
}

export interface PacketCounters {
	readonly packets: number;
	readonly errors: number;
}

function sysfs(files: Files, device: string, name: string): string | null {
	try {
		return files.readTextIfAny(`/sys/class/net/${device}/${name}`)?.trim() ?? null;
	} catch {
		return null; // EINVAL: not known while the link is down
	}
}

function whole(text: string | null | undefined, low: number, high: number): number | null {
	return text != null && /^\d{1,16}$/.test(text) ? wholeIn(Number(text), low, high) : null;
}

/** Both directions together; null when the device has no line. Fields: bytes packets errs drop fifo frame ... twice. */
export function parseErrors(text: string, device: string): PacketCounters | null {
	const fields = netDevFields(text, device);
	const [rx, rxErrors, tx, txErrors] = [1, 2, 9, 10].map((at) => whole(fields?.[at], 0, Number.MAX_SAFE_INTEGER));
	if (rx == null || rxErrors == null || tx == null || txErrors == null) return null;
	return { packets: rx + tx, errors: rxErrors + txErrors };
}

export function readWired(platform: Pick<Platform, "files" | "clock">, device: string): WiredReading | null {
	const { files } = platform;
	if (files.stat(`/sys/class/net/${device}`) === null) return null;
	const carrier = sysfs(files, device, "carrier");
	const duplex = sysfs(files, device, "duplex");
	return {
		carrier: carrier === "1" ? true : carrier === "0" ? false : null,
		speedMbps: whole(sysfs(files, device, "speed"), 1, 400_000),
		duplex: duplex === "full" || duplex === "half" ? duplex : null,
		carrierChanges: whole(sysfs(files, device, "carrier_changes"), 0, 4_294_967_295),
		packets: parseErrors(netDevText(platform), device),
	};
}

/** answers: the kernel has its hardware address; silent: it asked and got none; null: nobody asked lately. */
export type Neighbour = "answers" | "silent" | null;

/** /proc/net/arp; flag 2 is ATF_COM, a complete entry (linux/if_arp.h). */
export function parseArp(text: string, address: string, device: string): Neighbour {
	for (const line of text.split("\n", 4096)) {
		if (!line.startsWith(address)) continue;
		const [ip, , flags, , , dev] = wordsOf(line);
		if (ip !== address || dev !== device || flags === undefined || !/^0x[0-9a-f]{1,4}$/i.test(flags)) continue;
		return (Number.parseInt(flags, 16) & 2) !== 0 ? "answers" : "silent";
	}
	return null;
}

/** `ip -6 neigh show dev X` (iproute2 and busybox): address, then words, the state last. */
export function parseNeighbours(text: string, address: string): Neighbour {
	for (const line of text.split("\n", 4096)) {
		const words = line.trim().split(/\s+/);
		if (words[0]?.toLowerCase() !== address.toLowerCase()) continue;
		const state = words[words.length - 1] ?? "";
		if (state === "FAILED" || state === "INCOMPLETE") return "silent";
		return /^(?:REACHABLE|STALE|DELAY|PROBE|PERMANENT|NOARP)$/.test(state) ? "answers" : null;
	}
	return null;
}
