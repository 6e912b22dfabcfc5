"""
Adds to the model what is known of silences that repeat: from (silences of the last 15 s + 0.3) / (1 + seconds since the
last) to the probability of another one within 3 s, by isotonic regression, per fold without the groups asked about.

    python3 bench/train/rhythm.py ROWS        after train.py; then npx biome format --write daemon/forecast/model.json
"""
import json
import sys

import numpy as np
from sklearn.isotonic import IsotonicRegression

TARGET = "any_1s_in_3s"
# Above this the table has a point at each of these shares of the rows; below there is no rhythm.
LEAST = 0.8
STEPS = np.array([0.8, 1.5, 2.2, 3.0, 4.0, 5.0, 6.0])

meta = json.load(open(f"{sys.argv[1]}/rows.json"))
columns = meta["columns"]
rows = np.fromfile(f"{sys.argv[1]}/rows.f32", dtype="<f4").reshape(-1, len(columns))
of = lambda name: rows[:, columns.index(name)]
folds = json.load(open("bench/data/folds.json"))
shipped = json.load(open("daemon/forecast/model.json"))
names = ["/".join(name.split("/")[:2]) for name in meta["groups"]]
fold = np.array([folds["groups"].get(name, -1) for name in names])[rows[:, 0].astype(int)]
rhythm = (of("stalls_15") + 0.3) / (1 + of("since_stall_s"))
# Only probes close enough to see each silence; and modems that tell their signal: on Wi-Fi and on links of which nothing
# is known but their round trips, silences of the last seconds say much less.
known = ~np.isnan(of(TARGET)) & (fold >= 0) & (of("gap_ms") < 900) & (rhythm >= LEAST) & ~np.isnan(of("rsrp"))


def table(mask):
    line = IsotonicRegression(y_min=0.0, y_max=0.95, out_of_bounds="clip").fit(rhythm[mask], of(TARGET)[mask])
    return [[float(v) for v in STEPS], [float(f"{v:.3g}") for v in line.predict(STEPS)]]


for k, one in enumerate(folds["folds"]):
    one[TARGET]["rhythm"] = table(known & (fold != k))
    print(k, one[TARGET]["rhythm"][1], int((known & (fold != k)).sum()), file=sys.stderr)
shipped["targets"][TARGET]["rhythm"] = table(known)
print("all", shipped["targets"][TARGET]["rhythm"][1], file=sys.stderr)
# Out of fold, from here on more than four of five alarms were right on the track with a signal.
folds["alarm"][TARGET] = 0.6
json.dump(folds, open("bench/data/folds.json", "w"), separators=(",", ":"))
json.dump(shipped, open("daemon/forecast/model.json", "w"), separators=(",", ":"))
