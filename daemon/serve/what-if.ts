/**
 * what_if: which switches there would have been with other settings. One replay at a time; the answer compares it with
 * the decisions on record.
 */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { CONFIG_PACKAGE, SECTIONS } from "../../contract/options.ts";
import { applyEdits, planChange } from "../config/edit.ts";
import { readConfig } from "../config/read.ts";
import { memberSettings, toSettings } from "../config/settings.ts";
import type { Config } from "../config/types.ts";
import type { Decision, UplinkFacts } from "../decide/types.ts";
import { AutonomyError } from "../platform/error.ts";
import type { Closable } from "../platform/platform.ts";
import type { UciPackage } from "../uci/package.ts";
import type { ServeDeps } from "./deps.ts";
import { type Replayed, startReplay } from "./replay.ts";

type Answer = Reply<"what_if">;

export interface WhatIf extends Closable {
	ask(args: CallArgs<"what_if">): Promise<Answer>;
}

/** Times of the same switch may differ by this much without being called different. */
const SAME_MS = 500;
const MAX_SWITCHES = 200;

export function createWhatIf(deps: ServeDeps): WhatIf {
	let running: Closable | null = null;

	async function ask(args: CallArgs<"what_if">): Promise<Answer> {
		if (running !== null) {
			throw new AutonomyError("rate_limited", "another what-if is being worked out; ask again in a few seconds");
		}
		const wanted = readOverrides(deps, args.overrides);
		const nowMs = deps.platform.clock.monotonicMs();
		const replay = deps.recorder.replay(nowMs - args.since_s * 1_000);
		if (replay.fromMs === null) {
			throw new AutonomyError("not_found", "nothing is recorded yet: there is nothing to replay");
		}
		const sinceMs = Math.max(replay.fromMs, nowMs - args.since_s * 1_000);
		const job = startReplay(deps.platform, {
			replay,
			settings: toSettings(wanted.config),
			facts: (facts) => factsWith(wanted, facts),
			untilMs: nowMs,
		});
		running = job;
		try {
			return answer(deps, wanted, await job.result, { fromMs: replay.fromMs, sinceMs, nowMs });
		} finally {
			running = null;
		}
	}

	return {
		ask,
		close() {
			running?.close();
		},
	};
}

interface Wanted {
	readonly config: Config;
	/** Uplinks for which something was overridden. */
	readonly members: ReadonlySet<string>;
	/** As they were understood: "failover.loss" -> "3". */
	readonly shown: Readonly<Record<string, string>>;
}

/** "switch_margin" is section main's; "failover.loss" and "wan.weight" name their section. Throws bad_argument. */
function readOverrides(deps: ServeDeps, overrides: Readonly<Record<string, unknown>>): Wanted {
	const bySection = new Map<string, Record<string, unknown>>();
	const shown: Record<string, string> = {};
	for (const [name, value] of Object.entries(overrides)) {
		const dot = name.indexOf(".");
		const section = dot < 0 ? "main" : name.slice(0, dot);
		const option = name.slice(dot + 1);
		const values = bySection.get(section) ?? {};
		values[option] = value;
		bySection.set(section, values);
		shown[section === "main" ? option : `${section}.${option}`] = String(value);
	}
	let pkg: UciPackage = deps.config.readPackage() ?? { name: CONFIG_PACKAGE, sections: [], warnings: [] };
	for (const [section, values] of bySection) {
		pkg = applyEdits(pkg, planChange(pkg, deps.config.file, { section, values }).edits);
	}
	const singletons = new Set(SECTIONS.map((spec) => spec.name));
	const wanted = {
		config: readConfig(pkg, deps.config.file).config,
		members: new Set([...bySection.keys()].filter((section) => !singletons.has(section))),
		shown,
	};
	refuseUseless(deps, wanted, bySection);
	return wanted;
}

/** An option that the engine does not know would change nothing, silently: say so instead. */
function refuseUseless(deps: ServeDeps, wanted: Wanted, bySection: ReadonlyMap<string, object>): void {
	const known = deps.engine().uplinks.map((uplink) => uplink.facts);
	for (const member of wanted.members) {
		const isClass = known.some((facts) => `${facts.class}_any` === member);
		if (!isClass && !known.some((facts) => facts.id === member)) {
			throw new AutonomyError("bad_argument", `there is no uplink '${member}' on record`);
		}
	}
	for (const [section, values] of bySection) {
		for (const option of Object.keys(values)) {
			if (
				!ENGINE_OPTIONS[section]?.includes(option) &&
				!(wanted.members.has(section) && MEMBER_OPTIONS.includes(option))
			) {
				throw new AutonomyError(
					"bad_argument",
					`${section}.${option} plays no part in decisions: nothing would differ`,
				);
			}
		}
	}
}

