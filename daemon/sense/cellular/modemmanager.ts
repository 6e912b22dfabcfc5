/**
 * ModemManager by `mmcli -J`: two short programs per answer, more when all is asked. Where mmcli cannot be started, the
 * rpcd object `modemmanager` tells the same; it is second because each of its answers runs five or more mmcli by itself
 * and sets the signal's pace to one second (its source). Signal figures need `--signal-setup`; when nobody has set it (netifd
 * does with option signalrate) we do, once, which lasts until the modem restarts.
 */
import type { Bus } from "../../bus/bus.ts";
import { AutonomyError } from "../../platform/error.ts";
import type { Logger } from "../../platform/log.ts";
import type { Platform } from "../../platform/platform.ts";
import { at, tablesOf } from "../values.ts";
import { parseMmCells } from "./heard.ts";
import type { ModemHint } from "./modem-hint.ts";
import { type MmModem, parseList, parseModem, withLocation, withSignal } from "./modemmanager-parse.ts";
import { complaint, runJson, runText } from "./programs.ts";
import type { Provider } from "./provider.ts";
import type { Reading } from "./reading.ts";

const LIMIT_MS = 4_000;
const SIGNAL_EVERY_S = "5";

/** Is this the modem the uplink is made of? */
function serves(modem: MmModem, hint: ModemHint): boolean {
	if (hint.usbId !== null && modem.device !== null) return modem.device.endsWith(`/${hint.usbId}`);
	const control = hint.control?.slice("/dev/".length);
	return modem.ports.some((port) => port === control || hint.netdevs.includes(port));
}

function notHere(hint: ModemHint): AutonomyError {
	return new AutonomyError("not_found", `ModemManager has no modem at ${hint.usbId ?? hint.netdevs.join(", ")}`);
}

export function createMmcli(platform: Platform, log: Logger): Provider {
	let path: string | null = null;
	let setUp: string | null = null;

	const mmcli = (...args: readonly string[]): Promise<unknown> => runJson(platform, "mmcli", [...args, "-J"], LIMIT_MS);
	const modemOf = async (one: string): Promise<MmModem> => parseModem(at(await mmcli("-m", one), "modem"));

	async function find(hint: ModemHint): Promise<[string, MmModem]> {
		if (path !== null) {
			const modem = await modemOf(path);
			if (serves(modem, hint)) return [path, modem];
		}
		for (const one of parseList(await mmcli("-L"))) {
			const modem = await modemOf(one);
			if (serves(modem, hint)) return [one, modem];
		}
		throw notHere(hint);
	}

	async function signal(one: string, base: Reading): Promise<Reading> {
		const table = at(await mmcli("-m", one, "--signal-get"), "modem", "signal");
		const reading = withSignal(base, table);
		if (reading.rsrpDbm === null && reading.rssiDbm === null && setUp !== one) {
			setUp = one;
			await runText(platform, "mmcli", ["-m", one, `--signal-setup=${SIGNAL_EVERY_S}`], LIMIT_MS);
			log.info("provider", { reason: `mmcli --signal-setup=${SIGNAL_EVERY_S}: signal figures were off on ${one}` });
		}
		return reading;
	}

	return {
		name: "ModemManager",
		startsPrograms: true,
		async ask(hint, full) {
			try {
				const [one, modem] = await find(hint);
				path = one;
				const reading = await signal(one, modem.reading);
				if (!full) return reading;
				const location = await mmcli("-m", one, "--location-get").catch(() => null);
				return withLocation(reading, at(location, "modem", "location"));
			} catch (error) {
				path = null;
				throw error;
			}
		},
		async heard(hint) {
			const one = path ?? (await find(hint))[0];
			return parseMmCells(await mmcli("-m", one, "--get-cell-info"));
		},
		async switchSim(hint, slot) {
			const [one] = await find(hint);
			await runText(platform, "mmcli", ["-m", one, `--set-primary-sim-slot=${slot}`], 10_000);
		},
	};
}

export function createMmObject(bus: Bus): Provider {
	return {
		name: "ModemManager (rpcd)",
		startsPrograms: true,
		async ask(hint) {
			const reply = await bus.call("modemmanager", "dump", {}, { timeoutMs: LIMIT_MS });
			const list = at(reply, "modem");
			if (!Array.isArray(list)) throw complaint("modemmanager dump", "it lists no modems: not found");
			for (const table of tablesOf(list)) {
				const modem = parseModem(table);
				if (serves(modem, hint)) return withLocation(withSignal(modem.reading, table.signal), table.location);
			}
			throw notHere(hint);
		},
	};
}
