/**
 * Modems of a RutOS router on the lab's bus: `gsm.modemN` and `mobifd.modemN` with the names, nesting and types of
 * test/samples/rutos. What they measure is set from outside (scenario steps, traces). The modem of an ISP sits at USB
 * place "N-1" of the ISP's number; netifd names it in the interface's data, as RutOS does.
 */
import type { BlobInputTable, BlobTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";

export interface ModemState {
	readonly rsrp: number;
	readonly rsrq: number;
	readonly sinr: number;
	readonly rssi: number;
	readonly operator: string;
	readonly cell: string;
	/** As +CREG counts: 0 off, 1 home, 2 searching, 3 denied, 5 roaming. */
	readonly registration: number;
	readonly simPresent: boolean;
	/** Slot in use. */
	readonly sim: number;
}

export const GOOD_MODEM: ModemState = {
	rsrp: -85,
	rsrq: -9,
	sinr: 18,
	rssi: -58,
	operator: "Lab Mobile",
	cell: "29954840",
	registration: 1,
	simPresent: true,
	sim: 1,
};

const REGISTRATION: Readonly<Record<number, string>> = {
	0: "Not registered",
	1: "Registered, home",
	2: "Not registered, searching",
	3: "Registration denied",
	5: "Registered, roaming",
};

/** What the lab tells of an SMS that was sent: {isp, number, text}. */
export const SMS_EVENT = "lab.sms";

export interface Modems {
	set(isp: number, change: Partial<ModemState>): void;
	/** SIM switches asked for since the start, of all modems. */
	readonly switches: readonly { readonly isp: number; readonly slot: number }[];
}

export function usbPlace(isp: number): string {
	return `${isp}-1`;
}

/** What netifd adds to the data of the interface. */
export function interfaceData(isp: number): BlobInputTable {
	return { modem: usbPlace(isp), sim: "1", zone: "wan" };
}

export function infoOf(isp: number, device: string, state: ModemState): BlobInputTable {
	const registered = state.registration === 1 || state.registration === 5;
	const signal = { rssi_value: state.rssi, rsrp_value: state.rsrp, rsrq_value: state.rsrq, sinr_value: state.sinr };
	return {
		name: "Internal modem",
		model: "RG501Q-EU",
		manuf: "Quectel",
		usb_id: usbPlace(isp),
		data_port: device,
		builtin: true,
		primary: isp === 1,
		simcount: 2,
		state_id: 1,
		is_busy: false,
		cache: {
			sim: state.sim,
			pin_state_str: state.simPresent ? "READY" : "NOT INSERTED",
			operator: state.operator,
			reg_stat: state.registration,
			reg_stat_str: REGISTRATION[state.registration] ?? "Unknown",
			reg_tac: "1832",
			...(registered ? { reg_ci: state.cell, net_mode_str: "LTE", band_str: "LTE B7", ...signal } : {}),
			temperature: 410,
		},
	};
}

/** `devices`: ISP number -> the router's device towards it. */
export function serveModems(bus: Bus, devices: ReadonlyMap<number, string>): Modems {
	const states = new Map<number, ModemState>();
	const switches: { isp: number; slot: number }[] = [];

	[...devices].forEach(([isp, device], number) => {
		states.set(isp, GOOD_MODEM);
		const now = (): ModemState => states.get(isp) ?? GOOD_MODEM;
		const registered = (): boolean => now().registration === 1 || now().registration === 5;
		bus.serve({
			path: `gsm.modem${number}`,
			methods: {
				info: { args: {}, handle: () => infoOf(isp, device, now()) },
				get_signal_query: {
					args: {},
					handle() {
						if (!registered()) return { errno: 1, error: "Timeout" };
						const { rssi, rsrp, rsrq, sinr } = now();
						return { net_mode_id: 7, net_mode: "LTE", rssi, rsrp, sinr, rsrq };
					},
				},
				get_ca_info: {
					args: {},
					handle: () => ({ list: [{ primary: true, frequency: 3050, band_id: 7, pcid: 156, rsrp: now().rsrp }] }),
				},
				send_sms: {
					args: { number: "string", text: "string", async: "bool" },
					handle(args: BlobTable) {
						if (!registered()) return { errno: 1, error: "Timeout" };
						const message = { isp, number: String(args.number), text: String(args.text) };
						bus.send(SMS_EVENT, message).catch(() => {});
						return { status_id: 0, status: "OK", sms_used: 1 };
					},
				},
			},
		});
		bus.serve({
			path: `mobifd.modem${number}`,
			methods: {
				status: { args: {}, handle: () => ({ modem_id: usbPlace(isp) }) },
				switch_sim: {
					args: { sim_id: "int32", esim_index: "int32" },
					handle(args: BlobTable) {
						const slot = Number(args.sim_id);
						switches.push({ isp, slot });
						states.set(isp, { ...GOOD_MODEM, sim: slot });
						return null;
					},
				},
			},
		});
	});

	return {
		switches,
		set(isp, change) {
			const before = states.get(isp);
			if (before === undefined) throw new Error(`ISP ${isp} is reached without a modem`);
			const after = { ...before, ...change };
			states.set(isp, after);
			if (after.simPresent !== before.simPresent || after.sim !== before.sim) {
				bus.send("sim.changed", { modem: usbPlace(isp) }).catch(() => {});
			}
		},
	};
}
