"""Quantiles of rows that may have weights."""

from dataclasses import dataclass

import numpy as np

from apps.evaluations.engine.table import Floats


@dataclass(frozen=True)
class Ordered:
    """Values (k,) in ascending order, each up to the rank ``until`` (k,) of ``n`` rows in all."""

    values: Floats
    until: Floats
    n: float

    def at(self, rank: float) -> float:
        """Return the value of a rank from 0."""
        place = int(np.searchsorted(self.until, rank, side="right"))
        return float(self.values[min(place, len(self.values) - 1)])

    def quantile(self, share: float) -> float:
        """Return the mean of the values over the ranks from (n - 1) share to one further.

        Of rows without weights that is Hyndman and Fan's type 7 (American Statistician 50, 1996, 361), the default of
        R and numpy; with weights it is Akinshin's (arXiv 2304.07265, 2023, §3). Whole weights repeat rows.
        """
        start = (self.n - 1) * share
        parts = np.diff(np.clip(self.until, start, start + 1), prepend=start)
        inside = parts > 0
        # Around one of the values, so that a constant stays itself to the last digit.
        centre = self.values[inside][0]
        return float(centre + np.sum(parts[inside] * (self.values[inside] - centre)))


def ordered(values: Floats, weights: Floats | None = None) -> Ordered:
    """Order values (n,), whose weights (n,) sum to the number of rows that they are worth. Raises ValueError without rows.

    The reader scales weights that are not whole to sum to Kish's effective number of rows, which is 1 at the least.
    """
    if weights is not None:
        values, weights = values[weights > 0], weights[weights > 0]
    if not len(values):
        raise ValueError("A quantile needs a row that has a weight.")
    order = np.argsort(values, kind="stable")
    until = np.arange(1.0, len(values) + 1) if weights is None else np.cumsum(weights[order])
    return Ordered(values[order], until, max(float(until[-1]), 1.0))


def quantile(values: Floats, share: float, weights: Floats | None = None) -> float:
    """Return a quantile of the values (n,), whose weights (n,) repeat them. Raises ValueError without rows."""
    return ordered(values, weights).quantile(share)
