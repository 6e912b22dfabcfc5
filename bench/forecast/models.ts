/**
 * Which model may speak of a recording: of one that was trained on only the fold that never saw it; of any other the one
 * the router gets.
 */
import { readFileSync } from "node:fs";
import { createModel, type Model, type ModelFile, type TargetModel } from "../../daemon/forecast/model.ts";
import type { Trace, Track } from "../traces/types.ts";

interface Folds {
	readonly groups: Readonly<Record<string, number>>;
	readonly features: readonly string[];
	readonly folds: readonly Readonly<Record<string, TargetModel>>[];
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

export interface Models {
	of(trace: Trace, track: Track): Model;
	/** True: a recording of the training set, answered by a model that never saw it. */
	knows(trace: Trace, track: Track): boolean;
}

export function createModels(): Models {
	const shipped = createModel(read<ModelFile>("daemon/forecast/model.json"));
	const { groups, folds, features } = read<Folds>("bench/train/folds.json");
	const models = folds.map((targets) => createModel({ features, targets }));
	const foldOf = (trace: Trace, track: Track): number | undefined =>
		groups[track.origin ?? `${trace.folder}/${trace.group}`];
	return {
		of: (trace, track) => models[foldOf(trace, track) ?? -1] ?? shipped,
		knows: (trace, track) => foldOf(trace, track) !== undefined,
	};
}
