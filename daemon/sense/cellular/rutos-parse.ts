/**
 * Replies of RutOS `gsm.modemN`. Everything about the link sits in `cache` of `info`; the fresh signal comes from
 * `get_signal_query`. Keys are absent when unknown; `reg_stat` follows 3GPP TS 27.007 (+CREG), its text is preferred.
 */

import { at, numberIn, tablesOf, wholeIn, wordOf } from "../values.ts";
import { NOTHING, type Reading, type Registration, type SimState } from "./reading.ts";
import { carriersOf, idOf, merge, plmnOf, signalOf, technologyOf } from "./values.ts";

export interface RutosModem {
	readonly usbId: string | null;
	readonly netdev: string | null;
	/** The modem is busy with a scan, an update or a restart: it is not asked for more. */
	readonly busy: boolean;
	readonly reading: Reading;
}

/** TS 27.007 7.2: 0 off, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming, 6/7 SMS only, 8 emergency only. */
const REGISTRATION: readonly (Registration | null)[] = [
	"none",
	"home",
	"searching",
	"denied",
	null,
	"roaming",
	"none",
	"none",
	"none",
	"home",
	"roaming",
];

export function registrationOf(text: unknown, code: unknown): Registration | null {
	const words = wordOf(text)?.toLowerCase() ?? "";
	if (words.includes("denied")) return "denied";
	if (words.includes("searching")) return "searching";
	if (words.includes("not registered") || words.includes("emergency") || words.includes("sms only")) return "none";
	if (words.includes("roaming")) return "roaming";
	if (words.includes("home") || words === "registered") return "home";
	const number = wholeIn(code, 0, REGISTRATION.length - 1);
	return number === null ? null : (REGISTRATION[number] ?? null);
}

function simOf(text: unknown): SimState | null {
	const words = wordOf(text)?.toLowerCase() ?? "";
	if (words === "") return null;
	if (/not inserted|no sim|removed|absent/.test(words)) return "missing";
	if (/pin|puk|lock/.test(words)) return "locked";
	if (/fail|blocked|error/.test(words)) return "failed";
	return /ready|inserted|ok/.test(words) ? "ready" : null;
}

export function parseInfo(reply: unknown): RutosModem {
	const cache = at(reply, "cache");
	const get = (name: string): unknown => at(cache, name);
	const technology = technologyOf(wordOf(get("net_mode_str")));
	const signal = signalOf(get("rsrp_value"), get("rsrq_value"), get("sinr_value"), get("rssi_value"));
	const cells = tablesOf(get("cell_info"));
	const carriers = carriersOf(
		cells.map(({ pcid, earfcn, arfcn, bandwidth, rsrp }) => ({ pci: pcid, channel: earfcn ?? arfcn, bandwidth, rsrp })),
	);
	const temperature = numberIn(get("temperature"), -400, 1_250);
	return {
		usbId: wordOf(at(reply, "usb_id")),
		netdev: wordOf(at(reply, "data_port")),
		busy: at(reply, "is_busy") === true || at(reply, "is_busy") === 1,
		reading: {
			...NOTHING,
			...signal,
			technology,
			band: wordOf(get("band_str")),
			carriers,
			cellId: idOf(get("reg_ci")) ?? idOf(cells[0]?.cellid),
			tac: idOf(get("reg_tac")) ?? idOf(get("reg_lac")),
			operator: wordOf(get("operator")) ?? wordOf(get("provider_name")),
			plmn: plmnOf(cells[0]?.mcc, cells[0]?.mnc),
			registration: registrationOf(get("reg_stat_str"), get("reg_stat")),
			sim: simOf(get("pin_state_str")),
			simSlot: wholeIn(get("sim"), 1, 8),
			simSlots: wholeIn(at(reply, "simcount"), 1, 8),
			// In 0.1 C (help of gsmctl -c).
			temperatureC: temperature === null ? null : temperature / 10,
			model: wordOf(at(reply, "model")),
		},
	};
}

export function withSignal(base: Reading, reply: unknown): Reading {
	const signal = signalOf(at(reply, "rsrp"), at(reply, "rsrq"), at(reply, "sinr"), at(reply, "rssi"));
	// All or nothing: a fresh RSRP beside a stale SINR belongs to two moments.
	if (signal.rsrpDbm === null && signal.rssiDbm === null) return base;
	const technology = technologyOf(wordOf(at(reply, "net_mode")));
	return { ...base, ...signal, technology: technology ?? base.technology };
}

export function withCarriers(base: Reading, reply: unknown): Reading {
	const list = tablesOf(at(reply, "list"));
	const ordered = [...list].sort((a, b) => Number(b.primary === true) - Number(a.primary === true));
	const carriers = ordered.map((one) => ({
		band: one.band ?? one.band_id,
		pci: one.pcid,
		channel: one.frequency,
		rsrp: one.rsrp,
	}));
	return merge(base, { carriers: carriersOf(carriers) });
}
