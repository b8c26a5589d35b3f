"""Tests of counts: two proportions, the same rows twice, tables by stratum, and many tests at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from apps.evaluations.engine.statistics.proportions import normal_quantile

#: Over this many rows Fisher's test is left to the normal one, which then agrees to many digits.
FISHER_ROWS = 10_000
#: Fewer discordant pairs than this and McNemar's test is exact.
EXACT_PAIRS = 25


@dataclass(frozen=True)
class Tested:
    """A statistic with its two-sided p-value."""

    statistic: float | None
    p: float
    method: str


def chi_square_tail(statistic: float, degrees: float = 1) -> float:
    """Return P(chi-square >= statistic)."""
    return float(special.chdtrc(degrees, statistic))


def normal_tails(z: float) -> float:
    """Return the two-sided p-value of a standard normal."""
    return float(2 * special.ndtr(-abs(z)))


def two_proportions(hits_a: float, n_a: float, hits_b: float, n_b: float) -> Tested:
    """Compare two proportions with the pooled z test, the "two standard deviations" of adverse-impact practice."""
    pooled = (hits_a + hits_b) / (n_a + n_b)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    if not spread:
        return Tested(0.0, 1.0, "z, pooled")
    z = (hits_a / n_a - hits_b / n_b) / spread
    return Tested(z, normal_tails(z), "z, pooled")


def fisher_exact(hits_a: int, n_a: int, hits_b: int, n_b: int) -> Tested:
    """Compare two proportions with Fisher's exact test: the sum of all tables no likelier than the one seen."""
    hits, total = hits_a + hits_b, n_a + n_b
    support = np.arange(max(0, hits - n_b), min(hits, n_a) + 1)
    logs = _log_choose(n_a, support) + _log_choose(n_b, hits - support) - _log_choose(total, np.array([hits]))
    chances = np.exp(logs)
    seen = chances[hits_a - support[0]]
    # The relative slack of R's fisher.test, so that equal tables count as equal.
    return Tested(None, float(min(1.0, chances[chances <= seen * (1 + 1e-7)].sum())), "Fisher exact")


def impact_test(hits_a: float, n_a: float, hits_b: float, n_b: float) -> Tested:
    """Test two selection rates as adverse-impact practice does: Fisher's exact test on small tables, else z."""
    whole = all(float(count).is_integer() for count in (hits_a, n_a, hits_b, n_b))
    if whole and n_a + n_b <= FISHER_ROWS:
        return fisher_exact(int(hits_a), int(n_a), int(hits_b), int(n_b))
    return two_proportions(hits_a, n_a, hits_b, n_b)


def mcnemar(first_only: float, second_only: float, *, exact: bool | None = None) -> Tested:
    """Compare two paired proportions by the rows where they differ (McNemar, Psychometrika 12, 1947).

    Chi-square without continuity correction; exact binomial under 25 such rows, or as asked.
    """
    discordant = first_only + second_only
    if discordant == 0:
        return Tested(0.0, 1.0, "McNemar: no row differs")
    if exact is None:
        exact = discordant < EXACT_PAIRS
    if exact:
        fewer = min(first_only, second_only)
        # The binomial distribution function, by the incomplete beta function: weights need not be whole.
        p = 2 * float(special.betainc(discordant - fewer, fewer + 1, 0.5))
        return Tested(None, min(1.0, p), "McNemar exact")
    statistic = (first_only - second_only) ** 2 / discordant
    return Tested(statistic, chi_square_tail(statistic), "McNemar chi-square")


@dataclass(frozen=True)
class PooledOdds:
    """Mantel and Haenszel's odds ratio over strata, its interval, and the test that it is 1."""

    odds_ratio: float
    low: float
    high: float
    statistic: float
    p: float


def mantel_haenszel(
    tables: Sequence[ArrayLike], *, confidence: float = 0.95, correct: bool = True
) -> PooledOdds:
    """Pool 2 × 2 tables, one per stratum (Mantel and Haenszel 1959; interval of Robins, Breslow and Greenland 1986).

    ``tables``: shape (strata, 2, 2) of counts. ``correct`` is the continuity correction of R's mantelhaen.test.
    """
    cells = np.asarray(tables, dtype=np.float64)
    a, b, c, d = cells[:, 0, 0], cells[:, 0, 1], cells[:, 1, 0], cells[:, 1, 1]
    n = a + b + c + d
    r, s = a * d / n, b * c / n
    odds = float(r.sum() / s.sum())
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * r).sum() / (2 * r.sum() ** 2)
        + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        + (q * s).sum() / (2 * s.sum() ** 2)
    )
    spread = normal_quantile(confidence) * math.sqrt(variance)
    expected = (a + b) * (a + c) / n
    within = (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
    distance = abs(float((a - expected).sum())) - (0.5 if correct else 0.0)
    statistic = max(distance, 0.0) ** 2 / float(within.sum())
    return PooledOdds(
        odds, odds * math.exp(-spread), odds * math.exp(spread), statistic, chi_square_tail(statistic)
    )


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return q-values: rejecting all q <= level keeps the false discovery rate at level (JRSS B 57, 1995)."""
    p = np.asarray(p_values, dtype=np.float64)
    if not len(p):
        return p
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty_like(p)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return found
