"""Logistic regression on a few columns: odds ratios that hold the others fixed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from apps.evaluations.engine.statistics.proportions import normal_quantile
from apps.evaluations.engine.statistics.testing import normal_tails


class FitFailed(ValueError):
    """The fit did not settle: the columns separate the outcomes perfectly, or repeat each other."""


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients (k,) with their covariance (k, k), the intercept first."""

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def standard_error(self, index: int) -> float:
        return math.sqrt(float(self.covariance[index, index]))

    def p_value(self, index: int) -> float:
        """Return Wald's two-sided p-value of a coefficient."""
        return normal_tails(float(self.coefficients[index]) / self.standard_error(index))

    def odds_ratio(self, index: int, *, confidence: float = 0.95) -> tuple[float, float, float]:
        """Return exp(coefficient) with Wald's interval."""
        value, half = (
            float(self.coefficients[index]),
            normal_quantile(confidence) * self.standard_error(index),
        )
        return math.exp(value), math.exp(value - half), math.exp(value + half)


def logistic(
    columns: Sequence[NDArray[np.float64]],
    outcome: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    *,
    start: NDArray[np.float64] | None = None,
    steps: int = 60,
) -> LogisticFit:
    """Fit outcome (n,) in [0, 1] on an intercept and the columns (n,) by maximum likelihood. Raises FitFailed.

    ``weights`` (n,) repeat rows. Newton's method; sums are numpy's own, so that the number of threads does not show.
    """
    beta = np.zeros(len(columns) + 1) if start is None else start.copy()
    for _ in range(steps):
        gradient, information = _derivatives(columns, outcome, weights, beta)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise FitFailed("The columns repeat each other, or separate the outcomes perfectly.") from None
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-7:
            # Newton's error is squared by each step: the next one would be far under the last digit.
            covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
            if not (np.diag(covariance) > 0).all():
                # What is left of the information is rounding.
                raise FitFailed("The columns separate the outcomes almost perfectly.")
            return LogisticFit(beta, covariance)
    raise FitFailed("The fit did not settle: the columns separate the outcomes almost perfectly.")


def _derivatives(
    columns: Sequence[NDArray[np.float64]],
    outcome: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    beta: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gradient (k,) of the log-likelihood and its information (k, k)."""
    p = np.full(len(outcome), beta[0])
    for value, column in zip(beta[1:], columns, strict=True):
        p += value * column
    special.expit(p, out=p)
    rest = outcome - p
    # The variance of a row is p (1 - p).
    spread = p * p
    np.subtract(p, spread, out=spread)
    if weights is not None:
        rest *= weights
        spread *= weights
    size = len(beta)
    gradient, information = np.empty(size), np.empty((size, size))
    gradient[0], information[0, 0] = rest.sum(), spread.sum()
    for i, column in enumerate(columns, start=1):
        gradient[i] = np.sum(rest * column)
        weighted = spread * column
        information[0, i] = information[i, 0] = weighted.sum()
        for j in range(i, size):
            information[i, j] = information[j, i] = np.sum(weighted * columns[j - 1])
    return gradient, information
