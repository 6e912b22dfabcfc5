/**
 * Which model may speak of a recording: of one that was trained on only the fold that never saw it; of any other the one
 * the router gets.
 */
import { readFileSync } from "node:fs";
import { createModel, type Model, type ModelFile, type TargetModel } from "../../daemon/forecast/model.ts";
import type { Trace } from "../traces/types.ts";

interface Folds {
	readonly groups: Readonly<Record<string, number>>;
	readonly features: readonly string[];
	readonly folds: readonly Readonly<Record<string, TargetModel>>[];
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

export interface Models {
	of(trace: Trace): Model;
	/** True: a recording of the training set, answered by a model that never saw it. */
	knows(trace: Trace): boolean;
}

export function createModels(): Models {
	const shipped = createModel(read<ModelFile>("daemon/forecast/model.json"));
	const { groups, folds, features } = read<Folds>("bench/train/folds.json");
	const models = folds.map((targets) => createModel({ features, targets }));
	const foldOf = (trace: Trace): number | undefined =>
		trace.group
			.split(" + ")
			.map((group) => groups[`${trace.folder}/${group}`] ?? groups[group])
			.find((fold) => fold !== undefined);
	return {
		of: (trace) => models[foldOf(trace) ?? -1] ?? shipped,
		knows: (trace) => foldOf(trace) !== undefined,
	};
}
