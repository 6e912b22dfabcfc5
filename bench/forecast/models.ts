/**
 * Which model may speak of a recording: of one that was trained on only the fold that never saw it; of any other the one
 * the router gets.
 */
import { readFileSync } from "node:fs";
import { createModel, type Model, type ModelFile, type TargetModel } from "../../daemon/forecast/model.ts";
import { TARGETS, type TargetName } from "../../daemon/forecast/types.ts";
import type { Trace, Track } from "../traces/types.ts";

interface Folds {
	readonly groups: Readonly<Record<string, number>>;
	readonly features: readonly string[];
	readonly folds: readonly Readonly<Record<string, TargetModel>>[];
	/** A baseline: logistic regression on the same features, of all and per fold. */
	readonly logistic: { readonly all: Linears; readonly folds: readonly Linears[] };
	/** From this risk on it is an alarm; chosen on the predictions made out of fold. */
	readonly alarm: Readonly<Record<string, number>>;
}

/** Per target: what stands in for an unknown value, mean, spread and weight of each feature. */
type Linears = Readonly<
	Record<string, readonly (readonly [unknown: number, mean: number, spread: number, weight: number])[]>
>;

const LARGE = 10_000;

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

export interface Models {
	of(trace: Trace, track: Track): Model;
	/** True: a recording of the training set, answered by a model that never saw it. */
	knows(trace: Trace, track: Track): boolean;
	/** For ranking only: the sum, without the curve that makes it a probability. */
	logisticOf(trace: Trace, track: Track): (target: number, features: Float64Array) => number;
	alarmOf(target: TargetName): number;
}

export function createModels(): Models {
	const shipped = createModel(read<ModelFile>("daemon/forecast/model.json"));
	const { groups, folds, features, logistic, alarm } = read<Folds>("bench/data/folds.json");
	const models = folds.map((targets) => createModel({ features, targets }));
	const foldOf = (trace: Trace, track: Track): number | undefined =>
		groups[track.origin ?? `${trace.folder}/${trace.group}`];
	return {
		of: (trace, track) => models[foldOf(trace, track) ?? -1] ?? shipped,
		logisticOf(trace, track) {
			const linears = logistic.folds[foldOf(trace, track) ?? -1] ?? logistic.all;
			return (target, x) => {
				let sum = 0;
				const rows = linears[TARGETS[target]?.name ?? ""] ?? [];
				rows.forEach(([unknown, mean, spread, weight], i) => {
					const value = x[i] ?? Number.NaN;
					const kept = Number.isNaN(value) ? unknown : Math.min(LARGE, Math.max(-LARGE, value));
					sum += ((kept - mean) / spread) * weight;
				});
				return sum;
			};
		},
		alarmOf: (target) => alarm[target] ?? 0.5,
		knows: (trace, track) => foldOf(trace, track) !== undefined,
	};
}
