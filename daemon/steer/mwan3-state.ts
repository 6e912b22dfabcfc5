/**
 * mwan3's member metrics in RAM, and what mwan3 thinks of its interfaces. `/var/state/mwan3` is a UCI delta file that
 * mwan3 reads over /etc/config (LOAD_STATE in /lib/functions.sh); `uci -P /var/state` writes it under its own lock and
 * can never commit to flash. mwan3 keeps options of its own there (globals.iface_max): only lines of ours are touched.
 */
import type { Files } from "../platform/platform.ts";
import { sectionName } from "./names.ts";

/** Where mwan3 and uci keep their state; tests use others. */
export interface Mwan3Paths {
	/** Delta files of uci: /var/state. */
	readonly stateDir: string;
	/** mwan3's run directory: /var/run/mwan3. */
	readonly runDir: string;
	/** mwan3's actor: /etc/hotplug.d/iface/15-mwan3. */
	readonly hotplug: string;
}

export const MWAN3_PATHS: Mwan3Paths = {
	stateDir: "/var/state",
	runDir: "/var/run/mwan3",
	hotplug: "/etc/hotplug.d/iface/15-mwan3",
};

/** An override of ours, and what was there before (almost always nothing). */
export interface MetricOverride {
	readonly member: string;
	readonly metric: number;
	readonly found: number | null;
	/** Ours until now, while a new one is being written: whoever comes after a crash may find either. */
	readonly was?: number;
}

/** Not there, or changed by somebody else: not ours any more. */
function isOurs(override: MetricOverride, present: ReadonlyMap<string, number>): boolean {
	const metric = present.get(override.member);
	return metric !== undefined && (metric === override.metric || metric === override.was);
}

const METRIC_LINE = /^mwan3\.([A-Za-z0-9_]+)\.metric='(\d{1,6})'$/;

/** Metrics set in a delta file; the last line of a member counts. */
export function parseOverrides(text: string): Map<string, number> {
	const metrics = new Map<string, number>();
	for (const line of text.split("\n")) {
		const match = METRIC_LINE.exec(line);
		if (match?.[1] !== undefined) metrics.set(match[1], Number(match[2]));
	}
	return metrics;
}

function setLine(member: string, metric: number): string {
	return `set mwan3.${sectionName(member)}.metric='${Math.trunc(metric)}'`;
}

/**
 * Input for `uci -P /var/state -q batch` that leads from the overrides we have to the wanted ones, and the list to
 * remember. `present` is what the delta file holds now: a value there that is not ours is kept to be put back.
 */
export function overrideSteps(
	ours: readonly MetricOverride[],
	wanted: ReadonlyMap<string, number>,
	present: ReadonlyMap<string, number>,
): { lines: string[]; next: MetricOverride[] } {
	const lines: string[] = [];
	const next: MetricOverride[] = [];
	const before = new Map(ours.map((override) => [override.member, override]));
	for (const override of ours) {
		if (wanted.has(override.member) || !isOurs(override, present)) continue;
		// A delta file grows with every set: take the old line out first.
		lines.push(`revert mwan3.${sectionName(override.member)}.metric`);
		if (override.found !== null) lines.push(setLine(override.member, override.found));
	}
	for (const [member, metric] of wanted) {
		const known = before.get(member);
		const found = known ? known.found : (present.get(member) ?? null);
		const was = known && isOurs(known, present) ? present.get(member) : undefined;
		next.push({ member, metric, found, ...(was === undefined || was === metric ? {} : { was }) });
		if (present.get(member) === metric) continue;
		lines.push(`revert mwan3.${sectionName(member)}.metric`, setLine(member, metric));
	}
	return { lines, next };
}

/** A member whose override was to be taken out (it is not wanted any more, and was ours before) and is not. */
export function leftOver(
	ours: readonly MetricOverride[],
	wanted: ReadonlyMap<string, number>,
	before: ReadonlyMap<string, number>,
	present: ReadonlyMap<string, number>,
): string | undefined {
	const gone = ours.filter((override) => !wanted.has(override.member) && isOurs(override, before));
	return gone.find((override) => (present.get(override.member) ?? null) !== override.found)?.member;
}

/** What mwan3 thinks: "online" or "offline"; null when it has no opinion (interface disabled, mwan3 not running). */
export function interfaceState(files: Files, paths: Mwan3Paths, mwan3Interface: string): "online" | "offline" | null {
	const text = files.readTextIfAny(`${paths.runDir}/iface_state/${sectionName(mwan3Interface)}`)?.trim();
	return text === "online" || text === "offline" ? text : null;
}
