/**
 * Keeps what was asked of and told to OpenCellID over a restart of the daemon: in /tmp, so never on flash, at most every
 * five minutes and when the daemon stops in order. How old it is, is told by the time since boot: the wall clock jumps, and
 * /tmp does not outlive the boot. Mode 600, gone as soon as the owner turns it off: the cells tell where the router is.
 */
import { errorText } from "../../platform/error.ts";
import type { Logger } from "../../platform/log.ts";
import type { Closable, Platform } from "../../platform/platform.ts";
import { at, numberIn } from "../values.ts";
import { CELLS_FILE, CELLS_FOLDER } from "./cells-file.ts";

const EVERY_MS = 300_000;
/** Twice what 2000 cells and two days of questions need. */
const MOST_BYTES = 524_288;
const VERSION = 1;

export interface CellStore extends Closable {
	/** What was saved and how long ago; null when there is nothing of use. */
	load(): { readonly content: unknown; readonly elapsedMs: number } | null;
	/** Something changed: it will be saved. */
	changed(): void;
	remove(): void;
}

export function createCellStore(
	platform: Pick<Platform, "files" | "timers">,
	log: Logger,
	content: () => object,
): CellStore {
	const { files, timers } = platform;
	let due: Closable | null = null;
	let told = false;

	/** Seconds since boot; null where there is no procfs. */
	function uptimeS(): number | null {
		return numberIn(files.readTextIfAny("/proc/uptime")?.split(" ")[0], 0, 1e10);
	}

	function save(): void {
		due = null;
		try {
			const bootS = uptimeS();
			if (bootS === null) return;
			files.makeDirectory(CELLS_FOLDER);
			files.writeAtomic(CELLS_FILE, JSON.stringify({ v: VERSION, uptime_s: bootS, ...content() }), 0o600);
			told = false;
		} catch (error) {
			if (!told)
				log.warn("provider", { what: "gps", reason: `cells are not kept over a restart: ${errorText(error)}` });
			told = true;
		}
	}

	return {
		load() {
			try {
				if ((files.stat(CELLS_FILE)?.size ?? 0) > MOST_BYTES) return null;
				const text = files.readTextIfAny(CELLS_FILE);
				if (text === null) return null;
				const saved = readJson(text);
				const [thenS, nowS] = [numberIn(at(saved, "uptime_s"), 0, 1e10), uptimeS()];
				if (at(saved, "v") !== VERSION || thenS === null || nowS === null || nowS < thenS) return null;
				return { content: saved, elapsedMs: (nowS - thenS) * 1000 };
			} catch (error) {
				log.warn("provider", { what: "gps", reason: `${CELLS_FILE}: ${errorText(error)}; cells are asked for again` });
				return null;
			}
		},
		changed() {
			due ??= timers.after(EVERY_MS, save);
		},
		remove() {
			due?.close();
			due = null;
			try {
				files.remove(CELLS_FILE);
			} catch (error) {
				log.warn("provider", { what: "gps", reason: errorText(error) });
			}
		},
		close() {
			if (due === null) return;
			due.close();
			save();
		},
	};
}

/** An engine's complaint quotes the text: here it would put places into the log. */
function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
