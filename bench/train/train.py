"""
Trains the forecast's model with scikit-learn (HistGradientBoostingClassifier) and writes it as plain tables.

    npx tsx bench/train/rows.ts --data DIR --out ROWS
    python3 bench/train/train.py ROWS [--date YYYY-MM-DD]
    npx biome format --write daemon/forecast/model.json

Writes daemon/forecast/model.json (trained on all groups: what the router gets) and bench/data/folds.json (one model per
fold, each trained without the groups it is asked about: what the benches use on recordings that were trained on). A group
is a run, a drive, a day or a walk; groups of a folder go to the folds in turn, in the order of their names. Folders in
NEVER are never trained on. Calibration: isotonic regression of the predictions made out of fold.
"""
import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
FOLDS = 4
NEVER = {"starlink-ping"}
# The one dish recorded was healthy: what is learned from it is that dishes never fail. Their own words are heard elsewhere.
UNLEARNED = {"dish_outage", "dish_drop", "dish_outages"}
TREES = 40
LEAVES = 8
POINTS = 14


def load(folder):
    meta = json.load(open(f"{folder}/rows.json"))
    columns = meta["columns"]
    rows = np.fromfile(f"{folder}/rows.f32", dtype="<f4").reshape(-1, len(columns))
    targets = [c for c in columns if c.startswith("any_")]
    return meta, rows[:, 0].astype(int), rows[:, 2 : 2 + len(targets)], rows[:, 2 + len(targets) :], targets, columns[2 + len(targets) :]


def digits(x, n):
    return float(f"{x:.{n}g}")


def tree_of(nodes):
    """[feature, value, left]: feature -1 is a leaf with its value; the right child follows the left one; +100: unknown goes left."""
    feature, value, left, queue = [], [], [], [0]
    place = 0
    while place < len(queue):
        node = nodes[queue[place]]
        place += 1
        if node["is_leaf"]:
            feature.append(-1)
            value.append(digits(node["value"], 3))
            left.append(0)
            continue
        feature.append(int(node["feature_idx"]) + (100 if node["missing_go_to_left"] else 0))
        # Infinite: known or not is all that counts.
        value.append(digits(min(1e30, float(node["num_threshold"])), 5))
        left.append(len(queue))
        queue.extend([int(node["left"]), int(node["right"])])
    return [feature, value, left]


def raw_of(model, x):
    total = np.full(len(x), model["base"])
    for feature, value, left in model["trees"]:
        feature, value, left = np.array(feature), np.array(value), np.array(left)
        at = np.zeros(len(x), dtype=int)
        for _ in range(64):
            f = feature[at]
            inner = f >= 0
            if not inner.any():
                break
            cell = x[np.arange(len(x)), np.where(inner, f % 100, 0)]
            goes_left = np.where(np.isnan(cell), f >= 100, cell <= value[at])
            at = np.where(inner, np.where(goes_left, left[at], left[at] + 1), at)
        total += value[at]
    return total


def fit(x, y, w):
    classifier = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=0.1, max_leaf_nodes=LEAVES, min_samples_leaf=25, l2_regularization=5, random_state=1, early_stopping=False
    ).fit(x, y, sample_weight=w)
    trees = [tree_of(stage[0].nodes) for stage in classifier._predictors]
    return {"base": digits(float(classifier._baseline_prediction.item()), 5), "trees": trees}


def table_of(raw, y, w):
    """A rising line of few points from the raw sum to the probability."""
    order = np.argsort(raw, kind="stable")
    raw, y, w = raw[order], y[order], w[order]
    smooth = IsotonicRegression(y_min=0.0001, y_max=0.98, out_of_bounds="clip").fit_transform(raw, y, sample_weight=w)
    # More points where the risk is high: few rows live there.
    from_top = np.unique(np.concatenate([[0], len(raw) - 1 - np.unique(np.geomspace(30, len(raw), POINTS).astype(int) - 1)]))
    edges = np.unique(from_top)
    xs, ps = [], []
    for a, b in zip(edges[:-1], edges[1:]):
        xs.append(digits(raw[a : b + 1].mean(), 5))
        ps.append(digits(smooth[a : b + 1].mean(), 3))
    keep = [i for i in range(len(xs)) if i == 0 or xs[i] > xs[i - 1]]
    ps = np.maximum.accumulate([ps[i] for i in keep])
    return [[xs[i] for i in keep], [float(p) for p in ps]]


