"""Do scores mean what they say: reliability bins, expected and maximum error, slope and intercept."""

from typing import Any

import numpy as np
from scipy import special

from apps.evaluations.engine.figures import rounded, wilson
from apps.evaluations.engine.table import Floats, Ints

BINS = 10


def calibration(y: Ints, score: Floats) -> dict[str, Any]:
    """Return ECE and MCE over ten bins of equal width (Naeini et al. 2015), and Cox's slope and intercept (1958)."""
    codes = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    n = np.bincount(codes, minlength=BINS)
    hits = np.bincount(codes, weights=y, minlength=BINS)
    sums = np.bincount(codes, weights=score, minlength=BINS)
    bins, gaps, weights = [], [], []
    for index in range(BINS):
        row: dict[str, Any] = {"low": index / BINS, "high": (index + 1) / BINS, "n": int(n[index])}
        if n[index]:
            mean, observed = sums[index] / n[index], hits[index] / n[index]
            low, high = wilson(int(hits[index]), int(n[index]))
            row |= {
                "mean_score": rounded(mean),
                "observed": rounded(observed),
                "ci_low": rounded(low),
                "ci_high": rounded(high),
            }
            gaps.append(abs(mean - observed))
            weights.append(n[index])
        bins.append(row)
    slope, intercept, reason = _logistic(y, score)
    return {
        "ece": rounded(float(np.average(gaps, weights=weights))),
        "mce": rounded(float(max(gaps))),
        "slope": slope,
        "intercept": intercept,
        "slope_reason": reason,
        "bins": bins,
    }


def _logistic(y: Ints, score: Floats) -> tuple[float | None, float | None, str]:
    """Fit label ~ intercept + slope * logit(score) by Newton's method."""
    if not 0 < y.sum() < len(y) or np.ptp(score) == 0:
        return None, None, "Needs both classes and scores that differ."
    x = special.logit(np.clip(score, 1e-6, 1 - 1e-6))
    design = np.stack([np.ones_like(x), x], axis=1)
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        p = special.expit(design @ beta)
        weight = np.maximum(p * (1 - p), 1e-12)
        step = np.linalg.lstsq(design.T @ (design * weight[:, None]), design.T @ (y - p), rcond=None)[0]
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:
            return rounded(float(beta[1])), rounded(float(beta[0])), ""
    return None, None, "The fit did not settle: the scores separate the classes almost perfectly."
