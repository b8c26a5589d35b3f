"""ROC and precision-recall curves, thinned to what a chart can show."""

from typing import Any

import numpy as np

from apps.evaluations.engine.figures import rounded
from apps.evaluations.engine.table import Floats, Ints

POINTS = 120


def curves(y: Ints, score: Floats) -> dict[str, Any]:
    """Return both curves as points with thresholds, and how much area the thinning cost."""
    if not 0 < y.sum() < len(y):
        return {"roc": [], "pr": [], "area_lost": None}
    values, codes = np.unique(-score, return_inverse=True)
    tp = np.cumsum(np.bincount(codes, weights=y))
    fp = np.cumsum(np.bincount(codes, weights=1 - y))
    tpr, fpr = np.r_[0, tp / tp[-1]], np.r_[0, fp / fp[-1]]
    thresholds = np.r_[1.0, -values]
    keep = _thin(tpr + fpr)
    lost = abs(float(np.trapezoid(tpr, fpr) - np.trapezoid(tpr[keep], fpr[keep])))
    precision = tp / (tp + fp)
    keep_pr = _thin(tpr[1:])
    return {
        "roc": [_point(fpr[i], tpr[i], thresholds[i]) for i in keep],
        "pr": [_point(tpr[i + 1], precision[i], thresholds[i + 1]) for i in keep_pr],
        "area_lost": rounded(lost),
    }


def _thin(along: Floats) -> np.ndarray[Any, Any]:
    """Choose at most POINTS indices, evenly along a growing coordinate."""
    if len(along) <= POINTS:
        return np.arange(len(along))
    targets = np.linspace(along[0], along[-1], POINTS)
    return np.unique(np.r_[0, np.searchsorted(along, targets).clip(0, len(along) - 1), len(along) - 1])


def _point(x: float, y: float, threshold: float) -> dict[str, float | None]:
    return {"x": rounded(float(x)), "y": rounded(float(y)), "threshold": rounded(float(threshold))}