def linear(x, y, w):
    """Logistic regression, as a baseline: per feature what stands in for unknown, mean, spread, weight."""
    every = np.random.default_rng(1).random(len(y)) < 0.3
    rows = np.clip(x[every].astype(float), -1e4, 1e4)
    middle = np.nan_to_num(np.nanmedian(rows, axis=0))
    rows = np.where(np.isnan(rows), middle, rows)
    mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    weight = LogisticRegression(C=0.1, max_iter=200).fit((rows - mean) / spread, y[every], sample_weight=w[every]).coef_[0]
    return [[digits(float(v), 4) for v in row] for row in zip(middle, mean, spread, weight)]


def alarm_of(risk, y, w):
    """The lowest risk from which on four of five alarms are right; where there is none, the best F0.5."""
    order = np.argsort(-risk, kind="stable")
    risk, y, w = risk[order], y[order], w[order]
    right = np.cumsum(y * w)
    precision = right / np.cumsum(w)
    recall = right / max(1, right[-1])
    good = np.flatnonzero((precision >= 0.8) & (right >= 20 * w.mean()))
    if len(good):
        return digits(float(risk[good.max()]), 3)
    best = 1.25 * precision * recall / np.maximum(1e-9, 0.25 * precision + recall)
    return digits(float(risk[np.argmax(best)]), 3)


def main():
    folder = sys.argv[1]
    date = sys.argv[sys.argv.index("--date") + 1] if "--date" in sys.argv else ""
    meta, group, labels, x, targets, features = load(folder)
    names = ["/".join(name.split("/")[:2]) for name in meta["groups"]]
    fold_of = {}
    for one in sorted(set(meta["folders"])):
        if one not in NEVER:
            for i, name in enumerate(sorted({n for n in names if n.startswith(f"{one}/")})):
                fold_of[name] = i % FOLDS
    fold = np.array([fold_of.get(n, -1) for n in names])[group]
    # Moments half a second apart are much alike, quiet ones more so: a part of each, with more weight instead.
    near = (labels[:, targets.index("any_2s_in_30s")] != 0) | (labels[:, targets.index("any_1s_in_3s")] != 0) | (x[:, features.index("since_stall_s")] < 90)
    chance = np.random.default_rng(2).random(len(x))
    kept = (fold >= 0) & (chance < np.where(near, 0.4, 0.08))
    x, labels, fold, near = x[kept], labels[kept], fold[kept], near[kept]
    weight = np.where(near, 1 / 0.4, 1 / 0.08)
    dead = np.all(np.isnan(x[fold >= 0]), axis=0) | np.array([name in UNLEARNED for name in features])
    x = x.copy()
    x[:, dead] = 0
    shipped, folds, alarm = {}, [{} for _ in range(FOLDS)], {}
    logistic = {"all": {}, "folds": [{} for _ in range(FOLDS)]}
    for i, target in enumerate(targets):
        y = labels[:, i]
        known = ~np.isnan(y) & (fold >= 0)
        out = np.full(len(y), np.nan)
        for k in range(FOLDS):
            others = known & (fold != k)
            model = fit(x[others], y[others], weight[others])
            folds[k][target] = model
            out[fold == k] = raw_of(model, x[fold == k])
            logistic["folds"][k][target] = linear(x[others], y[others], weight[others])
        logistic["all"][target] = linear(x[known], y[known], weight[known])
        for k in range(FOLDS):
            others = known & (fold != k)
            folds[k][target]["table"] = table_of(out[others], y[others], weight[others])
        risk = np.interp(out, *table_of(out[known], y[known], weight[known]))
        alarm[target] = alarm_of(risk[known], y[known], weight[known])
        shipped[target] = fit(x[known], y[known], weight[known])
        shipped[target]["table"] = table_of(out[known], y[known], weight[known])
        print(target, int(y[known].sum()), "of", int(known.sum()), "table", shipped[target]["table"][1], file=sys.stderr)
    made = {
        "library": f"scikit-learn {sklearn.__version__}",
        "date": date,
        "command": "bench/train/rows.ts, bench/train/train.py",
        "rows": len(fold),
        "folds": FOLDS,
        "never": sorted(NEVER),
    }
    for one in [shipped, *folds]:
        for model in one.values():
            model["trees"] = [";".join(",".join(f"{v:g}" if i == 1 else str(v) for v in part) for i, part in enumerate(tree)) for tree in model["trees"]]
    write = lambda path, value: open(path, "w").write(json.dumps(value, separators=(",", ":")) + "\n")
    write("daemon/forecast/model.json", {"made": made, "features": features, "targets": shipped})
    write("bench/data/folds.json", {"made": made, "groups": fold_of, "features": features, "folds": folds, "logistic": logistic, "alarm": alarm})


main()
