/**
 * Which metric each mwan3 member needs so that mwan3's own rebuilds come to our choice. Pure. A member belongs to
 * several policies at once, so this is a small puzzle: in every policy the chosen members must share one metric, and it
 * must be lower than all others'. Where the user's own metrics already say so nothing is overridden; where two policies
 * contradict each other the later one is left to the watcher of the chains (steerer.ts, reassert) and named.
 */
import type { Choice, PolicyMember } from "./plan.ts";

export interface MetricPlan {
	/** Member section -> metric it needs; only those that differ from the user's. */
	readonly overrides: ReadonlyMap<string, number>;
	/** Policies whose order no set of metrics can express beside the others'. */
	readonly unexpressed: readonly string[];
}

interface Constraints {
	readonly equal: readonly (readonly [string, string])[];
	/** First is lower than second. */
	readonly less: readonly (readonly [string, string])[];
}

function pairs(choice: Choice, chosen: readonly PolicyMember[]): Constraints {
	const names = chosen.map((member) => member.member);
	const first = names[0] ?? "";
	const others = choice.target.members.filter((member) => !names.includes(member.member));
	return {
		equal: names.slice(1).map((name) => [first, name] as const),
		less: others.map((member) => [first, member.member] as const),
	};
}

/** Order among those not chosen, best first: what mwan3 should fall back to when it drops the chosen ones itself. */
function reservePairs(choice: Choice): Constraints {
	const names = choice.reserve.map((member) => member.member);
	return { equal: [], less: names.slice(1).map((name, i) => [names[i] ?? name, name] as const) };
}

function join(a: Constraints, b: Constraints): Constraints {
	return { equal: [...a.equal, ...b.equal], less: [...a.less, ...b.less] };
}

/** The lowest whole numbers from 1 that satisfy all constraints, or null when they contradict each other. */
function solve(constraints: Constraints): Map<string, number> | null {
	const level = new Map<string, number>();
	for (const [a, b] of [...constraints.equal, ...constraints.less]) level.set(a, 1).set(b, 1);
	const at = (name: string): number => level.get(name) ?? 1;
	let moved = true;
	while (moved) {
		moved = false;
		const raise = (name: string, to: number): void => {
			if (at(name) >= to) return;
			level.set(name, to);
			moved = true;
		};
		for (const [a, b] of constraints.equal) {
			raise(a, at(b));
			raise(b, at(a));
		}
		for (const [a, b] of constraints.less) raise(b, at(a) + 1);
		// More steps than names: somebody is above himself.
		if (Math.max(0, ...level.values()) > level.size) return null;
	}
	return level;
}

function holds(constraints: Constraints, metric: (name: string) => number): boolean {
	return (
		constraints.equal.every(([a, b]) => metric(a) === metric(b)) &&
		constraints.less.every(([a, b]) => metric(a) < metric(b))
	);
}

/** Metrics for all choices that name members; choices that leave their chain alone demand nothing. */
export function planMetrics(choices: readonly Choice[]): MetricPlan {
	const own = new Map<string, number>();
	for (const choice of choices) for (const member of choice.target.members) own.set(member.member, member.metric);

	let agreed: Constraints = { equal: [], less: [] };
	const expressed: Choice[] = [];
	const unexpressed: string[] = [];
	for (const choice of choices) {
		if (choice.members === null) continue;
		const next = join(agreed, pairs(choice, choice.members));
		if (solve(next) === null) {
			unexpressed.push(choice.target.policy);
			continue;
		}
		agreed = next;
		expressed.push(choice);
	}
	if (holds(agreed, (name) => own.get(name) ?? 1)) return { overrides: new Map(), unexpressed };
	for (const choice of expressed) {
		const next = join(agreed, reservePairs(choice));
		if (solve(next) !== null) agreed = next;
	}
	const overrides = new Map<string, number>();
	for (const [name, metric] of solve(agreed) ?? []) {
		if (own.get(name) !== metric) overrides.set(name, metric);
	}
	return { overrides, unexpressed };
}
