"""Figures that are functions of sums over rows, with bootstrap intervals: most figures are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine.figures import Figure, proportion, undefined
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.table import Floats

#: From sums (…, columns) to the figure (…); NaN where it does not apply.
OfSums = Callable[[Floats], Floats]
NO_VALUE = "A divisor of the figure is zero."


@dataclass(frozen=True)
class SumDraws:
    """The sums of some columns (columns,), in each resample (resamples, columns), and without each group."""

    total: Floats
    drawn: Floats
    left_out: Floats
    n: float
    how: str

    def figure(self, function: OfSums, *, reason: str = NO_VALUE) -> Figure:
        """Return a function of the sums with its bootstrap intervals; ``reason`` says why it may not apply."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(function(self.total))
            if not np.isfinite(value):
                return undefined(reason, n=self.n)
            draws = np.asarray(function(self.drawn), dtype=np.float64)
            left_out = np.asarray(function(self.left_out), dtype=np.float64)
        return resampling.bootstrap_figure(
            value, draws, n=self.n, how=self.how, left_out=left_out, times=np.ones(len(left_out))
        )


def sum_draws(
    columns: Floats,
    resamples: int,
    rng: np.random.Generator,
    *,
    weights: Floats | None = None,
    members: Any = None,
    how: str = "rows",
    n: float | None = None,
) -> SumDraws:
    """Draw rows (or, where ``members`` (n,) names them, whole entities) of ``columns`` (n, k) with replacement.

    More than 1,000 of them are put into 1,000 random groups first, which are drawn as wholes; the variance of a sum
    stays what it was.
    """
    rows = columns if weights is None else columns * weights[:, None]
    members = np.arange(len(columns)) if members is None else members
    groups = resampling.random_groups(int(members.max()) + 1 if len(members) else 0, rng)[members]
    size = int(groups.max()) + 1 if len(groups) else 0
    sums = resampling.sums_by_group(rows, groups, size)
    total = sums.sum(axis=0)
    counts = resampling.group_draws(size, resamples, rng)
    count = n if n is not None else float(len(columns) if weights is None else weights.sum())
    return SumDraws(total, resampling.drawn_sums(counts, sums), total - sums, count, f"{how} drawn")


def drawn_mean(
    values: Floats,
    resamples: int,
    rng: np.random.Generator,
    *,
    weights: Floats | None = None,
    members: Any = None,
    how: str = "rows",
    reason: str = "No row has a value.",
) -> Figure:
    """Return the mean of the values (n,) with its bootstrap intervals; NaN values are left out.

    Values that are all 0 or 1 are a proportion, with Wilson's interval: draws of ones alone would claim certainty.
    """
    known = ~np.isnan(values)
    if not known.any():
        return undefined(reason, n=len(values))
    own = None if weights is None else weights[known]
    if members is None and bool(np.isin(values[known], (0.0, 1.0)).all()):
        one = np.ones(int(known.sum())) if own is None else own
        return proportion(float((one * values[known]).sum()), float(one.sum()), what="rows")
    members = None if members is None else np.unique(members[known], return_inverse=True)[1]
    rows = np.stack([np.ones(int(known.sum())), values[known]], axis=1)
    draws = sum_draws(rows, resamples, rng, weights=own, members=members, how=how)
    return draws.figure(lambda sums: sums[..., 1] / sums[..., 0], reason=reason)
