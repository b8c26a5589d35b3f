"""A figure with its interval, or the reason why there is none. Proportions and their differences and ratios."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval. Undefined figures have no value but a reason; never 0, never NaN."""

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""
    n: int = 0
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON, with twelve significant digits."""
        found: dict[str, Any] = {
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "method": self.method,
            "n": self.n,
        }
        return found | ({"reason": self.reason} if self.reason else {})


def undefined(reason: str, *, n: int = 0) -> Figure:
    """Return a figure that does not apply."""
    return Figure(None, reason=reason, n=n)


def rounded(value: float | None) -> float | None:
    """Return ``value`` to twelve significant digits, so that reports compare byte by byte."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}")


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson, JASA 22, 1927)."""
    p = hits / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(hits: int, n: int, *, what: str) -> Figure:
    """Return hits / n with its Wilson interval; without rows it does not apply."""
    if n == 0:
        return undefined(f"There are no {what}.")
    low, high = wilson(hits, n)
    return Figure(hits / n, low, high, "Wilson", n)


def difference(hits_a: int, n_a: int, hits_b: int, n_b: int) -> Figure:
    """Return p_a - p_b with Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10)."""
    if not n_a or not n_b:
        return undefined("One of the groups is empty.")
    a, b = hits_a / n_a, hits_b / n_b
    (low_a, high_a), (low_b, high_b) = wilson(hits_a, n_a), wilson(hits_b, n_b)
    low = a - b - math.sqrt((a - low_a) ** 2 + (high_b - b) ** 2)
    high = a - b + math.sqrt((high_a - a) ** 2 + (b - low_b) ** 2)
    return Figure(a - b, low, high, "Newcombe", n_a + n_b)


def ratio(hits_a: int, n_a: int, hits_b: int, n_b: int) -> Figure:
    """Return p_a / p_b with the log interval (Katz et al., Biometrics 34, 1978)."""
    if not n_a or not n_b or not hits_b:
        return undefined(
            "No group was selected at all: the ratio is 0 / 0." if not hits_a else "A rate is zero."
        )
    value = (hits_a / n_a) / (hits_b / n_b)
    if not hits_a:
        high = (wilson(0, n_a)[1]) / (hits_b / n_b)
        return Figure(0.0, 0.0, high, "upper end from Wilson", n_a + n_b)
    se = math.sqrt(1 / hits_a - 1 / n_a + 1 / hits_b - 1 / n_b)
    return Figure(value, value * math.exp(-Z * se), value * math.exp(Z * se), "log ratio (Katz)", n_a + n_b)


def mean_figure(values: np.ndarray[Any, np.dtype[np.float64]]) -> Figure:
    """Return the mean of per-row values with its normal interval."""
    n = len(values)
    value = float(values.mean())
    half = Z * float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    return Figure(value, value - half, value + half, "normal, mean of rows", n)
