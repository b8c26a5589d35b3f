"""How well reviewers agree: Cohen's kappa with quadratic weights, and its interval. Pure.

Kappa: J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968), 213–220; weights (i − j)² / (k − 1)². Interval:
percentile bootstrap over the pairs (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 6
RESAMPLES = 2000
SEED = 20_111
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Agreement:
    """Weighted kappa (1 is full agreement, 0 is that of chance) with its 95 % interval over ``n`` pairs of levels."""

    value: float
    low: float
    high: float
    n: int


def agreement(pairs: Sequence[tuple[int, int]]) -> Agreement | None:
    """Return the agreement of pairs of levels 0–5; None where kappa is not defined.

    That is so for fewer than two pairs, and where both sides gave one and the same level throughout.
    """
    return _agreement(tuple(pairs))


@lru_cache(maxsize=256)
def _agreement(pairs: tuple[tuple[int, int], ...]) -> Agreement | None:
    n = len(pairs)
    counts = np.zeros((LEVELS, LEVELS))
    for first, second in pairs:
        counts[first, second] += 1
    value = kappas(counts[None])[0]
    if n < 2 or not np.isfinite(value):
        return None
    # Drawing n pairs with replacement is drawing from the multinomial of their cells.
    drawn = np.random.default_rng(SEED).multinomial(n, (counts / n).ravel(), size=RESAMPLES)
    found = kappas(drawn.reshape(RESAMPLES, LEVELS, LEVELS).astype(float))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found[np.isfinite(found)], [tail, 1 - tail])
    return Agreement(round(float(value), 6), round(float(low), 6), round(float(high), 6), n)


def kappas(tables: NDArray[Any]) -> NDArray[Any]:
    """Return the weighted kappa of each table of counts, shape (tables, levels, levels); NaN where it is not defined."""
    steps = np.arange(tables.shape[1])
    weights = (steps[:, None] - steps[None, :]) ** 2
    total = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    seen = (tables * weights).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.einsum("ti,ij,tj->t", rows, weights, columns) / total
        return np.asarray(np.where(chance > 0, 1 - seen / chance, np.nan))
