/**
 * The position's code (21 kB) is loaded when the owner turns it on: few routers have section gps enabled. Until then the
 * picture says that it is off; that it cannot be loaded is said in the log, and tried again with the next configuration.
 */
import { errorText } from "../../platform/error.ts";
import { CELLS_FILE } from "./cells-file.ts";
import type { Gps, GpsOptions, GpsPicture } from "./gps.ts";

const NOTHING: Omit<GpsPicture, "enabled"> = {
	fix: null,
	ageMs: null,
	stale: false,
	accuracyNowM: null,
	moving: null,
	travelledM: 0,
	sources: [],
	openCellId: { lookupsLastHour: 0, contributionsLastDay: 0, cached: 0, resting: false, waiting: 0 },
};

export function createLazyGps(options: GpsOptions): Gps {
	let gps: Gps | null = null;
	let loading = false;
	let closed = false;

	async function load(): Promise<void> {
		try {
			const { createGps } = await import("./gps.ts");
			if (closed) return;
			gps = createGps(options);
			gps.configure();
		} catch (error) {
			options.log.error("provider", { what: "gps", reason: `the position is not looked for: ${errorText(error)}` });
		} finally {
			loading = false;
		}
	}

	/** A file of an earlier run tells where the router is: it goes when the position is off. */
	const isWanted = (): boolean => options.config().gps.enabled || options.platform.files.stat(CELLS_FILE) !== null;

	return {
		configure() {
			if (gps !== null) gps.configure();
			else if (isWanted() && !loading) {
				loading = true;
				void load();
			}
		},
		picture: () => gps?.picture() ?? { enabled: options.config().gps.enabled, ...NOTHING },
		close() {
			closed = true;
			gps?.close();
		},
	};
}
