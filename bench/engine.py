"""Measure the evaluation engine beside scikit-learn and fairlearn, in one run on the same rows.

``make bench-engine``. Prints seconds, the ratio to the reference, and how far the answers are apart. Reports are
computed in processes of their own, from Parquet, with their memory above a bare interpreter. ``--rows 1000000`` measures
fewer rows than the ten million of the largest table.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fairlearn import metrics as fl
from sklearn import metrics as sk

from apps.evaluations.engine import ranking
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.fairness import Group, fairness_of
from apps.evaluations.engine.metrics.confusion import cells_by_group
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.table import Grouping, crossed

MILLION = 1_000_000
RESAMPLES = 1_000
LOOP = 5


def table(rows: int, seed: int = 1) -> dict[str, Any]:
    """Return labels, scores and groups of so many rows."""
    rng = np.random.default_rng(seed)
    score = rng.beta(0.6, 0.5, rows)
    return {
        "y_true": (rng.random(rows) < score).astype(np.int64),
        "y_score": score,
        "race": np.array(["A", "B", "C", "D"])[rng.choice(4, rows, p=[0.6, 0.2, 0.15, 0.05])],
        "sex": np.array(["f", "m"])[rng.integers(0, 2, rows)],
        "region": np.array([f"r{number}" for number in range(10)])[rng.integers(0, 10, rows)],
    }


def best(call: Callable[[], Any], repeats: int = 3) -> float:
    """Return the median seconds of a call, after one that warms up."""
    call()
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def our_interval(y: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval of the AUC from 1,000 resamples."""
    draws = ranking.stratified_draws(score_table(score, y), RESAMPLES, np.random.default_rng(1))
    figure = draws.figures(("roc_auc",))["roc_auc"]
    return figure.others.get("bootstrap percentile", (figure.low, figure.high))


def loop(y: np.ndarray, score: np.ndarray, resamples: int) -> list[float]:
    """Return the AUCs of resamples by scikit-learn."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(resamples):
        rows = rng.integers(0, len(y), len(y))
        found.append(sk.roc_auc_score(y[rows], score[rows]))
    return found


def auc() -> None:
    """Compare the interval of the AUC with the loop over scikit-learn."""
    columns = table(MILLION)
    y, score = columns["y_true"].astype(np.uint8), columns["y_score"]
    ours = best(lambda: our_interval(y, score))
    theirs = best(lambda: loop(y, score, LOOP), repeats=1) / LOOP * RESAMPLES
    print(f"AUC interval, 1,000 resamples, 1 million rows: {ours:.3f} s; loop over scikit-learn {theirs:.0f} s "
          f"(from {LOOP} resamples): {theirs / ours:,.0f} times faster")  # fmt: skip
    few, scores = y[:20_000], score[:20_000]
    low, high = np.quantile(loop(few, scores, RESAMPLES), (0.025, 0.975))
    own = our_interval(few, scores)
    print(
        f"  agreement on 20,000 rows, both with 1,000 resamples: {max(abs(own[0] - low), abs(own[1] - high)):.1e}"
    )


def fairness() -> None:
    """Compare eight rates over two attributes and their crossing with fairlearn's MetricFrame."""
    columns = table(MILLION)
    y = columns["y_true"].astype(np.uint8)
    decision = (columns["y_score"] >= 0.5).astype(np.uint8)
    groups = {}
    for name in ("race", "sex"):
        kinds, codes = np.unique(columns[name], return_inverse=True)
        groups[name] = Grouping(tuple(kinds.tolist()), codes.astype(np.uint8))

    def ours() -> dict[str, Any]:
        both = crossed(groups["race"], groups["sex"])
        return {
            name: fairness_of(
                [
                    Group(value, cells)
                    for value, cells in zip(
                        one.values, cells_by_group(y, decision, one.codes, one.size), strict=True
                    )
                ]
            )
            for name, one in (*groups.items(), ("race × sex", both))
        }

    measured = {
        "selection_rate": fl.selection_rate,
        "tpr": fl.true_positive_rate,
        "fpr": fl.false_positive_rate,
        "fnr": fl.false_negative_rate,
        "tnr": fl.true_negative_rate,
        "ppv": sk.precision_score,
        "accuracy": sk.accuracy_score,
        "count": fl.count,
    }

    def theirs() -> Any:
        return [
            fl.MetricFrame(metrics=measured, y_true=y, y_pred=decision, sensitive_features=features).by_group
            for features in (
                columns["race"],
                columns["sex"],
                np.stack([columns["race"], columns["sex"]], axis=1),
            )
        ]

    own = best(ours)
    began = time.perf_counter()
    frames = theirs()
    other = time.perf_counter() - began
    found = {group["value"]: group["selection_rate"]["value"] for group in ours()["race"]["groups"]}
    apart = max(abs(found[value] - rate) for value, rate in frames[0]["selection_rate"].items())
    print(f"Fairness, 8 rates, 2 attributes and their crossing, 1 million rows, ours with intervals: {own:.4f} s; "
          f"fairlearn's MetricFrame {other:.1f} s: {other / own:,.0f} times faster, rates apart by {apart:.0e}")  # fmt: skip


#: What the measured process runs: the imports, the report, and its peak of resident memory in MB.
_CHILD = """
import json, sys, time
from pathlib import Path
def peak():
    # Of this process alone: the peak that getrusage tells is inherited from the parent.
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
bare = peak()
began = time.perf_counter()
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.report import evaluate
from apps.evaluations.engine.tasks import task_module
task_module("binary")
imported = time.perf_counter()
columns = ColumnMap(**json.loads(sys.argv[2]))
rows, warnings = read_table(Path(sys.argv[1]), columns)
report = evaluate(rows, columns, warnings, Config())
done = time.perf_counter()
print(json.dumps([imported - began, done - imported, peak() - bare, report["approximations"]]))
"""


def reports(rows: list[int]) -> None:
    """Measure whole default reports from Parquet, each in a process of its own: three times, after one that warms up."""
    columns = {"label": "y_true", "score": "y_score", "protected": ["race", "sex"], "slices": ["region"]}
    with tempfile.TemporaryDirectory() as folder:
        for count in rows:
            path = Path(folder) / f"{count}.parquet"
            pq.write_table(pa.table(table(count)), path)
            runs = [_measured(path, columns) for _ in range(4)][1:]
            imported, spent, memory = (statistics.median(run[place] for run in runs) for place in range(3))
            bound = runs[0][3][0]["bound"] if runs[0][3] else 0
            print(f"Whole report, {count:,} rows: {spent:.2f} s after {imported:.2f} s of imports, {memory:.0f} MB above "
                  f"the bare interpreter; ranking figures within {bound:.1e}")  # fmt: skip


def _measured(path: Path, columns: dict[str, Any]) -> list[Any]:
    command = [sys.executable, "-c", _CHILD, str(path), json.dumps(columns)]
    found: list[Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def main() -> None:
    """Run every measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10 * MILLION, help="rows of the largest table")
    options = parser.parse_args()
    ColumnMap(label="y_true", score="y_score").demand_complete()
    auc()
    fairness()
    reports([MILLION, options.rows] if options.rows != MILLION else [MILLION])


if __name__ == "__main__":
    main()
