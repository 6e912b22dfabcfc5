/**
 * Seconds from a blackhole to the verdict, and false verdicts per hour under random loss: mwan3track and dpinger as
 * models, ours for real, all over the same seeded links in virtual time. No packet is sent.
 * Options: --runs N (blackholes per detector, default 60), --hours N (per loss figure, default 24).
 */
import { type PaceInput, pace } from "../daemon/probe/budget.ts";
import { createLink, type LinkSpec, seeded } from "./detectors/link.ts";
import { runOurs, TARGETS } from "./detectors/ours.ts";
import { MWAN3_DEFAULT, MWAN3_TUNED, runDpinger, runMwan3 } from "./detectors/peers.ts";

const HOUR_MS = 3_600_000;
const LOSSES = [0, 1, 5, 15];
const WARM_UP_MS = 120_000;
const OUTAGE_MS = 300_000;
/** A cable or fibre line; packets wander a little. */
const LINE = { rttMs: 20, jitterMs: 3 };

interface Detector {
	readonly name: string;
	/** Times of "dead" verdicts until untilMs. */
	dead(spec: LinkSpec, seed: number, untilMs: number): number[];
	/** What a start is shifted by, at most: the detector's own period. */
	readonly periodMs: number;
}

function spacing(part: Pick<PaceInput, "metered" | "role">): number {
	const families = [{ family: "ipv4", method: "icmp" }] as const;
	return pace({ ...part, mode: "balanced", families, overBudget: false, intervalMs: null, bytesPerDay: null })
		.spacingMs;
}

function autonomy(name: string, spacingMs: number): Detector {
	return {
		name,
		periodMs: spacingMs * TARGETS.length,
		dead(spec, seed, untilMs) {
			const { changes } = runOurs(createLink(spec, seeded(seed)), { spacingMs, untilMs });
			return changes.filter((change) => change.verdict === "dead").map((change) => change.atMs);
		},
	};
}

export const DETECTORS: readonly Detector[] = [
	{
		name: "mwan3_default",
		periodMs: MWAN3_DEFAULT.intervalMs,
		dead: (spec, seed, untilMs) => runMwan3(createLink(spec, seeded(seed)), MWAN3_DEFAULT, untilMs, 0).dead,
	},
	{
		name: "mwan3_tuned",
		periodMs: MWAN3_TUNED.intervalMs,
		dead: (spec, seed, untilMs) => runMwan3(createLink(spec, seeded(seed)), MWAN3_TUNED, untilMs, 0).dead,
	},
	{
		name: "dpinger_pfsense",
		periodMs: 1000,
		dead: (spec, seed, untilMs) => runDpinger(createLink(spec, seeded(seed)), untilMs, 0).dead,
	},
	autonomy("autonomy", spacing({ metered: false, role: "active" })),
	autonomy("autonomy_metered_standby", spacing({ metered: true, role: "standby" })),
];

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

export interface Row {
	readonly detector: string;
	readonly verdict_s: { readonly median: number; readonly p95: number; readonly max: number; readonly missed: number };
	readonly false_per_h: Readonly<Record<string, number>>;
}

export function measure(detector: Detector, runs: number, hours: number): Row {
	const seconds: number[] = [];
	for (let run = 0; run < runs; run++) {
		const from = WARM_UP_MS + (run * detector.periodMs) / runs;
		const dark: LinkSpec["dark"] = [[from, from + OUTAGE_MS]];
		const verdicts = detector.dead({ ...LINE, lossPct: 0, dark }, run + 1, from + OUTAGE_MS);
		const first = verdicts.find((atMs) => atMs >= from);
		if (first !== undefined) seconds.push((first - from) / 1000);
	}
	seconds.sort((a, b) => a - b);
	const at = (share: number): number =>
		round(seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))] ?? Number.NaN, 3);
	const perHour: Record<string, number> = {};
	for (const lossPct of LOSSES) {
		const dead = detector.dead({ ...LINE, lossPct, dark: [] }, 1000 + lossPct, hours * HOUR_MS);
		perHour[String(lossPct)] = round(dead.length / hours, 2);
	}
	return {
		detector: detector.name,
		verdict_s: { median: at(0.5), p95: at(0.95), max: at(1), missed: runs - seconds.length },
		false_per_h: perHour,
	};
}

function option(args: readonly string[], name: string, otherwise: number): number {
	const index = args.indexOf(name);
	const value = index < 0 ? otherwise : Number(args[index + 1]);
	if (!Number.isInteger(value) || value < 1) throw new Error(`${name} wants a whole number from 1`);
	return value;
}

export async function run(args: string[]): Promise<object> {
	const runs = option(args, "--runs", 60);
	const hours = option(args, "--hours", 24);
	const line = (cells: readonly string[]): string =>
		cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(10))).join("");
	console.error(
		`${runs} blackholes and ${hours} h per loss figure, ${LINE.rttMs} ms link, virtual time; peers are models`,
	);
	console.error(line(["", "verdict s", "", "", "false dead verdicts per hour at random loss of"]));
	console.error(line(["detector", "median", "p95", "max", ...LOSSES.map((loss) => `${loss} %`)]));
	const rows: Row[] = [];
	for (const detector of DETECTORS) {
		const row = measure(detector, runs, hours);
		rows.push(row);
		const { median, p95, max } = row.verdict_s;
		const figures = [median, p95, max, ...LOSSES.map((loss) => row.false_per_h[String(loss)] ?? Number.NaN)];
		console.error(line([row.detector, ...figures.map(String)]));
	}
	return { rows };
}
