/**
 * The rpcd object `iwinfo` of a router whose ISPs are reached over Wi-Fi (LabOptions.radios): info, assoclist and survey
 * with the names and types of rpcd's iwinfo.c. What the radio measures is set from outside (scenario steps).
 */
import { int64 } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";

export interface RadioState {
	readonly signal: number;
	readonly ssid: string;
	readonly bssid: string;
	/** False: no access point. */
	readonly associated: boolean;
}

export const GOOD_RADIO: RadioState = {
	signal: -55,
	ssid: "Lab Harbour",
	bssid: "02:00:00:00:00:01",
	associated: true,
};

export interface Radios {
	set(isp: number, change: Partial<RadioState>): void;
}

/** `devices`: ISP number -> the router's device towards it. */
export function serveRadios(bus: Bus, devices: ReadonlyMap<number, string>): Radios {
	const states = new Map<string, RadioState>([...devices.values()].map((device) => [device, GOOD_RADIO]));
	const began = Date.now();
	const stateOf = (device: unknown): RadioState => {
		const state = states.get(String(device));
		if (state === undefined) throw new AutonomyError("not_found", `${device} is no radio`);
		return state;
	};
	if (devices.size > 0) {
		bus.serve({
			path: "iwinfo",
			methods: {
				info: {
					args: { device: "string" },
					handle({ device }) {
						const { ssid, bssid, signal, associated } = stateOf(device);
						const link = associated ? { bssid, signal, quality: 50, bitrate: 433_300 } : {};
						return { phy: "phy0", ssid, mode: "Client", channel: 36, frequency: 5180, noise: -92, ...link };
					},
				},
				assoclist: {
					args: { device: "string" },
					handle({ device }) {
						const { bssid, signal, associated } = stateOf(device);
						const seconds = Math.round((Date.now() - began) / 1000);
						const tx = { failed: 0, retries: seconds * 3, packets: seconds * 100, rate: 433_300 };
						const entry = { mac: bssid, signal, noise: -92, connected_time: seconds, rx: { rate: 390_000 }, tx };
						return { results: associated ? [entry] : [] };
					},
				},
				survey: {
					args: { device: "string" },
					handle({ device }) {
						stateOf(device);
						const ms = Date.now() - began;
						const row = { mhz: 5180, noise: 164, active_time: int64(ms), busy_time: int64(Math.round(ms / 5)) };
						return { results: [row] };
					},
				},
			},
		});
	}
	return {
		set(isp, change) {
			const device = devices.get(isp);
			if (device === undefined) throw new Error(`ISP ${isp} is not reached over Wi-Fi`);
			states.set(device, { ...stateOf(device), ...change });
		},
	};
}
