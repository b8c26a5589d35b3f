"""Do scores mean what they say: reliability bins, expected and maximum error, Brier's decomposition, slope and intercept."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special

from apps.evaluations.engine.figures import Figure, rounded, undefined, whole
from apps.evaluations.engine.scoretable import ScoreTable
from apps.evaluations.engine.statistics.odds import FitFailed, LogisticFit, logistic
from apps.evaluations.engine.statistics.proportions import Z, wilson
from apps.evaluations.engine.table import Floats

BINS = 10
#: Draws of the noise floor: what the error of a perfectly calibrated model of this size looks like.
NOISE_DRAWS = 500


@dataclass(frozen=True)
class BinSums:
    """What calibration needs of each bin of equal width; sums of several tables add up. Shapes (bins,)."""

    n: Floats
    hits: Floats
    scores: Floats
    squares: Floats
    hit_scores: Floats

    def plus(self, other: "BinSums") -> "BinSums":
        """Return the sums of the rows of both."""
        return BinSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def bin_sums(table: ScoreTable, *, bins: int = BINS) -> BinSums:
    """Return the sums of a table's rows by bin; a score on an edge belongs to the bin above, 1 to the last."""
    places = [0, *table.places(np.arange(1, bins) / bins).tolist(), len(table.values)]
    weight = table.pos + table.neg

    def summed(values: Floats) -> Floats:
        return np.array([float(values[start:end].sum()) for start, end in pairwise(places)])

    return BinSums(
        summed(weight),
        summed(table.pos),
        summed(table.values * weight),
        summed(table.values**2 * weight),
        summed(table.values * table.pos),
    )


def calibration(table: ScoreTable, binned: BinSums, rng: np.random.Generator) -> dict[str, Any]:
    """Return the calibration of a table of probabilities, whose sums by bin are given.

    ECE, its root mean square and MCE: Naeini et al. 2015 and Guo et al. 2017, eq. 3-5, on P(y = 1). Brier's
    decomposition: Murphy 1973, with the two terms within bins of Stephenson et al. 2008, so that it adds up.
    Slope and intercept: Cox 1958.
    """
    errors = calibration_errors(binned)
    return {
        **{name: rounded(value) for name, value in errors.items()},
        "mean_score": rounded(float(binned.scores.sum() / binned.n.sum())),
        "prevalence": rounded(float(binned.hits.sum() / binned.n.sum())),
        **_noise_floor(binned, rng),
        **_slope(table),
        "brier_parts": _parts(binned),
        "bins": _rows(binned),
    }


def calibration_errors(binned: BinSums) -> dict[str, float]:
    """Return the expected, root mean square and maximum calibration error."""
    filled = binned.n > 0
    share = binned.n[filled] / binned.n.sum()
    gaps = np.abs(binned.scores[filled] - binned.hits[filled]) / binned.n[filled]
    return {
        "ece": float(np.sum(share * gaps)),
        "ece_rms": float(np.sqrt(np.sum(share * gaps**2))),
        "mce": float(gaps.max()),
    }


def _rows(binned: BinSums) -> list[dict[str, Any]]:
    bins, rows = len(binned.n), []
    for index in range(bins):
        n, hits = float(binned.n[index]), float(binned.hits[index])
        row: dict[str, Any] = {"low": index / bins, "high": (index + 1) / bins, "n": whole(n)}
        if n:
            low, high = wilson(hits, n)
            row |= {
                "mean_score": rounded(float(binned.scores[index]) / n),
                "observed": rounded(hits / n),
                "ci_low": rounded(low),
                "ci_high": rounded(high),
            }
        rows.append(row)
    return rows


def _noise_floor(binned: BinSums, rng: np.random.Generator) -> dict[str, Any]:
    """Return the ECE that a perfectly calibrated model with these bins would show by chance, and its 95th percentile."""
    filled = binned.n > 0
    n = np.maximum(np.round(binned.n[filled]), 1).astype(np.int64)
    mean = np.clip(binned.scores[filled] / binned.n[filled], 0, 1)
    draws = rng.binomial(n, mean, size=(NOISE_DRAWS, len(mean))) / n
    errors = (np.abs(draws - mean) * (n / n.sum())).sum(axis=1)
    return {
        "ece_by_chance": rounded(float(errors.mean())),
        "ece_by_chance_95": rounded(float(np.quantile(errors, 0.95))),
    }


def _parts(binned: BinSums) -> dict[str, Any]:
    filled = binned.n > 0
    n, hits = binned.n[filled], binned.hits[filled]
    total = float(n.sum())
    mean, observed, base = binned.scores[filled] / n, hits / n, float(hits.sum()) / total
    spread = float(np.sum(binned.squares[filled] - n * mean**2)) / total
    covariance = 2 * float(np.sum(binned.hit_scores[filled] - hits * mean)) / total
    return {
        "reliability": rounded(float(np.sum(n * (mean - observed) ** 2)) / total),
        "resolution": rounded(float(np.sum(n * (observed - base) ** 2)) / total),
        "uncertainty": rounded(base * (1 - base)),
        "within_bin_variance": rounded(max(spread, 0.0)),
        "within_bin_covariance": rounded(covariance),
        "definition": "Brier = reliability - resolution + uncertainty + within-bin variance - within-bin covariance",
    }


def _slope(table: ScoreTable) -> dict[str, Any]:
    """Fit label ~ intercept + slope * logit(score), and the intercept alone at slope 1 (calibration in the large)."""
    slope, intercept = calibration_fit(table)
    return {
        "slope": rounded(slope.value),
        "slope_low": rounded(slope.low),
        "slope_high": rounded(slope.high),
        "intercept": rounded(intercept.value),
        "intercept_low": rounded(intercept.low),
        "intercept_high": rounded(intercept.high),
        "slope_reason": slope.reason,
    }


def calibration_fit(table: ScoreTable) -> tuple[Figure, Figure]:
    """Return slope and intercept with Wald's intervals; 1 and 0 are right."""
    if not table.two_classes or len(table.values) < 2:
        reason = "Needs both classes and scores that differ."
        return undefined(reason), undefined(reason)
    try:
        start = _fit(table.coarse, np.array([0.0, 1.0]))
        fit = _fit(table, start.coefficients)
    except FitFailed as error:
        return undefined(str(error)), undefined(str(error))
    found = []
    for index in (1, 0):
        value, half = float(fit.coefficients[index]), Z * fit.standard_error(index)
        found.append(Figure(value, value - half, value + half, "Wald", table.total))
    return found[0], found[1]


def _fit(table: ScoreTable, start: Floats) -> LogisticFit:
    weight = table.pos + table.neg
    logits = special.logit(np.clip(table.values, 1e-6, 1 - 1e-6))
    outcome = np.divide(table.pos, weight, out=np.zeros_like(weight), where=weight > 0)
    return logistic([logits], outcome, None if weight.min() == weight.max() == 1 else weight, start=start)
