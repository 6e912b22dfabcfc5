/**
 * Where the router is: one module for the whole router, beside the sensors of uplinks. Four sources, each with its own pace
 * and health (RutOS gpsd object, gpsd, dishes, cells by OpenCellID); the best position of them by accuracy and age; and
 * whether it moves. Off unless enabled: then there is no source and nothing is asked. The position is told to nobody but who
 * asks on this router's bus, and stands in no log; events tell distances only.
 */
import type { Bus } from "../../bus/bus.ts";
import type { Config } from "../../config/types.ts";
import { AutonomyError, errorText } from "../../platform/error.ts";
import type { Logger } from "../../platform/log.ts";
import type { Closable, Platform } from "../../platform/platform.ts";
import { createPoller, type Poller } from "../poller.ts";
import type { Details, SensorHealth } from "../sensor.ts";
import { at } from "../values.ts";
import { createCellStore } from "./cell-store.ts";
import { joinCells } from "./cells.ts";
import { createContributions, toMeasure } from "./contribution.ts";
import { bestFix, effectiveAccuracyM, type Fix, type GpsSource, parseDish, parseRutos } from "./fix.ts";
import { askGpsd } from "./gpsd.ts";
import { createMovement } from "./movement.ts";
import { createOpenCellId, type OpenCellIdStats } from "./opencellid.ts";
import { createSurroundings } from "./surroundings.ts";

export interface GpsOptions {
	readonly platform: Platform;
	readonly bus: Bus;
	readonly log: Logger;
	readonly config: () => Config;
	/** What the sensors of this name know, of all uplinks. */
	readonly details: (sensor: "starlink" | "cellular") => readonly Details[];
	readonly onEvent: (type: string, reason: string) => void;
	/** Another place: what was known of the surroundings is void. */
	readonly onMoved: (distanceM: number) => void;
}

export interface GpsPicture {
	readonly enabled: boolean;
	readonly fix: Fix | null;
	readonly ageMs: number | null;
	/** Too old to be more than the last known. */
	readonly stale: boolean;
	/** How far off it may be now. */
	readonly accuracyNowM: number | null;
	readonly moving: boolean | null;
	readonly travelledM: number;
	readonly sources: readonly { readonly source: GpsSource; readonly health: SensorHealth; readonly active: boolean }[];
	readonly openCellId: OpenCellIdStats & { readonly waiting: number };
}

export interface Gps extends Closable {
	/** Begins, and whenever the configuration was read again. */
	configure(): void;
	picture(): GpsPicture;
}

const ASK_LIMIT_MS = 8_000;
const CELLS_LIMIT_MS = 30_000;

