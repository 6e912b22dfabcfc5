/**
 * RutOS: `gsm.modemN` on the bus. `info` is gsmd's own cache and costs the modem nothing; the fresh signal is one AT
 * command away, aggregation another, asked now and then. Events of gsmd and mobifd tell when to ask again. SIMs are
 * switched by `mobifd.modemN switch_sim`, as RutOS's own scripts do.
 */
import type { Bus } from "../../bus/bus.ts";
import { AutonomyError } from "../../platform/error.ts";
import { parseRutosNeighbours } from "./heard.ts";
import type { ModemHint } from "./modem-hint.ts";
import type { Provider } from "./provider.ts";
import { parseInfo, type RutosModem, withCarriers, withSignal } from "./rutos-parse.ts";

const LIMIT = { timeoutMs: 2_500 } as const;
const EVENTS = ["gsm.*", "sim.*", "mctl.*", "mobifd*"] as const;
const OBJECT = /^gsm\.modem\d{1,2}$/;

export function createRutos(bus: Bus): Provider {
	let path: string | null = null;
	let knownFor = "";

	/** The modem's object: by USB place, by network device, as the only one, else by the number in the name. */
	async function find(hint: ModemHint): Promise<string> {
		const paths = (await bus.list("gsm.modem*", LIMIT)).map((one) => one.path).filter((one) => OBJECT.test(one));
		if (paths.length === 0) throw new AutonomyError("bus_not_found", "no gsm.modem object on the bus");
		const modems: [string, RutosModem][] = [];
		for (const one of paths.sort()) modems.push([one, parseInfo(await bus.call(one, "info", {}, LIMIT))]);
		const by = (matches: (modem: RutosModem) => boolean): string | undefined =>
			modems.find(([, modem]) => matches(modem))?.[0];
		const found =
			by((modem) => modem.usbId !== null && modem.usbId === hint.usbId) ??
			by((modem) => hint.usbId === null && modem.netdev !== null && hint.netdevs.includes(modem.netdev)) ??
			(hint.usbId === null && modems.length === 1 ? modems[0]?.[0] : undefined) ??
			(hint.usbId === null && hint.number !== null ? modems[hint.number - 1]?.[0] : undefined);
		if (found === undefined) {
			throw new AutonomyError("not_found", `none of ${paths.join(", ")} is the modem at ${hint.usbId ?? "?"}`);
		}
		return found;
	}

	async function objectOf(hint: ModemHint): Promise<string> {
		const key = `${hint.usbId} ${hint.netdevs.join()}`;
		if (path === null || key !== knownFor) path = await find(hint);
		knownFor = key;
		return path;
	}

	return {
		name: "RutOS gsm",
		startsPrograms: false,
		async ask(hint, full) {
			const object = await objectOf(hint);
			try {
				const modem = parseInfo(await bus.call(object, "info", {}, LIMIT));
				let { reading } = modem;
				if (modem.busy) return reading;
				// Either may be missing on a model or time out behind a long AT command: the cache is still an answer.
				reading = withSignal(reading, await bus.call(object, "get_signal_query", {}, LIMIT).catch(() => null));
				if (!full) return reading;
				return withCarriers(reading, await bus.call(object, "get_ca_info", {}, LIMIT).catch(() => null));
			} catch (error) {
				path = null; // numbers of modems change when one is plugged in or restarts
				throw error;
			}
		},
		async heard(hint) {
			return parseRutosNeighbours(await bus.call(await objectOf(hint), "get_neighbour_cells", {}, LIMIT));
		},
		async switchSim(hint, slot) {
			const object = (await objectOf(hint)).replace(/^gsm/, "mobifd");
			await bus.call(object, "switch_sim", { sim_id: slot, esim_index: 0 }, { timeoutMs: 10_000 });
		},
		listen(changed) {
			const listeners = EVENTS.map((pattern) => bus.listen(pattern, changed));
			return {
				close() {
					for (const one of listeners) one.close();
				},
			};
		},
	};
}
