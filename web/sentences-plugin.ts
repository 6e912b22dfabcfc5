/**
 * What the plugin of rpcd says of the service and of what a report holds, as patterns for translation. The pages show it, the
 * phone app does not. test/web/told-sources.test.ts holds them against the plugin's own texts.
 */
import { DIAGNOSTICS } from "../contract/api-rpcd.ts";
import { say } from "./say.ts";
import { compile, fit } from "./told.ts";

/** rpcd/lib/service.sh; {names} stand for what differs. */
export const SERVICE: readonly string[] = [
	"autonomy is not installed completely: install the package again",
	"Switched off: option enable in section main is 0",
	"Ended with code {code} and is started again in a few seconds; the log tells why",
	"Stopped",
	"Stopped, and not started at boot",
	"Runs, but is not on ubus yet",
	"Runs",
	"Runs, but is not started at boot",
	"there is no /etc/init.d/autonomy: install the package again",
	"option enable in section main is 0: set it to 1, then start",
	"Started",
	"Stopped; the router goes on as it is configured without autonomy",
	"Restarted",
	"The configuration is read again",
	"Starts at boot from now on",
	"Does not start at boot any more",
	"{action} takes its time; look again in a few seconds",
];

/** rpcd/lib/diagnostics.sh: what is hidden in a report. */
export const MASKED: readonly string[] = [
	"secrets of the configuration, and what is called password, key or token",
	"positions, and the cells that tell them",
	"numbers of modems and SIM cards",
	"MAC addresses",
];

export const PLUGIN: readonly string[] = [...SERVICE, ...MASKED, ...Object.values(DIAGNOSTICS)];

/** In the reader's language; what is not known stays as it was said. */
export function toldByPlugin(text: string): string {
	for (const pattern of PLUGIN) {
		const parts = fit(compile(pattern), text);
		if (parts !== null) return say(_(pattern), parts);
	}
	return text;
}