export function createGps(options: GpsOptions): Gps {
	const { platform, bus, log } = options;
	const { clock } = platform;
	const settings = () => options.config().gps;
	const fixes = new Map<GpsSource, Fix>();
	const pollers = new Map<GpsSource, Poller>();
	const openCellId = createOpenCellId(platform);
	const contributions = createContributions();
	const surroundings = createSurroundings(clock);
	const store = createCellStore(platform, log, () => ({
		...openCellId.record(),
		told: contributions.rows(clock.monotonicMs()),
	}));
	/** What was known of cells before a restart has been read, and what is learned is kept. */
	let keeping: boolean | null = null;
	let movement = createMovement();
	let last: Fix | null = null;
	let flush: Closable | null = null;

	function take(fix: Fix): string {
		const { accuracyThresholdM, movementThresholdM } = settings();
		if (fix.source !== "opencellid" && fix.accuracyM > accuracyThresholdM) {
			throw new AutonomyError(
				"not_found",
				`its position is off by ${Math.round(fix.accuracyM)} m, more than accuracy_threshold_m`,
			);
		}
		fixes.set(fix.source, fix);
		last = best() ?? last;
		if (last === fix) {
			for (const event of movement.take(fix, movementThresholdM)) {
				if (event.kind === "started") options.onEvent("movement", "the router moves");
				else if (event.kind === "stopped")
					options.onEvent("movement", `the router stands after ${km(event.travelledM)}`);
				else {
					options.onEvent("movement", `the router is ${km(event.distanceM)} from where it was`);
					openCellId.purge(fix);
					options.onMoved(event.distanceM);
				}
			}
			consider(fix);
		}
		log.debug("provider", { what: "gps", source: fix.source, accuracy_m: Math.round(fix.accuracyM) });
		return `accurate to ${Math.round(fix.accuracyM)} m`;
	}

	const usable = (fix: Fix): boolean => clock.monotonicMs() - fix.atMs <= settings().stalenessThresholdS * 1000;
	const best = (): Fix | null => bestFix([...fixes.values()].filter(usable), clock.monotonicMs());

	const cells = () => surroundings.cells(options.details("cellular"));

	function consider(fix: Fix): void {
		if (!settings().opencellidContribute || !wanted("opencellid")) return;
		const limits = {
			minAccuracyM: settings().opencellidMinGpsAccuracyM,
			movementM: settings().opencellidMovementThresholdM,
			changeDb: settings().opencellidRsrpChangeThresholdDb,
		};
		const moving = movement.moving() === true;
		const chosen = toMeasure(cells(), () => platform.random.uint32() / 2 ** 32);
		for (const cell of chosen) contributions.consider(cell, fix, moving, limits);
		const everyMs = settings().opencellidContributionIntervalMinutes * 60_000;
		flush ??= platform.timers.after(everyMs, () => void send());
	}

	async function send(): Promise<void> {
		flush = null;
		const waiting = contributions.batch(clock.monotonicMs(), clock.wallMs());
		if (waiting.length === 0 || !settings().opencellidContribute || !wanted("opencellid")) return;
		try {
			const wrongMin = openCellId.clockErrorMin();
			if (wrongMin !== null)
				throw new AutonomyError("not_found", `the router's clock is ${Math.abs(wrongMin)} min off; does NTP run?`);
			if (await openCellId.contribute(waiting, settings())) contributions.sent(waiting.length);
			learned();
		} catch (error) {
			log.warn("provider", { what: "gps", reason: `nothing was contributed: ${errorText(error)}` });
		}
	}

	const ask: Readonly<Record<GpsSource, () => Promise<Fix>>> = {
		async rutos() {
			const reply = await bus.call("gpsd", "position", {}, { timeoutMs: 3_000 });
			return orNone(
				parseRutos(reply, clock.monotonicMs()),
				"RutOS has no position: is GPS enabled, does it see the sky?",
			);
		},
		gpsd: () => askGpsd(platform, settings().gpsdPort),
		async dish() {
			const found = options.details("starlink").flatMap((one) => parseDish(one.location, clock.monotonicMs()) ?? []);
			return orNone(bestFix(found, clock.monotonicMs()), "no dish tells its position");
		},
		async opencellid() {
			const heard = cells();
			if (heard.length === 0) throw new AutonomyError("not_found", "no modem tells its cell");
			const place = joinCells(await openCellId.locate(heard, settings()).finally(learned));
			if (place === null)
				throw new AutonomyError("not_found", "opencellid.org does not know these cells, or must not be asked now");
			const { latitude, longitude, accuracyM } = place;
			const nothing = { altitudeM: null, speedMps: null, headingDeg: null, satellites: null };
			return { source: "opencellid", atMs: clock.monotonicMs(), latitude, longitude, accuracyM, ...nothing };
		},
	};

	function wanted(source: GpsSource): boolean {
		const { enabled, opencellidEnabled, opencellidApiKey } = settings();
		return enabled && (source !== "opencellid" || (opencellidEnabled && opencellidApiKey !== null));
	}

	function start(source: GpsSource): Poller {
		return createPoller({
			platform,
			intervalMs: () => settings().collectionIntervalS * 1000,
			limitMs: source === "opencellid" ? CELLS_LIMIT_MS : ASK_LIMIT_MS,
			async work(stillWanted) {
				// A receiver that knows, or may, is better than any cell; then nobody outside is asked.
				const undecided = [...pollers].some(([one, { health }]) => one !== source && health().state === "starting");
				if (source === "opencellid" && undecided) return "waits for the receivers";
				if (source === "opencellid" && [...fixes.values()].some((fix) => fix.source !== source && usable(fix))) {
					return "not asked: a receiver knows the position";
				}
				const fix = await ask[source]();
				return stillWanted() ? take(fix) : "";
			},
			onState(health) {
				if (health.state !== "ok") log.debug("provider", { what: "gps", source, reason: health.text });
			},
		});
	}

	/** Not what still comes in after it was turned off or closed. */
	function learned(): void {
		if (keeping === true) store.changed();
	}

	function keep(on: boolean): void {
		if (keeping === on) return;
		keeping = on;
		const saved = on ? store.load() : null;
		if (saved !== null) {
			openCellId.restore(saved.content, saved.elapsedMs);
			contributions.restore(at(saved.content, "told"), clock.monotonicMs(), saved.elapsedMs);
		}
		if (on) return;
		store.remove();
		openCellId.clear();
		contributions.clear();
		surroundings.clear();
	}

	function configure(): void {
		for (const source of ["rutos", "gpsd", "dish", "opencellid"] as const) {
			if (wanted(source) === pollers.has(source)) continue;
			if (wanted(source)) pollers.set(source, start(source));
			else {
				pollers.get(source)?.close();
				pollers.delete(source);
				fixes.delete(source);
			}
		}
		keep(wanted("opencellid"));
		if (!settings().opencellidContribute) contributions.clear();
		if (settings().enabled) return;
		last = null;
		movement = createMovement();
	}

	return {
		configure,
		picture() {
			const nowMs = clock.monotonicMs();
			const fix = best() ?? last;
			return {
				enabled: settings().enabled,
				fix,
				ageMs: fix === null ? null : nowMs - fix.atMs,
				stale: fix !== null && !usable(fix),
				accuracyNowM: fix === null ? null : effectiveAccuracyM(fix, nowMs),
				moving: movement.moving(),
				travelledM: movement.travelledM(),
				sources: [...pollers].map(([source, poller]) => ({
					source,
					health: poller.health(),
					active: fix?.source === source && usable(fix),
				})),
				openCellId: { ...openCellId.stats(), waiting: contributions.waiting() },
			};
		},
		close() {
			for (const poller of pollers.values()) poller.close();
			pollers.clear();
			flush?.close();
			flush = null;
			store.close();
			keeping = null;
		},
	};
}

function orNone(fix: Fix | null, reason: string): Fix {
	if (fix === null) throw new AutonomyError("not_found", reason);
	return fix;
}

/** "850 m", "12 km". */
function km(metres: number): string {
	return metres < 1_000 ? `${Math.round(metres)} m` : `${Math.round(metres / 100) / 10} km`;
}
