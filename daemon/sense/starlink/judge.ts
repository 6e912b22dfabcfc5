/**
 * What the answers of one dish mean for its uplink: figures for health, danger for the predictive rule, suspicion for the
 * prober, events for the list. An outage that began is told at once, and its end with how long it lasted; alerts when they
 * come and go; a restart when the boot counter or the uptime says so.
 */
import type { SenseValues } from "../../health/senses.ts";
import { pacedEvents } from "../paced.ts";
import type { SensorSink } from "../sensor.ts";
import { alertGrade, alertWords, type Grade, outageKind, outageWords } from "./causes.ts";
import { BOOT_LOOP, type Danger, dangerOf } from "./dangers.ts";
import type { DishHistory } from "./history.ts";
import { createOutageLog, type SeenOutage } from "./outages.ts";
import type { DishStatus } from "./status.ts";

export interface DishJudge {
	status(atMs: number, wallMs: number, status: DishStatus): void;
	history(atMs: number, wallMs: number, history: DishHistory): void;
	/** Share of the sky that is blocked where the dish looks; null: not known. */
	sky(blockedPct: number | null): void;
	/** Nobody answers any more. */
	lose(): void;
	moved(): void;
	picture(atMs: number): DishPicture;
}

export interface DishPicture {
	readonly danger: Danger | null;
	/** Of a second or more within the last ten minutes. */
	readonly outages: readonly SeenOutage[];
	readonly rebootInMs: number | null;
	/** Restarts seen since we watch. */
	readonly boots: number;
	/** What its clock shows now; null when it did not tell its time. */
	readonly dishUnixMs: number | null;
}

const TEN_MINUTES_MS = 600_000;
const TWO_MINUTES_MS = 120_000;
const HALF_HOUR_MS = 1_800_000;
const COUNTS_MS = 1000;
const SUSPECT_PAUSE_MS = 5000;
/** An earlier wall clock is that of a router without a battery that has not heard NTP. */
const WALL_PLAUSIBLE_MS = Date.UTC(2024, 0, 1);
const NO_DANGER = { risk: 0, confidence: 1, horizonMs: 1, cause: "none", text: "" } as const;

