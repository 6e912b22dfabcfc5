/**
 * The sensor of data use: counts what passes through an uplink's device, holds it against its data plan (ours, else that of
 * RutOS), and says how much is left: as a share for the score, the prober and the engine, as events when the warning or the
 * end is reached. Works on every uplink, also on those without a plan: then it only counts.
 */
import { DATA_WARN_PCT, type DataPlan, memberSettings } from "../../config/settings.ts";
import { AutonomyError } from "../../platform/error.ts";
import { netDevFields, netDevText } from "../../uplink/net-dev.ts";
import { known, tenths } from "../details.ts";
import { createPoller } from "../poller.ts";
import type { Details, Sensor, SensorContext, SensorKind } from "../sensor.ts";
import { saidOf, wholeIn } from "../values.ts";
import { dayText, periodOf, unixMsOf } from "./calendar.ts";
import type { Reading } from "./counter.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { askCollected, askQuota, type Quota } from "./rutos.ts";

const PACE_MS = 10_000;
const ASK_LIMIT_MS = 8_000;
const RUTOS_EVERY_MS = 60_000;
const RUTOS_ABSENT_MS = 600_000;
const DAY_MS = 86_400_000;

export type CapState = "no_cap" | "free" | "near" | "reached";

/** What is held against what, at one moment. */
export interface Standing {
	readonly state: CapState;
	readonly source: "counters" | "quota_limit" | "mdcollect";
	readonly usedBytes: number;
	readonly limitBytes: number | null;
	readonly period: DataPlan["period"] | null;
	readonly fromUnixMs: number | null;
	readonly resetUnixMs: number | null;
	readonly warnPct: number | null;
}

export function usedPct({ usedBytes, limitBytes }: Standing): number | null {
	return limitBytes === null ? null : Math.min(100_000, (100 * usedBytes) / limitBytes);
}

/** Bytes of a device in /proc/net/dev; null when it has no line. */
export function parseBytes(
	text: string,
	device: string,
): { readonly rxBytes: number; readonly txBytes: number } | null {
	const fields = netDevFields(text, device);
	const [rxBytes, txBytes] = [fields?.[0] ?? "", fields?.[8] ?? ""].map((field) =>
		/^\d{1,18}$/.test(field) ? Number(field) : null,
	);
	return rxBytes == null || txBytes == null ? null : { rxBytes, txBytes };
}

