/**
 * `mmcli -J` (ModemManager 1.18 to 1.24): every value is a text, "--" means not known. The same tables come from the
 * rpcd object `modemmanager` (dump), with signal and SIM put into the modem's table.
 */

import { at, wholeIn, wordOf } from "../values.ts";
import { NOTHING, type Reading, type Registration, type SimState } from "./reading.ts";
import { carriersOf, idOf, plmnOf, signalOf, technologyOf } from "./values.ts";

export interface MmModem {
	/** Where the device is in sysfs. */
	readonly device: string | null;
	/** cdc-wdm0, wwan0, ttyUSB2 ... */
	readonly ports: readonly string[];
	readonly reading: Reading;
}

/** `mmcli -L -J`: D-Bus paths of modems; anything that does not look like one is left out. */
export function parseList(reply: unknown): readonly string[] {
	const list = at(reply, "modem-list");
	const paths = Array.isArray(list) ? list.slice(0, 16) : [];
	return paths.filter(
		(path): path is string =>
			typeof path === "string" && /^\/org\/freedesktop\/ModemManager1\/Modem\/\d{1,6}$/.test(path),
	);
}

const REGISTRATION: Readonly<Record<string, Registration>> = {
	home: "home",
	roaming: "roaming",
	"roaming-csfb-not-preferred": "roaming",
	"home-csfb-not-preferred": "home",
	searching: "searching",
	denied: "denied",
	idle: "none",
	"emergency-only": "none",
	"home-sms-only": "none",
	"roaming-sms-only": "none",
	"attached-rlos": "none",
};

function simOf(state: string | null, failed: string | null, lock: string | null): SimState | null {
	if (failed === "sim-missing") return "missing";
	if (failed !== null && state === "failed") return "failed";
	if (state === "locked" || lock === "sim-pin" || lock === "sim-puk") return "locked";
	return state === null ? null : "ready";
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string | null): T | null {
	return key !== null && Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}

function words(value: unknown): readonly string[] {
	const list = Array.isArray(value) ? value.slice(0, 32) : [value];
	return list.map(wordOf).filter((word): word is string => word !== null);
}

/** `mmcli -m N -J`; `modem` is the table below "modem". */
export function parseModem(modem: unknown): MmModem {
	const generic = (name: string): unknown => at(modem, "generic", name);
	const gpp = (name: string): unknown => at(modem, "3gpp", name);
	const state = wordOf(generic("state"));
	const slots = words(generic("sim-slots")).length;
	const band = words(generic("current-bands"));
	// All supported bands when none is locked: that tells nothing about the one in use.
	const used = band.length > 0 && band.length <= 2 ? wordOf(band.join(" ")) : null;
	return {
		device: wordOf(generic("device")) ?? wordOf(at(modem, "device")),
		ports: words(generic("ports")).map((port) => port.replace(/ .*$/, "")),
		reading: {
			...NOTHING,
			technology: technologyOf(words(generic("access-technologies")).join(" ")),
			band: used,
			carriers: used === null ? [] : carriersOf(band.map((one) => ({ band: one }))),
			operator: wordOf(gpp("operator-name")),
			plmn: plmnOf(gpp("operator-code")),
			registration: lookUp(REGISTRATION, wordOf(gpp("registration-state"))),
			sim: simOf(state, wordOf(generic("state-failed-reason")), wordOf(generic("unlock-required"))),
			simSlot: wholeIn(generic("primary-sim-slot"), 1, 8),
			simSlots: slots > 0 ? slots : null,
			connected: state === null ? null : state === "connected",
			model: wordOf(generic("model")),
		},
	};
}

/** `--signal-get`; LTE first: without its anchor there is no EN-DC link. */
export function withSignal(base: Reading, signal: unknown): Reading {
	const of = (radio: string, rsrp = "rsrp", snr = "snr") =>
		signalOf(at(signal, radio, rsrp), at(signal, radio, "rsrq"), at(signal, radio, snr), at(signal, radio, "rssi"));
	const radios = [of("lte"), of("5g"), of("umts", "none", "none"), of("gsm", "none", "none")];
	const found = radios.find((one) => one.rsrpDbm !== null) ?? radios.find((one) => one.rssiDbm !== null);
	return found === undefined ? base : { ...base, ...found };
}

/** `--location-get`: hex texts. */
export function withLocation(base: Reading, location: unknown): Reading {
	const gpp = (name: string): string | null => idOf(at(location, "3gpp", name));
	const tac = gpp("tac");
	return { ...base, cellId: gpp("cid") ?? base.cellId, tac: tac ?? gpp("lac") ?? base.tac };
}