export function createDishJudge(sink: SensorSink, leadMs: () => number): DishJudge {
	const outages = createOutageLog();
	const tell = pacedEvents((type, reason) => sink.event(type, reason), 4);
	let before: DishStatus | null = null;
	let danger: Danger | null = null;
	let bootsAtMs: number[] = [];
	let boots = 0;
	let skyPct: number | null = null;
	let rebootInMs: number | null = null;
	let toldRebootMs: number | null = null;
	/** Its clock kept on ours that never jumps: what it showed at our zero. */
	let dishZeroMs: number | null = null;
	let suspectedMs = Number.NEGATIVE_INFINITY;

	function suspect(atMs: number, reason: string): void {
		if (atMs - suspectedMs < SUSPECT_PAUSE_MS) return;
		suspectedMs = atMs;
		sink.suspect(reason);
	}

	function dishClock(atMs: number): number | null {
		return dishZeroMs === null ? null : dishZeroMs + atMs;
	}

	function recentBoots(atMs: number): number {
		return bootsAtMs.filter((one) => atMs - one < HALF_HOUR_MS).length;
	}

	function boot(atMs: number, now: DishStatus): void {
		if (before === null) return;
		const counted = before.bootcount !== null && now.bootcount !== null ? now.bootcount - before.bootcount : 0;
		const younger = before.uptimeS !== null && now.uptimeS !== null && now.uptimeS < before.uptimeS;
		const times = counted > 0 ? Math.min(counted, 20) : younger ? 1 : 0;
		if (times === 0) return;
		boots += times;
		bootsAtMs = [...bootsAtMs, ...Array.from({ length: times }, () => atMs)].slice(-20);
		const why = now.rebootReason === "REBOOT_REASON_NONE" ? "" : ` (${now.rebootReason.replace("REBOOT_REASON_", "")})`;
		sink.event("dish_restart", `the dish has restarted${why}`);
		const recent = recentBoots(atMs);
		if (recent >= BOOT_LOOP) sink.event("dish_boot_loop", `the dish restarted ${recent} times within half an hour`);
		toldRebootMs = null;
	}

	function firmware(now: DishStatus): void {
		const old = before?.firmware ?? null;
		if (old !== null && now.firmware !== null && old !== now.firmware) {
			sink.event("dish_firmware", `the dish runs ${now.firmware} now (was ${old})`);
		}
	}

	function alerts(atMs: number, now: DishStatus): void {
		const known = before?.alerts ?? [];
		for (const name of now.alerts) {
			if (!known.includes(name)) tell(atMs, "dish_alert", `${name}: ${alertWords(name)}`);
		}
		for (const name of known) {
			if (!now.alerts.includes(name)) tell(atMs, "dish_alert_over", `${name} is over`);
		}
		const disabled = isDisabled(now) && (before === null || before.disablement !== now.disablement);
		if (disabled) sink.event("dish_service", `Starlink gives this dish no service: ${now.disablement}`);
	}

	function outage(atMs: number, now: DishStatus): void {
		const old = before?.outage ?? null;
		if (now.outage !== null) {
			const { cause, durationMs } = now.outage;
			const words = outageWords(cause);
			if (old === null || old.cause !== cause) tell(atMs, "dish_outage", `${cause}: ${words}`);
			// Most of the others are over before anybody could act.
			if (outageKind(cause) !== "blink" || durationMs >= COUNTS_MS) {
				suspect(atMs, `the dish reports an outage: ${words}`);
			}
		} else if (old !== null) {
			const last = outages.recent(atMs, COUNTS_MS * 10, 0).at(-1);
			const seconds = ((last?.durationMs ?? old.durationMs) / 1000).toFixed(1);
			tell(atMs, "dish_outage_over", `${old.cause} ended after ${seconds} s or more`);
		}
		if (now.obstruction?.now === true && before?.obstruction?.now === false) {
			suspect(atMs, "something stands in the dish's view");
		}
	}

	function maintenance(atMs: number, wallMs: number, now: DishStatus): void {
		const at = now.update.rebootAtUnixMs;
		const clockMs = dishClock(atMs) ?? wallMs;
		rebootInMs = at === null || clockMs < WALL_PLAUSIBLE_MS ? null : at - clockMs;
		if (at !== null && rebootInMs !== null && rebootInMs > 0 && toldRebootMs !== at) {
			toldRebootMs = at;
			tell(atMs, "dish_maintenance", `the dish will restart in ${Math.round(rebootInMs / 60_000)} min for an update`);
		}
		if (now.update.rebootReady && before?.update.rebootReady === false) {
			tell(atMs, "dish_maintenance", "the dish has an update and is ready to restart for it");
		}
	}

	function endanger(atMs: number, now: DishStatus): void {
		const next = dangerOf({
			status: now,
			outages: outages.recent(atMs, TWO_MINUTES_MS, COUNTS_MS),
			rebootInMs,
			leadMs: leadMs(),
			boots: recentBoots(atMs),
		});
		if (next !== null) sink.risk(next);
		else if (danger !== null) sink.risk(NO_DANGER);
		danger = next;
	}

	function figures(atMs: number, now: DishStatus): SenseValues {
		const grade = (wanted: Grade): number => now.alerts.filter((name) => alertGrade(name) === wanted).length;
		return {
			obstruction_pct: now.obstruction?.skyPct ?? null,
			obstructed: now.obstruction === null ? null : now.obstruction.now ? 1 : 0,
			outage: now.outage === null ? 0 : 1,
			outages: outages.recent(atMs, TEN_MINUTES_MS, COUNTS_MS).length,
			dish_drop_pct: now.dropPct,
			dish_latency_ms: now.latencyMs,
			sky_blocked_pct: skyPct,
			critical_events: grade("critical") + (isDisabled(now) ? 1 : 0),
			warning_events: grade("warning") + (now.signalPersistentlyLow ? 1 : 0),
			info_events: grade("info"),
		};
	}

	return {
		status(atMs, wallMs, now) {
			boot(atMs, now);
			firmware(now);
			outages.poll(atMs, now.outage);
			alerts(atMs, now);
			outage(atMs, now);
			maintenance(atMs, wallMs, now);
			endanger(atMs, now);
			sink.observe(figures(atMs, now));
			before = now;
		},
		history(atMs, wallMs, history) {
			if (history.atUnixMs !== null) dishZeroMs = history.atUnixMs - atMs;
			const dishUnixMs = history.atUnixMs ?? (wallMs >= WALL_PLAUSIBLE_MS ? wallMs : null);
			if (dishUnixMs !== null) outages.list(atMs, dishUnixMs, history.outages);
		},
		sky(blockedPct) {
			skyPct = blockedPct;
		},
		lose() {
			if (before !== null) sink.observe(UNKNOWN);
		},
		moved() {
			outages.forget();
			skyPct = null;
		},
		picture: (atMs) => ({
			danger,
			outages: outages.recent(atMs, TEN_MINUTES_MS, COUNTS_MS),
			rebootInMs,
			boots,
			dishUnixMs: dishClock(atMs),
		}),
	};
}

function isDisabled(status: DishStatus): boolean {
	return status.disablement !== "OKAY" && status.disablement !== "UNKNOWN";
}

const UNKNOWN: SenseValues = {
	obstruction_pct: null,
	obstructed: null,
	outage: null,
	outages: null,
	dish_drop_pct: null,
	dish_latency_ms: null,
	sky_blocked_pct: null,
	critical_events: null,
	warning_events: null,
	info_events: null,
};
