/**
 * mmcli and uqmi as programs in a folder of their own, for tests that run them for real. They take the arguments and print
 * the words of the real ones (ModemManager's mmcli, uqmi's help and sources); what they answer is files in the folder:
 * modem.json, signal.json ... A file that is missing is a modem that is not there; `hang` makes them wait for ever.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MMCLI = `
last=""
for word in "$@"; do
	case "$word" in
	-L) answer=list.json ;;
	-m) ;;
	/org/freedesktop/ModemManager1/Modem/*) [ -n "$answer" ] || answer=modem.json ;;
	--signal-get) answer=signal.json ;;
	--location-get) answer=location.json ;;
	--get-cell-info) answer=cells.json ;;
	--signal-setup=*) answer="" ; echo "Successfully setup extended signal quality information polling" ; exit 0 ;;
	--set-primary-sim-slot=*) echo "$word" >"$HERE/switched" ; echo "successfully requested primary SIM switch" ; exit 0 ;;
	-J) json=1 ;;
	*) echo "error: unknown option '$word'" >&2 ; exit 1 ;;
	esac
done
[ -n "$json" ] || { echo "error: text output is not asked for" >&2 ; exit 1 ; }
[ -e "$HERE/$answer" ] || { echo "error: couldn't find modem" >&2 ; exit 1 ; }
cat "$HERE/$answer"
`;

const UQMI = `
[ "$1 $2 $4" = "-s -t -d" ] || { echo "Usage: uqmi <options|actions>" >&2 ; exit 1 ; }
[ -e "$HERE/signal.json" ] || { echo "Failed to open device" >&2 ; exit 1 ; }
case "$6" in
--get-signal-info) cat "$HERE/signal.json" ;;
--get-serving-system) cat "$HERE/serving.json" ;;
--get-data-status) echo '"connected"' ;;
*) echo '"Not supported"' ; exit 1 ;;
esac
`;

export interface ModemTools {
	readonly folder: string;
	answer(file: string, value: unknown): void;
	remove(file: string): void;
	close(): void;
}

export function modemTools(...names: readonly ("mmcli" | "uqmi")[]): ModemTools {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-modem-"));
	for (const name of names) {
		const path = join(folder, name);
		const body = name === "mmcli" ? MMCLI : UQMI;
		// exec: the limit of time must hit the one that waits.
		writeFileSync(path, `#!/bin/sh\nHERE='${folder}'\n[ ! -e "$HERE/hang" ] || exec sleep 60\n${body}`);
		chmodSync(path, 0o755);
	}
	const oldPath = process.env.PATH;
	process.env.PATH = `${folder}:${oldPath}`;
	return {
		folder,
		answer: (file, value) => writeFileSync(join(folder, file), JSON.stringify(value)),
		remove: (file) => rmSync(join(folder, file), { force: true }),
		close() {
			process.env.PATH = oldPath;
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