export function createUsage(context: SensorContext, keeper: Keeper): Sensor {
	const { platform, bus, config, log } = context;
	const { clock, files } = platform;
	let uplink = context.uplink;
	/** Null: to be read again, since the device may be another one of the same name. */
	let last: Reading | null = null;
	let standing: Standing | null = null;
	let asked: { readonly atMs: number; readonly quota: Quota | null; readonly collected: number | null } | null = null;
	let observed = false;
	let closed = false;

	function readDevice(device: string): Reading {
		const bytes = parseBytes(netDevText(platform), device);
		if (bytes === null) {
			last = null;
			throw new AutonomyError("not_found", `${device} is not in /proc/net/dev`);
		}
		const grown = last !== null && bytes.rxBytes >= last.rxBytes && bytes.txBytes >= last.txBytes;
		const index = (): string | null => files.readTextIfAny(`/sys/class/net/${device}/ifindex`)?.trim() ?? null;
		const ifindex = grown && last !== null ? last.ifindex : wholeIn(index(), 1, 2 ** 31);
		last = { ...bytes, ifindex, atMs: clock.monotonicMs() };
		return last;
	}

	const planOf = (): DataPlan | null => memberSettings(config(), { id: uplink.id, class: uplink.class }).dataPlan;

	/** A plan of ours comes first; RutOS's own count is taken where it covers the same days. */
	async function ask(plan: DataPlan | null): Promise<void> {
		if (uplink.class !== "cellular") return;
		const nowMs = clock.monotonicMs();
		const absent = asked !== null && asked.quota === null && asked.collected === null;
		if (asked !== null && nowMs - asked.atMs < (absent ? RUTOS_ABSENT_MS : RUTOS_EVERY_MS)) return;
		asked = { atMs: nowMs, quota: asked?.quota ?? null, collected: asked?.collected ?? null };
		try {
			const quota = plan === null ? await askQuota(bus, files, uplink.id) : null;
			const comparable = plan !== null && (plan.period === "day" || plan.resetDay === 1);
			const collected = comparable ? await askCollected(bus, uplink.id, plan.period) : null;
			asked = { atMs: nowMs, quota, collected };
		} catch (error) {
			log.debug("provider", { member: uplink.id, reason: `RutOS does not tell its data use: ${saidOf(error)}` });
		}
	}

	function stand(plan: DataPlan | null): Standing {
		const today = keeper.today();
		const quota = plan === null ? (asked?.quota ?? null) : null;
		if (quota !== null) {
			const { usedBytes, limitBytes, reached, resetUnixMs } = quota;
			const share = reached ? 100 : (100 * usedBytes) / limitBytes;
			const rest = { usedBytes, limitBytes, resetUnixMs, period: null, fromUnixMs: null, warnPct: DATA_WARN_PCT };
			return { state: stateOf(share, DATA_WARN_PCT), source: "quota_limit", ...rest };
		}
		const period = plan?.period ?? "month";
		const span = today === null ? null : periodOf(today, period, plan?.resetDay ?? 1);
		const counted = span === null ? { rxBytes: 0, txBytes: 0 } : keeper.sum(uplink.id, span.from, span.to);
		const own = counted.rxBytes + counted.txBytes;
		const collected = plan === null ? 0 : (asked?.collected ?? 0);
		const usedBytes = Math.max(own, collected);
		return {
			state: plan === null ? "no_cap" : stateOf((100 * usedBytes) / plan.limitBytes, plan.warnPct),
			source: collected > own ? "mdcollect" : "counters",
			usedBytes,
			limitBytes: plan?.limitBytes ?? null,
			period,
			fromUnixMs: span === null ? null : unixMsOf(span.from),
			resetUnixMs: span === null ? null : unixMsOf(span.to),
			warnPct: plan?.warnPct ?? null,
		};
	}

	function tell(now: Standing): void {
		const before = standing?.state ?? null;
		if (now.state !== before) {
			const pct = Math.round(usedPct(now) ?? 0);
			const until = now.resetUnixMs === null ? "" : `; it begins anew on ${dayText(now.resetUnixMs / DAY_MS)}`;
			if (now.state === "reached") {
				context.event("data_limit", `the data allowance is used up (${pct} %)${until}: last resort from now on`);
			} else if (now.state === "near" && before === "free") {
				context.event("data_limit", `${pct} % of the data allowance is used${until}`);
			} else if (now.state === "free" && (before === "reached" || before === "near")) {
				context.event("data_limit", "there is data allowance again");
			}
		}
		const pct = usedPct(now);
		if (pct === null) {
			if (observed) context.observe({ usage_pct: null, cap_pressure_pct: null });
			observed = false;
			return;
		}
		observed = true;
		const share = now.state === "reached" ? Math.max(100, pct) : pct;
		context.observe({ usage_pct: share, cap_pressure_pct: pressure(share, now.warnPct ?? DATA_WARN_PCT) });
	}

	const poller = createPoller({
		platform,
		intervalMs: () => PACE_MS,
		limitMs: ASK_LIMIT_MS,
		async work(wanted) {
			const plan = planOf();
			const { device } = uplink;
			let counting = "";
			if (device === null) counting = "no device now; ";
			else keeper.count(uplink.id, device, readDevice(device));
			await ask(plan);
			if (!wanted()) return "";
			const now = stand(plan);
			keeper.planned(uplink.id, plan !== null);
			tell(now);
			standing = now;
			return counting + sentence(now, keeper.problem());
		},
	});

	const quotaEvents = bus.listen("quota*", () => {
		asked = null;
		if (!closed) poller.soon();
	});

	return {
		follow(next) {
			const changed = next.device !== uplink.device;
			uplink = next;
			last = null;
			if (changed) poller.soon();
		},
		health: () => poller.health(),
		details: () => (standing === null ? null : detailsOf(standing)),
		close() {
			closed = true;
			quotaEvents.close();
			poller.close();
		},
	};

	function detailsOf(now: Standing): Details {
		const today = keeper.today();
		const day = today === null ? null : keeper.sum(uplink.id, today, today + 1);
		const month = today === null ? null : periodOf(today, "month", 1);
		const monthBytes = month === null ? null : keeper.sum(uplink.id, month.from, month.to);
		const unixMs = keeper.unixMs();
		const daysLeft = unixMs === null || now.resetUnixMs === null ? null : (now.resetUnixMs - unixMs) / DAY_MS;
		const left = now.limitBytes === null ? null : Math.max(0, now.limitBytes - now.usedBytes);
		const since = keeper.since(uplink.id);
		return known({
			cap: now.state,
			source: now.source,
			today_rx_bytes: day?.rxBytes,
			today_tx_bytes: day?.txBytes,
			month_rx_bytes: monthBytes?.rxBytes,
			month_tx_bytes: monthBytes?.txBytes,
			used_bytes: now.usedBytes,
			limit_bytes: now.limitBytes,
			left_bytes: left,
			used_pct: tenths(usedPct(now)),
			warn_pct: now.warnPct,
			period: now.period,
			from_unix_ms: now.fromUnixMs,
			reset_unix_ms: now.resetUnixMs,
			days_left: tenths(daysLeft),
			// An even share of what is left; on the last day all of it.
			daily_bytes:
				left === null || daysLeft === null || daysLeft <= 0 ? null : Math.round(left / Math.max(1, daysLeft)),
			counted_since: since === null ? null : dayText(since),
			problem: keeper.problem(),
		});
	}
}

function stateOf(pct: number, warnPct: number): CapState {
	if (pct >= 100) return "reached";
	return pct >= warnPct ? "near" : "free";
}

/** 0 before the warning, 1 with it, 100 at the end. */
function pressure(pct: number, warnPct: number): number {
	if (pct < warnPct) return 0;
	return Math.max(1, Math.min(100, (100 * (pct - warnPct)) / (100 - warnPct)));
}

function sentence(now: Standing, problem: string | null): string {
	const pct = usedPct(now);
	const share = pct === null ? "no data plan is set" : `${Math.round(pct)} % of the data plan used`;
	return problem === null ? share : `${share}; ${problem}`;
}

export function usageKind(): SensorKind {
	let keeper: Keeper | null = null;
	return {
		name: "usage",
		cost: "two small files of the kernel every 10 s; with a data plan one write to flash an hour",
		serves(uplink) {
			return uplink.tunnel ? null : "its bytes are counted";
		},
		create(context) {
			keeper ??= createKeeper(context.platform, context.log);
			return createUsage(context, keeper);
		},
		close() {
			keeper?.close();
			keeper = null;
		},
	};
}
