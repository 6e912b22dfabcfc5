/**
 * The report by mail, once a day, week (after Sunday) or month: after midnight UTC, when a period has ended that this run of
 * the daemon has seen the beginning of its end. Nothing is kept over a restart: a report too few, never two.
 */
import type { Config } from "../config/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";

const LOOK_MS = 600_000;
const DAY_MS = 86_400_000;

type Period = Exclude<Config["email"]["report"], "none">;

export interface Report {
	readonly text: string;
	/** The same as a page. */
	readonly html: string | null;
}

export function startReportMail(options: {
	readonly platform: Pick<Platform, "clock" | "timers">;
	readonly log: Logger;
	readonly config: () => Config["email"];
	readonly make: (period: Period) => Promise<Report>;
	/** False: mail is not switched on. */
	readonly send: (report: Report) => boolean;
}): Closable {
	const { clock, timers } = options.platform;
	let last: { readonly period: Period; readonly number: string } | null = null;

	return timers.every(LOOK_MS, () => {
		const { enabled, report } = options.config();
		if (!enabled || report === "none") {
			last = null;
			return;
		}
		const number = numberOf(report, clock.wallMs());
		const ended = last !== null && last.period === report && last.number !== number;
		last = { period: report, number };
		if (!ended) return;
		options
			.make(report)
			.then(options.send)
			.catch((error) => options.log.warn("publish", { reason: `no report: ${errorText(error)}` }));
	});
}

/** The same for all moments of one day, week or month. */
function numberOf(period: Period, unixMs: number): string {
	const day = Math.floor(unixMs / DAY_MS);
	// 1970-01-01 was a Thursday.
	if (period === "weekly") return String(Math.floor((day + 3) / 7));
	return period === "daily" ? String(day) : new Date(unixMs).toISOString().slice(0, 7);
}
