"""Errors of predicted numbers: one decorated pure function of the rows' sums each.

Intervals are drawn from the same sums (``statistics.sums``), so a metric says only which sums it needs and what it
makes of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.evaluations.engine.figures import Figure, undefined
from apps.evaluations.engine.statistics.proportions import Z
from apps.evaluations.engine.statistics.quantiles import ordered
from apps.evaluations.engine.statistics.sums import OfSums, SumDraws, sum_draws
from apps.evaluations.engine.table import Floats, Ints

Term = Callable[[Floats, Floats], Floats]
#: The columns whose sums the metrics are made of, in their order. Those of the second kind are taken of values
#: less the mean target, so that variances do not drown in large squares.
PLAIN_TERMS: dict[str, Term] = {
    "one": lambda y, p: np.ones_like(y),
    "error": lambda y, p: p - y,
    "absolute": lambda y, p: np.abs(p - y),
    "squared": lambda y, p: (p - y) ** 2,
    "relative": lambda y, p: np.abs(p - y) / np.where(y == 0, np.nan, np.abs(y)),
    "symmetric": lambda y, p: (
        2 * np.abs(p - y) / np.where(np.abs(y) + np.abs(p) == 0, 1, np.abs(y) + np.abs(p))
    ),
}
CENTRED_TERMS: dict[str, Term] = {
    "y": lambda y, p: y,
    "p": lambda y, p: p,
    "yy": lambda y, p: y * y,
    "pp": lambda y, p: p * p,
    "yp": lambda y, p: y * p,
}
TERMS = (*PLAIN_TERMS, *CENTRED_TERMS)
PLACE = {name: index for index, name in enumerate(TERMS)}
CONSTANT = "The target is the same in every row: there is no variation to explain."
ZEROS = "The target is 0 in some rows: a relative error does not exist there."


@dataclass(frozen=True)
class RegressionMetric:
    """A metric as a function of the sums of the terms."""

    function: OfSums
    definition: str
    reason: str = ""


#: name -> metric, in the order of the report.
REGRESSION_METRICS: dict[str, RegressionMetric] = {}


def metric(name: str, definition: str, reason: str = "") -> Callable[[OfSums], OfSums]:
    """Register a metric of the sums under ``name``."""

    def register(function: OfSums) -> OfSums:
        REGRESSION_METRICS[name] = RegressionMetric(function, definition, reason)
        return function

    return register


def _mean(sums: Floats, term: str) -> Floats:
    return sums[..., PLACE[term]] / sums[..., PLACE["one"]]


def _variances(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the variances of target and prediction and their covariance, with divisor n."""
    y, p = _mean(sums, "y"), _mean(sums, "p")
    return _mean(sums, "yy") - y * y, _mean(sums, "pp") - p * p, _mean(sums, "yp") - y * p


def _over(top: Floats, bottom: Floats) -> Floats:
    """Divide; a divisor that is nothing but rounding is zero."""
    return top / np.where(bottom <= 1e-24, np.nan, bottom)


@metric("mae", "Mean absolute error, in units of the target.")
def mae(sums: Floats) -> Floats:
    """Return the mean absolute error."""
    return _mean(sums, "absolute")


@metric("rmse", "Root of the mean squared error, in units of the target; large errors weigh more.")
def rmse(sums: Floats) -> Floats:
    """Return the root mean squared error."""
    return np.sqrt(np.maximum(_mean(sums, "squared"), 0))


@metric("r2", "1 - SSE / SST, the coefficient of determination (not the squared correlation).", CONSTANT)
def r2(sums: Floats) -> Floats:
    """Return the coefficient of determination."""
    return 1 - _over(_mean(sums, "squared"), _variances(sums)[0])


@metric("rsq", "Squared correlation of target and prediction, as yardstick's rsq.", CONSTANT)
def rsq(sums: Floats) -> Floats:
    """Return the squared Pearson correlation."""
    y, p, both = _variances(sums)
    return _over(both * both, y * p)


