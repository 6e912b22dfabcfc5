/**
 * uqmi on the modem's control device, for plain proto qmi. Two programs per answer, for signal and registration; cell,
 * session and aggregation are asked now and then. uqmi waits for the device when netifd is using it: the limit of time
 * is short, and a busy device is no fault.
 */
import { AutonomyError } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import type { ModemHint } from "./modem-hint.ts";
import { complaint, runJson } from "./programs.ts";
import type { Provider } from "./provider.ts";
import { NOTHING, type Reading } from "./reading.ts";
import { parseSignal, withCarriers, withServing, withSession, withSystem } from "./uqmi-parse.ts";
import { merge } from "./values.ts";

const LIMIT_MS = 3_000;
/** uqmi's own limit, so that it ends by itself and leaves the device in order. */
const OWN_LIMIT_MS = "2000";

export function createUqmi(platform: Platform): Provider {
	let slow: Partial<Reading> = {};

	return {
		name: "uqmi",
		startsPrograms: true,
		async ask(hint: ModemHint, full) {
			const { control } = hint;
			if (control === null) throw new AutonomyError("not_found", "this modem has no QMI control device");
			const uqmi = (...args: readonly string[]): Promise<unknown> =>
				runJson(platform, "uqmi", ["-s", "-t", OWN_LIMIT_MS, "-d", control, ...args], LIMIT_MS);
			const reply = await uqmi("--get-signal-info");
			if (typeof reply === "string") throw complaint("uqmi", reply);
			const ask = (what: string): Promise<unknown> => uqmi(what).catch(() => null);
			const now = withServing(parseSignal(reply), await ask("--get-serving-system"));
			if (full) {
				let base = withSystem(NOTHING, await ask("--get-system-info"));
				base = withSession(base, await ask("--get-data-status"));
				slow = withCarriers(base, await ask("--get-lte-cphy-ca-info"));
			}
			return merge(merge(NOTHING, slow), now);
		},
	};
}
