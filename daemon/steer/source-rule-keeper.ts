/** Keeps the source rules of source-rules.ts in the kernel: follows addresses, puts back what is missing, cleans up. */
import { FAMILIES, type Family } from "../health/types.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Uplink } from "../uplink/types.ts";
import { together } from "./lane.ts";
import {
	inPlace,
	parseRules,
	prefOf,
	ruleSteps,
	type SourceRule,
	selectorText,
	tableSteps,
	wantedRules,
} from "./source-rules.ts";
import type { StateFile } from "./state-file.ts";
import type { Tools } from "./tools.ts";
import type { SourceRuleStatus } from "./types.ts";

/** All that a look needs, and own-traffic.ts after it, in one process. */
const LOOK = ["rule show", "route show default"];

export interface SourceRuleKeeper {
	/** Makes the rules fit these uplinks; returns how many lines had to be changed. Forks nothing when nothing is new. */
	follow(uplinks: readonly Uplink[], force: boolean): Promise<number>;
	/** What the last forced look that changed nothing has read of a family, once: `ip rule show` and main's default routes. */
	takeSeen(family: Family): string | null;
	giveBack(): Promise<{ changed: string[]; problems: string[] }>;
	rules(): SourceRuleStatus[];
	/** "uplink family" each. */
	inForce(): string[];
	problems(): string[];
}

/** Those that stay while others change: their routes are looked after all the same. */
function kept(wanted: readonly SourceRule[], steps: readonly string[]): SourceRule[] {
	return wanted.filter((rule) => !tableSteps([rule]).some((line) => steps.includes(line)));
}

export function createSourceRuleKeeper(tools: Tools, state: StateFile): SourceRuleKeeper {
	const lastWanted = new Map<Family, string>();
	const standing = new Map<Family, boolean[]>();
	const troubles = new Map<Family, string[]>();
	const seen = new Map<Family, string>();

	const ofFamily = (family: Family): SourceRule[] => state.get().rules.filter((rule) => rule.family === family);
	/** In the same order whoever is first: what did not change is not written again. */
	const record = (family: Family, rules: readonly SourceRule[]): void => {
		state.set({ rules: FAMILIES.flatMap((one) => (one === family ? rules : ofFamily(one))) });
	};

	const followFamily = async (family: Family, uplinks: readonly Uplink[], force: boolean): Promise<number> => {
		const facts = JSON.stringify(
			uplinks.map((uplink) => {
				const peer = family === "ipv4" ? uplink.peer : undefined;
				return [uplink.id, uplink[family], uplink.mwan3[family], uplink.tunnel, peer];
			}),
		);
		const failedBefore = (troubles.get(family) ?? []).length > 0;
		if (!force && !failedBefore && lastWanted.get(family) === facts) return 0;
		const ours = ofFamily(family);
		if (ours.length === 0 && !uplinks.some((uplink) => uplink[family]?.up)) {
			lastWanted.set(family, facts);
			return 0;
		}
		const problems: string[] = [];
		troubles.set(family, problems);
		// The kernel drops a table's route when the device goes down; the rule stays. Mostly nothing else is to be done.
		const routes = tableSteps(ours);
		const { failed, text } = await tools.ipChangeAndShow(family, force ? routes : [], force ? LOOK : LOOK.slice(0, 1));
		const actual = parseRules(text);
		const wanted = wantedRules(family, uplinks, ours, actual, problems);
		const steps = ruleSteps(ours, wanted, actual);
		lastWanted.set(family, facts);
		if (steps.length === 0) {
			record(family, wanted);
			standing.set(
				family,
				wanted.map((rule) => inPlace(actual, rule)),
			);
			const done = force && tableSteps(wanted).join() === routes.join();
			problems.push(...(done ? failed : await tools.ipChange(family, tableSteps(wanted))));
			if (force) seen.set(family, text);
			return 0;
		}
		// Old ones too until they are gone: a crash in between must not forget them.
		record(family, [
			...wanted,
			...ours.filter((old) => !wanted.some((rule) => JSON.stringify(rule) === JSON.stringify(old))),
		]);
		problems.push(...(await tools.ipChange(family, [...tableSteps(kept(wanted, steps)), ...steps])));
		const after = parseRules(await tools.ipShow(family, ["rule", "show"]));
		record(family, wanted);
		standing.set(
			family,
			wanted.map((rule) => inPlace(after, rule)),
		);
		for (const rule of wanted) {
			if (!inPlace(after, rule)) problems.push(`no source rule for ${rule.uplink} (${selectorText(rule.selector)})`);
		}
		return steps.length;
	};

	return {
		async follow(uplinks, force) {
			seen.clear();
			const counts = await together(
				FAMILIES.map(async (family) => {
					try {
						return await followFamily(family, uplinks, force);
					} catch (error) {
						troubles.set(family, [`${family} source rules: ${errorText(error)}`]);
						return 0;
					}
				}),
			);
			return counts.reduce((sum, count) => sum + count, 0);
		},
		takeSeen(family) {
			const text = seen.get(family) ?? null;
			seen.delete(family);
			return text;
		},
		async giveBack() {
			const changed: string[] = [];
			const problems: string[] = [];
			for (const family of FAMILIES) {
				const ours = ofFamily(family);
				if (ours.length === 0) continue;
				try {
					const show = async () => {
						const rules = parseRules(await tools.ipShow(family, ["rule", "show"]));
						// The kernel has rules of its own: none at all is no answer, and ours would be forgotten by it.
						if (rules.length === 0) throw new AutonomyError("process_failed", "ip rule show told nothing");
						return rules;
					};
					const failed = await tools.ipChange(family, ruleSteps(ours, [], await show()));
					const after = await show();
					const left = ours.filter((rule) => inPlace(after, rule));
					record(family, left);
					if (left.length === 0) changed.push(`${ours.length} ${family} source rules`);
					else problems.push(...failed, ...left.map((rule) => `run "ip rule del pref ${prefOf(rule)}"`));
				} catch (error) {
					problems.push(`${family} source rules: ${errorText(error)}`);
				}
			}
			return { changed, problems };
		},
		rules: () =>
			FAMILIES.flatMap((family) =>
				ofFamily(family).map((rule, i) => ({
					uplink: rule.uplink,
					family,
					selector: selectorText(rule.selector),
					pref: prefOf(rule),
					table: rule.table,
					inPlace: standing.get(family)?.[i] ?? false,
				})),
			),
		inForce: () =>
			FAMILIES.flatMap((family) => {
				const stands = standing.get(family) ?? [];
				const ours = ofFamily(family).filter((_, i) => stands[i] === true);
				return ours.map((rule) => `${rule.uplink} ${family}`);
			}),
		problems: () => [...troubles.values()].flat(),
	};
}