@metric("ccc", "Lin's concordance correlation (Biometrics 45, 1989), divisor n.", CONSTANT)
def ccc(sums: Floats) -> Floats:
    """Return the concordance correlation coefficient."""
    y, p, both = _variances(sums)
    gap = _mean(sums, "y") - _mean(sums, "p")
    return _over(2 * both, y + p + gap * gap)


@metric("bias", "Mean of prediction less target: above 0 it predicts too much.")
def bias(sums: Floats) -> Floats:
    """Return the mean error."""
    return _mean(sums, "error")


@metric("mape", "Mean of |error| / |target|, as a share.", ZEROS)
def mape(sums: Floats) -> Floats:
    """Return the mean absolute percentage error, as a share."""
    return _mean(sums, "relative")


@metric("smape", "Mean of 2 |error| / (|target| + |prediction|), as a share; 0 where both are 0.")
def smape(sums: Floats) -> Floats:
    """Return the symmetric mean absolute percentage error, as a share."""
    return _mean(sums, "symmetric")


def terms_of(y: Floats, p: Floats) -> Floats:
    """Return the rows (n, terms) whose sums the metrics are made of."""
    centre = float(np.mean(y)) if len(y) else 0.0
    plain = [term(y, p) for term in PLAIN_TERMS.values()]
    return np.stack([*plain, *(term(y - centre, p - centre) for term in CENTRED_TERMS.values())], axis=1)


def regression_draws(
    y: Floats,
    p: Floats,
    resamples: int,
    rng: np.random.Generator,
    *,
    weights: Floats | None = None,
    members: Ints | None = None,
    how: str = "rows",
) -> SumDraws:
    """Draw the sums of target y (n,) and prediction p (n,)."""
    rows = terms_of(y, p)
    n = float(len(y) if weights is None else weights.sum())
    return sum_draws(rows, resamples, rng, weights=weights, members=members, how=how, n=n)


def regression_figures(draws: SumDraws) -> dict[str, Figure]:
    """Return every metric with its intervals."""
    return {
        name: draws.figure(one.function, reason=one.reason or "There are no rows.")
        for name, one in REGRESSION_METRICS.items()
    }


def values_of(y: Floats, p: Floats, weights: Floats | None = None) -> dict[str, float | None]:
    """Return every metric of the rows, without intervals; nothing where one does not apply."""
    rows = terms_of(y, p)
    sums = rows.sum(axis=0) if weights is None else (rows * weights[:, None]).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {name: float(one.function(sums)) for name, one in REGRESSION_METRICS.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def quantile_figure(values: Floats, share: float, weights: Floats | None = None) -> Figure:
    """Return a quantile of the values with its distribution-free interval from order statistics (Conover 1999, §3.2)."""
    total = float(len(values) if weights is None else weights.sum())
    if not total:
        return undefined("There are no rows.")
    ranked = ordered(values, weights)
    value = ranked.quantile(share)
    half = Z * np.sqrt(ranked.n * share * (1 - share))
    low, high = np.floor(ranked.n * share - half), np.ceil(ranked.n * share + half)
    if low < 0 or high >= ranked.n:
        return Figure(value, method="too few rows for an interval", n=total)
    return Figure(value, ranked.at(low), ranked.at(high), "order statistics", total)


def pinball(y: Floats, p: Floats, share: float) -> float:
    """Return the mean pinball loss of a predicted quantile (Koenker and Bassett 1978)."""
    error = y - p
    return float(np.mean(np.maximum(share * error, (share - 1) * error)))


def d2_absolute(y: Floats, p: Floats) -> float | None:
    """Return the share of absolute error that is explained against the median; nothing for a constant target."""
    base = float(np.abs(y - np.median(y)).sum())
    return 1 - float(np.abs(y - p).sum()) / base if base else None
