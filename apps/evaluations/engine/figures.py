"""A figure with its interval, or the reason why there is none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.evaluations.engine.statistics import proportions

#: Figures on fewer rows are marked as small.
SMALL = 30


@dataclass(frozen=True)
class Figure:
    """A value with its interval. Undefined figures have no value but a reason; never 0, never NaN.

    ``method`` names how ``low`` and ``high`` were found, ``others`` holds further intervals by method, and ``bound``
    is how far the value may lie from the exact one when it was read from binned scores (0: exact).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""
    n: float = 0
    reason: str = ""
    others: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    bound: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, with twelve significant digits."""
        found: dict[str, Any] = {
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "method": self.method,
            "n": whole(self.n),
        }
        if found["value"] is None:
            found["reason"] = (
                self.reason or "The figure is no finite number: the values are too large or too few."
            )
        if 0 < self.n < SMALL:
            found["small"] = True
        if self.bound:
            found["bound"] = rounded(self.bound)
        if self.others:
            found["intervals"] = {
                name: [rounded(low), rounded(high)] for name, (low, high) in self.others.items()
            }
        return found


def verdict_of(gain: Figure) -> str:
    """Return what a gain (above 0 is better) shows: its whole interval above 0, below it, or neither."""
    if gain.low is None or gain.high is None:
        return "no difference shown"
    return "better" if gain.low > 0 else "worse" if gain.high < 0 else "no difference shown"


def undefined(reason: str, *, n: float = 0) -> Figure:
    """Return a figure that does not apply."""
    return Figure(None, reason=reason, n=n)


def rounded(value: float | None) -> float | None:
    """Return ``value`` to twelve significant digits, so that reports compare byte by byte; nothing where undefined."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}")


def whole(value: float) -> int | float:
    """Return a count as an integer where it is one; sums of weights need not be."""
    return int(value) if float(value).is_integer() else float(f"{value:.12g}")


def proportion(hits: float, n: float, *, what: str) -> Figure:
    """Return hits / n with Wilson's interval, and Clopper and Pearson's beside it; without rows it does not apply."""
    if n == 0:
        return undefined(f"There are no {what}.")
    low, high = proportions.wilson(hits, n)
    return Figure(
        hits / n, low, high, "Wilson", n, others={"Clopper-Pearson": proportions.clopper_pearson(hits, n)}
    )


def difference(hits_a: float, n_a: float, hits_b: float, n_b: float) -> Figure:
    """Return p_a - p_b with Newcombe's interval."""
    if not n_a or not n_b:
        return undefined("One of the groups is empty.")
    low, high = proportions.newcombe(hits_a, n_a, hits_b, n_b)
    return Figure(hits_a / n_a - hits_b / n_b, low, high, "Newcombe", n_a + n_b)


def ratio(hits_a: float, n_a: float, hits_b: float, n_b: float) -> Figure:
    """Return p_a / p_b with Koopman's interval, which holds with no hits in the first group too."""
    if not n_a or not n_b or not hits_b:
        both = "No group was selected at all: the ratio is 0 / 0."
        return undefined(both if not hits_a else "The rate that would be divided by is zero.")
    low, high = proportions.koopman(hits_a, n_a, hits_b, n_b)
    return Figure((hits_a / n_a) / (hits_b / n_b), low, high, "Koopman score", n_a + n_b)


def mean_figure(value: float, variance: float, n: float) -> Figure:
    """Return a mean of ``n`` rows, whose variance (divisor n - 1) is given, with the normal interval."""
    if n < 2:
        return Figure(value, method="one row has no interval", n=n)
    if variance <= 0:
        return Figure(value, method="no interval: every row has the same value", n=n)
    half = proportions.Z * math.sqrt(variance / n)
    return Figure(value, value - half, value + half, "normal, mean of rows", n)
