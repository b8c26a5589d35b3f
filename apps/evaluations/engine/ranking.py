"""Ranking quality: ROC-AUC with DeLong's variance, average precision and KS with a bootstrap over cells."""

from dataclasses import dataclass

import numpy as np

from apps.evaluations.engine.figures import Figure, Z, undefined
from apps.evaluations.engine.table import Floats, Ints

CELLS = 1024
ONE_CLASS = "Only one class is present."


@dataclass(frozen=True)
class Cells:
    """Counts of positives and negatives by distinct score, highest first; more than 1,024 scores are binned."""

    positives: Ints
    negatives: Ints
    exact: bool


def auc(y: Ints, score: Floats) -> Figure:
    """Return the area under the ROC curve with DeLong's interval (Biometrics 44, 1988; Sun and Xu 2014)."""
    n_pos, n_neg = int(y.sum()), int(len(y) - y.sum())
    if not n_pos or not n_neg:
        return undefined(ONE_CLASS, n=len(y))
    pos, neg = np.sort(score[y == 1]), np.sort(score[y == 0])
    # Placement values: the share of the other class below, ties counting half.
    v10 = (np.searchsorted(neg, pos, "left") + np.searchsorted(neg, pos, "right")) / (2 * n_neg)
    v01 = 1 - (np.searchsorted(pos, neg, "left") + np.searchsorted(pos, neg, "right")) / (2 * n_pos)
    value = float(v10.mean())
    if n_pos < 2 or n_neg < 2:
        return Figure(value, None, None, "DeLong needs two rows of each class", len(y))
    half = Z * float(np.sqrt(v10.var(ddof=1) / n_pos + v01.var(ddof=1) / n_neg))
    return Figure(value, max(0.0, value - half), min(1.0, value + half), "DeLong", len(y))


def cells_of(y: Ints, score: Floats) -> Cells:
    """Group rows by score, highest first."""
    values, codes = np.unique(-score, return_inverse=True)
    exact = len(values) <= CELLS
    if not exact:
        codes = codes * CELLS // len(values)
    size = int(codes.max()) + 1
    positives = np.bincount(codes, weights=y, minlength=size).astype(np.int64)
    negatives = np.bincount(codes, weights=1 - y, minlength=size).astype(np.int64)
    return Cells(positives, negatives, exact)


def average_precision(positives: Floats, negatives: Floats) -> Floats:
    """Return sum of (R_k - R_{k-1}) P_k over thresholds (average precision, not the trapezoid), for each row of counts."""
    tp = np.cumsum(positives, axis=-1)
    fp = np.cumsum(negatives, axis=-1)
    precision = tp / np.maximum(tp + fp, 1)
    return (positives * precision).sum(axis=-1) / np.maximum(tp[..., -1], 1)


def kolmogorov_smirnov(positives: Floats, negatives: Floats) -> Floats:
    """Return the largest distance between the score distributions of the two classes."""
    tpr = np.cumsum(positives, axis=-1) / np.maximum(positives.sum(axis=-1, keepdims=True), 1)
    fpr = np.cumsum(negatives, axis=-1) / np.maximum(negatives.sum(axis=-1, keepdims=True), 1)
    return np.abs(tpr - fpr).max(axis=-1)


def resampled(cells: Cells, *, resamples: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw stratified bootstrap counts: a multinomial over the cells of each class."""
    n_pos, n_neg = int(cells.positives.sum()), int(cells.negatives.sum())
    pos = rng.multinomial(n_pos, cells.positives / n_pos, size=resamples)
    neg = rng.multinomial(n_neg, cells.negatives / n_neg, size=resamples)
    return pos.astype(np.float64), neg.astype(np.float64)


def exact_average_precision(y: Ints, score: Floats) -> float:
    """Return average precision over all distinct scores."""
    _, codes = np.unique(-score, return_inverse=True)
    positives = np.bincount(codes, weights=y).astype(np.float64)
    negatives = np.bincount(codes, weights=1 - y).astype(np.float64)
    return float(average_precision(positives, negatives))


def percentile_figure(value: float, draws: Floats, centre: float, *, n: int) -> Figure:
    """Return ``value`` with the percentile interval of ``draws``, moved from the cells' centre to the exact value."""
    low, high = np.quantile(draws - centre + value, (0.025, 0.975))
    return Figure(value, float(low), float(high), f"stratified bootstrap, {len(draws):,} resamples", n)
