"""Metrics of a confusion matrix: one decorated pure function each.

To add one, write a function of (tp, fp, fn, tn), arrays or numbers, and decorate it; the report, its interval and
the documentation follow.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Counts = Any
Metric = Callable[[Counts, Counts, Counts, Counts], Counts]
#: name -> (function, definition), in the order of the report.
CONFUSION_METRICS: dict[str, tuple[Metric, str]] = {}


def metric(name: str, definition: str) -> Callable[[Metric], Metric]:
    """Register a metric of the confusion matrix under ``name``."""

    def register(function: Metric) -> Metric:
        CONFUSION_METRICS[name] = (function, definition)
        return function

    return register


def over(top: Counts, bottom: Counts) -> Counts:
    """Divide; where the divisor is 0 the figure does not apply (NaN inside, a reason outside)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(bottom) == 0, np.nan, np.divide(top, bottom))


@metric("f1", "2 TP / (2 TP + FP + FN)")
def f1(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the harmonic mean of precision and recall (van Rijsbergen 1979)."""
    return over(2 * tp, 2 * tp + fp + fn)


@metric("mcc", "Matthews correlation of label and decision")
def mcc(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the Matthews correlation coefficient (Matthews 1975)."""
    product = (tp + fp) * 1.0 * (tp + fn) * (tn + fp) * (tn + fn)
    return over(tp * 1.0 * tn - fp * 1.0 * fn, np.sqrt(product))


@metric("balanced_accuracy", "mean of recall and specificity")
def balanced_accuracy(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the mean recall of the two classes."""
    return (over(tp, tp + fn) + over(tn, tn + fp)) / 2
