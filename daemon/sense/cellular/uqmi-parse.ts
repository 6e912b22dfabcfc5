/**
 * Replies of uqmi: native JSON; a text such as "Not supported" when the modem refuses. Signal of an EN-DC link is an
 * array, of a single radio a table. Not told by uqmi: SIM slots, temperature.
 */

import { at, tableOf, tablesOf, wholeIn, wordOf } from "../values.ts";
import { NOTHING, type Reading, type Registration } from "./reading.ts";
import { carriersOf, merge, plmnOf, signalOf, technologyOf } from "./values.ts";

export function parseSignal(reply: unknown): Reading {
	const radios = (Array.isArray(reply) ? tablesOf(reply) : [tableOf(reply)]).map((one) => ({
		type: wordOf(one.type) ?? "",
		...signalOf(one.rsrp, one.rsrq, one.snr, one.rssi ?? one.signal),
	}));
	const best = radios.find((one) => one.type === "lte") ?? radios[0];
	if (best === undefined) return NOTHING;
	const { type: _, ...signal } = best;
	return { ...NOTHING, ...signal, technology: technologyOf(radios.map((one) => one.type).join(" ")) };
}

const REGISTRATION: Readonly<Record<string, Registration>> = {
	registered: "home",
	searching: "searching",
	registering_denied: "denied",
	not_registered: "none",
	unregistered: "none",
};

export function withServing(base: Reading, reply: unknown): Reading {
	const word = wordOf(at(reply, "registration"));
	const state = word !== null && Object.hasOwn(REGISTRATION, word) ? (REGISTRATION[word] ?? null) : null;
	return merge(base, {
		registration: state === "home" && at(reply, "roaming") === true ? "roaming" : state,
		operator: wordOf(at(reply, "plmn_description")),
		plmn: plmnOf(at(reply, "plmn_mcc"), at(reply, "plmn_mnc")),
	});
}

/** The radio in service has the cell; identities are split by uqmi (eNB or RNC and cell) and put together again here. */
export function withSystem(base: Reading, reply: unknown): Reading {
	for (const radio of ["lte", "5gnr", "wcdma", "gsm"]) {
		const info = at(reply, radio);
		if (wordOf(at(info, "service_status")) !== "available") continue;
		const low = wholeIn(at(info, "cell_id"), 0, 65_535);
		const high = wholeIn(at(info, "enodeb_id") ?? at(info, "rnc_id"), 0, 268_435_455);
		const factor = radio === "wcdma" ? 65_536 : 256;
		const cell = low === null ? null : high === null ? low : high * factor + low;
		const area = wholeIn(at(info, "tracking_area_code") ?? at(info, "location_area_code"), 1, 16_777_214);
		return merge(base, {
			cellId: cell === null || cell === 0 ? null : String(cell),
			tac: area === null ? null : String(area),
		});
	}
	return base;
}

/** `--get-lte-cphy-ca-info`: primary and secondary_N. */
export function withCarriers(base: Reading, reply: unknown): Reading {
	const table = tableOf(reply);
	const names = Object.keys(table).filter((name) => /^(?:primary|secondary(?:_\d{1,2})?)$/.test(name));
	const active = names.sort().filter((name) => name === "primary" || wordOf(at(table, name, "state")) === "activated");
	const carriers = carriersOf(
		active.map((name) => {
			const { band, cell_id, channel, bandwidth } = tableOf(table[name]);
			return { band, pci: cell_id, channel, bandwidth };
		}),
	);
	return merge(base, { carriers, band: carriers[0]?.band ?? null });
}

export function withSession(base: Reading, reply: unknown): Reading {
	const word = wordOf(reply);
	if (word === "connected") return { ...base, connected: true };
	return word === "disconnected" ? { ...base, connected: false } : base;
}