/** What toSettings() in config/settings.ts reads; test/serve/what-if.test.ts proves that each makes a difference there. */
export const ENGINE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
	predictive: ["enabled", "confidence_threshold"],
	main: [
		"mode",
		"predictive",
		"switch_margin",
		"min_uptime_s",
		"cooldown_s",
		"history_window_s",
		"severe_loss",
		"severe_duration_s",
		"hold_down_s",
		"hold_down_max_s",
		"drain_s",
		"pin_s",
	],
	failover: ["loss", "latency", "min_duration_s"],
	restore: ["loss", "latency", "min_duration_s"],
};

const MEMBER_OPTIONS: readonly string[] = [
	"weight",
	"min_uptime_s",
	"cooldown_s",
	"prefer_roaming",
	"detect",
	"metered",
];

function factsWith(wanted: Wanted, facts: UplinkFacts): UplinkFacts {
	if (!wanted.members.has(facts.id) && !wanted.members.has(`${facts.class}_any`)) {
		return facts;
	}
	const member = memberSettings(wanted.config, { id: facts.id, class: facts.class });
	return {
		...facts,
		weight: member.weight ?? facts.weight,
		minUptimeMs: member.minUptimeMs,
		cooldownMs: member.cooldownMs,
		preferRoaming: member.preferRoaming,
		metered: member.metered ?? facts.metered,
		disabled: facts.disabled || member.detect === "disable",
	};
}

function isSwitch(decision: Decision): boolean {
	return decision.from !== decision.to && decision.to !== null;
}

interface Period {
	/** First recorded input: decisions before it are another run's. */
	readonly fromMs: number;
	readonly sinceMs: number;
	readonly nowMs: number;
}

function answer(deps: ServeDeps, wanted: Wanted, replayed: Replayed, period: Period): Answer {
	const { fromMs, sinceMs, nowMs } = period;
	const all = deps.recorder.decisions(MAX_SWITCHES * 2).toReversed();
	const actual = all.filter((decision) => decision.atMs >= fromMs && decision.atMs <= nowMs);
	const isShown = (decision: Decision): boolean => isSwitch(decision) && decision.atMs >= sinceMs;
	const was = actual.filter(isShown).slice(-MAX_SWITCHES);
	const would = replayed.decisions.filter(isShown).slice(-MAX_SWITCHES);
	const actualS = timeOn(actual, replayed.startPrimary, sinceMs, nowMs);
	const wouldS = timeOn(replayed.decisions, replayed.startPrimary, sinceMs, nowMs);
	const differs = !sameCourse(was, would);
	const names = [...new Set([...actualS.keys(), ...wouldS.keys()])].sort();
	return {
		from_unix_ms: deps.recorder.toUnixMs(sinceMs),
		inputs: replayed.inputs,
		differs,
		text: verdict(wanted, was, would, differs),
		settings: wanted.shown,
		actual: was.map((decision) => switchReply(deps, decision)),
		what_if: would.map((decision) => switchReply(deps, decision)),
		share: names.map((name) => ({ name, actual_s: actualS.get(name) ?? 0, what_if_s: wouldS.get(name) ?? 0 })),
	};
}

function sameCourse(was: readonly Decision[], would: readonly Decision[]): boolean {
	return (
		was.length === would.length &&
		was.every((one, index) => {
			const other = would[index];
			return other !== undefined && one.to === other.to && Math.abs(one.atMs - other.atMs) <= SAME_MS;
		})
	);
}

function verdict(wanted: Wanted, was: readonly Decision[], would: readonly Decision[], differs: boolean): string {
	const settings = Object.entries(wanted.shown).map(([name, value]) => `${name} ${value}`);
	const head = settings.length === 0 ? "With the settings in force" : `With ${settings.join(", ")}`;
	const count = (n: number): string => (n === 1 ? "1 switch" : `${n} switches`);
	if (!differs) {
		return `${head} nothing would have been different: ${count(was.length)} either way.`;
	}
	return `${head} there would have been ${count(would.length)} instead of ${was.length}.`;
}

/** Seconds each uplink was the primary between two times. */
function timeOn(
	decisions: readonly Decision[],
	first: string | null,
	sinceMs: number,
	nowMs: number,
): Map<string, number> {
	const seconds = new Map<string, number>();
	let primary = first;
	let atMs = sinceMs;
	const spend = (untilMs: number): void => {
		if (primary !== null && untilMs > atMs) {
			seconds.set(primary, (seconds.get(primary) ?? 0) + (untilMs - atMs) / 1_000);
		}
		atMs = Math.max(atMs, untilMs);
	};
	for (const decision of decisions) {
		spend(decision.atMs);
		primary = decision.to ?? primary;
	}
	spend(nowMs);
	return seconds;
}

function switchReply(deps: ServeDeps, decision: Decision): Answer["actual"][number] {
	const { kind, rule, from, to, text } = decision;
	return { ts: deps.recorder.toUnixMs(decision.atMs), kind, rule, from, to, text };
}
