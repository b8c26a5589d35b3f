"""What another threshold would do: a table of thresholds, the best by F1 and by cost, and curves thin enough to draw."""

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine.figures import rounded, whole
from apps.evaluations.engine.scoretable import ScoreTable
from apps.evaluations.engine.table import Floats, Ints

#: Thresholds 0.00, 0.01 … 1.00.
STEPS = 101
#: Points of a drawn curve.
POINTS = 160


@dataclass(frozen=True)
class Sweep:
    """The weights of true and false positives at each threshold of a grid (thresholds,); sums add up."""

    thresholds: Floats
    tp: Floats
    fp: Floats

    def plus(self, other: "Sweep") -> "Sweep":
        """Return the sweep of the rows of both."""
        return Sweep(self.thresholds, self.tp + other.tp, self.fp + other.fp)


def sweep_of(table: ScoreTable, *, probability: bool) -> Sweep:
    """Return the sweep over 101 thresholds: hundredths for probabilities, else even steps over the scores seen."""
    if probability or not len(table.values):
        thresholds = np.arange(STEPS) / (STEPS - 1)
    else:
        thresholds = np.linspace(table.values[0], table.values[-1], STEPS)
        # The grid of other scores knows no such steps; its cells' means stand for them.
        table = ScoreTable(table.values, table.pos, table.neg)
    places = table.places(thresholds)
    tp, fp = np.r_[table.tp, 0.0], np.r_[table.fp, 0.0]
    return Sweep(thresholds, tp[places], fp[places])


def threshold_table(table: ScoreTable, sweep: Sweep, costs: tuple[float, float]) -> dict[str, Any]:
    """Return the sweep as rows, and the thresholds that maximise F1 and minimise the cost of errors.

    ``costs``: what a false positive and what a false negative costs.
    """
    positives, negatives = table.positives, table.negatives
    rows = [
        {
            "threshold": rounded(float(threshold)),
            "tp": whole(tp),
            "fp": whole(fp),
            "fn": whole(positives - tp),
            "tn": whole(negatives - fp),
        }
        for threshold, tp, fp in zip(sweep.thresholds, sweep.tp.tolist(), sweep.fp.tolist(), strict=True)
    ]
    return {"rows": rows, "best_f1": _best_f1(table), "least_cost": _least_cost(table, costs)}


def _best_f1(table: ScoreTable) -> dict[str, Any] | None:
    if not table.positives:
        return None
    tp, fp = table.tp, table.fp
    scores = 2 * tp / (tp + fp + table.positives)
    best = int(len(scores) - 1 - np.argmax(scores[::-1]))
    return {
        "threshold": rounded(float(table.values[best])),
        "f1": rounded(float(scores[best])),
        "precision": rounded(float(tp[best] / max(tp[best] + fp[best], 1e-300))),
        "recall": rounded(float(tp[best] / table.positives)),
    }


def _least_cost(table: ScoreTable, costs: tuple[float, float]) -> dict[str, Any]:
    tp, fp = table.tp, table.fp
    per_fp, per_fn = costs
    # Beyond the highest score nobody gets a yes.
    total = np.r_[per_fp * fp + per_fn * (table.positives - tp), per_fn * table.positives]
    best = int(len(total) - 1 - np.argmin(total[::-1]))
    nobody = best == len(table.values)
    return {
        "threshold": None if nobody else rounded(float(table.values[best])),
        "nobody": nobody,
        "cost": rounded(float(total[best])),
        "cost_per_row": rounded(float(total[best] / table.total)),
        "false_positive_cost": per_fp,
        "false_negative_cost": per_fn,
    }


def curves(table: ScoreTable) -> dict[str, Any]:
    """Return the ROC and PR curves as points with thresholds, and how much area the thinning cost each."""
    if not table.two_classes:
        return {"roc": [], "pr": [], "area_lost": None, "pr_area_lost": None}
    tp, fp = table.tp, table.fp
    tpr, fpr = np.r_[0.0, tp[::-1] / table.positives], np.r_[0.0, fp[::-1] / table.negatives]
    # No score lies above the first point; the chart shows its threshold as the end of the scale.
    thresholds = np.r_[max(1.0, float(table.values[-1])), table.values[::-1]]
    precision = np.r_[1.0, (tp / np.maximum(tp + fp, 1e-300))[::-1]]
    keep, keep_pr = thinned(fpr, tpr), thinned(tpr, precision)
    area, drawn = np.trapezoid(tpr, fpr), np.trapezoid(tpr[keep], fpr[keep])
    pr_area, pr_drawn = np.trapezoid(precision, tpr), np.trapezoid(precision[keep_pr], tpr[keep_pr])
    return {
        "roc": [_point(fpr[i], tpr[i], thresholds[i]) for i in keep],
        "pr": [_point(tpr[i], precision[i], thresholds[i]) for i in keep_pr[keep_pr > 0]],
        "area_lost": rounded(abs(float(area - drawn))),
        "pr_area_lost": rounded(abs(float(pr_area - pr_drawn))),
    }


def thinned(x: Floats, y: Floats, *, points: int = POINTS) -> Ints:
    """Return the indices of the points that matter most to the area under a curve (Visvalingam and Whyatt 1993).

    The curve is first cut to some thousand points, evenly along its length, then those whose triangle with their
    neighbours is the smallest go one by one.
    """
    coarse = _along(x, y, points * 12)
    left = [index - 1 for index in range(len(coarse))]
    right = [index + 1 for index in range(len(coarse))]
    px, py = x[coarse].tolist(), y[coarse].tolist()

    def area(index: int) -> float:
        a, c = left[index], right[index]
        return abs((px[index] - px[a]) * (py[c] - py[a]) - (px[c] - px[a]) * (py[index] - py[a]))

    areas = [float("inf")] + [area(index) for index in range(1, len(coarse) - 1)] + [float("inf")]
    heap = [(value, index) for index, value in enumerate(areas)]
    heapq.heapify(heap)
    gone = [False] * len(coarse)
    for _ in range(max(0, len(coarse) - points)):
        value, index = heapq.heappop(heap)
        while gone[index] or value != areas[index]:
            value, index = heapq.heappop(heap)
        gone[index] = True
        a, c = left[index], right[index]
        right[a], left[c] = c, a
        for neighbour in (a, c):
            if 0 < neighbour < len(coarse) - 1:
                areas[neighbour] = max(area(neighbour), value)
                heapq.heappush(heap, (areas[neighbour], neighbour))
    return coarse[~np.array(gone)]


def _along(x: Floats, y: Floats, points: int) -> Ints:
    if len(x) <= points:
        return np.arange(len(x))
    length = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
    places = np.searchsorted(length, np.linspace(0, length[-1], points))
    return np.unique(np.r_[0, places.clip(0, len(x) - 1), len(x) - 1])


def _point(x: float, y: float, threshold: float) -> dict[str, float | None]:
    return {"x": rounded(float(x)), "y": rounded(float(y)), "threshold": rounded(float(threshold))}
