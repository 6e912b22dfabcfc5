/**
 * A position receiver on the router: RutOS's ubus object `gpsd` (names and types of test/samples/rutos), or gpsd's JSON
 * on TCP 2947 (VERSION, DEVICES after WATCH, then a SKY and a TPV every second). Where it is is set from outside.
 */
import { createServer } from "node:net";
import { double } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";

export type ReceiverKind = "rutos" | "gpsd";

export interface ReceiverState {
	readonly latitude: number;
	readonly longitude: number;
	readonly speedMps: number;
	readonly fix: boolean;
}

export const RECEIVER: ReceiverState = { latitude: 54.687157, longitude: 25.279652, speedMps: 0, fix: true };

export interface Receiver {
	set(change: Partial<ReceiverState>): void;
}

const GPSD_PORT = 2947;

export function serveReceiver(bus: Bus, kind: ReceiverKind | null): Receiver {
	let state = RECEIVER;
	if (kind === "rutos") {
		bus.serve({
			path: "gpsd",
			methods: {
				position: {
					args: {},
					handle: () => ({
						latitude: double(state.fix ? state.latitude : 0),
						longitude: double(state.fix ? state.longitude : 0),
						altitude: double(112.3),
						angle: double(0),
						speed: double(state.speedMps * 3.6),
						accuracy: double(2.5),
						hdop: double(0.9),
						fix_status: state.fix ? 1 : 0,
						satellites: state.fix ? 9 : 2,
						timestamp: double(Date.now()),
					}),
				},
			},
		});
	}
	if (kind === "gpsd") {
		createServer((socket) => {
			let timer: NodeJS.Timeout | null = null;
			const send = (value: object): void => void socket.write(`${JSON.stringify(value)}\r\n`);
			const report = (): void => {
				const { latitude, longitude, speedMps, fix } = state;
				send({ class: "SKY", device: "/dev/ttyUSB1", hdop: 0.9, uSat: fix ? 9 : 2 });
				const where = fix ? { lat: latitude, lon: longitude, altMSL: 112.3, eph: 4.5, speed: speedMps } : {};
				send({ class: "TPV", device: "/dev/ttyUSB1", mode: fix ? 3 : 1, time: new Date().toISOString(), ...where });
			};
			send({ class: "VERSION", release: "3.25", rev: "3.25", proto_major: 3, proto_minor: 15 });
			socket.on("data", (bytes) => {
				if (!String(bytes).startsWith("?WATCH=") || timer !== null) return;
				send({ class: "DEVICES", devices: [{ class: "DEVICE", path: "/dev/ttyUSB1", driver: "NMEA0183" }] });
				timer = setInterval(report, 1000);
			});
			socket.on("error", () => undefined);
			socket.on("close", () => {
				if (timer !== null) clearInterval(timer);
			});
		}).listen(GPSD_PORT, "127.0.0.1");
	}
	return {
		set(change) {
			state = { ...state, ...change };
		},
	};
}
