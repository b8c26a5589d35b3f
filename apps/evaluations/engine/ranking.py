"""How well scores rank: ROC-AUC with DeLong's variance, average precision, the PR trapezoid and KS."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.engine.figures import Figure, undefined
from apps.evaluations.engine.scoretable import ScoreTable
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.proportions import Z, mann_whitney, square_and_add
from apps.evaluations.engine.table import Bits, Floats, Ints

ONE_CLASS = "Only one class is present."
#: Cells from which rows are left out one by one for the acceleration of BCa.
JACKKNIFE_CELLS = 128
#: DeLong's interval has no width where no placement varies, as at an AUC of 0 or 1; then this one stands in.
NEWCOMBE = "Newcombe 2006, method 5 (DeLong has no width: no placement varies)"
#: A variance under this is rounding: of twenty million rows with one pair in the wrong order it is 1e-29.
_NO_VARIANCE = 1e-30
#: Resamples that are worked on at once: so many cells stay in the processor's cache.
_BLOCK = 64


@dataclass(frozen=True)
class Ranked:
    """Weights of positives and negatives by ascending score along the last axis, and what lies at or above each score."""

    pos: Floats
    neg: Floats
    tp: Floats
    fp: Floats

    @classmethod
    def of(cls, pos: Floats, neg: Floats) -> "Ranked":
        """Return the weights with what lies above."""
        above = [own.sum(axis=-1, keepdims=True) - np.cumsum(own, axis=-1) + own for own in (pos, neg)]
        return cls(pos, neg, above[0], above[1])

    @cached_property
    def positives(self) -> Floats:
        """The weight of all positives."""
        return self.tp[..., :1]

    @cached_property
    def negatives(self) -> Floats:
        """The weight of all negatives."""
        return self.fp[..., :1]

    @cached_property
    def precision(self) -> Floats:
        """The precision with each score as the threshold; 1 where nothing lies above."""
        called = self.tp + self.fp
        return np.divide(self.tp, called, out=np.ones_like(called), where=called > 0)


RankStatistic = Callable[[Ranked], Floats]


def auc_of(ranked: Ranked) -> Floats:
    """Return the area under the ROC curve, ties counting half (Hanley and McNeil, Radiology 143, 1982)."""
    below = ranked.negatives - ranked.fp + ranked.neg / 2
    pairs = (ranked.positives * ranked.negatives)[..., 0]
    return (ranked.pos * below).sum(axis=-1) / np.where(pairs > 0, pairs, np.nan)


def average_precision_of(ranked: Ranked) -> Floats:
    """Return the sum of recall steps times precision: average precision, not the trapezoid."""
    positives = ranked.positives[..., 0]
    return (ranked.pos * ranked.precision).sum(axis=-1) / np.where(positives > 0, positives, np.nan)


def trapezoid_of(ranked: Ranked) -> Floats:
    """Return the area under the PR curve by the trapezoid from recall 0 at precision 1, as yardstick's pr_auc."""
    positives = ranked.positives[..., 0]
    precision = ranked.precision
    total = (ranked.pos * precision).sum(axis=-1) + (ranked.pos[..., :-1] * precision[..., 1:]).sum(axis=-1)
    return (total + ranked.pos[..., -1]) / 2 / np.where(positives > 0, positives, np.nan)


def ks_of(ranked: Ranked) -> Floats:
    """Return the largest distance between the score distributions of the two classes (Kolmogorov and Smirnov)."""
    tpr = ranked.tp / np.where(ranked.positives > 0, ranked.positives, np.nan)
    fpr = ranked.fp / np.where(ranked.negatives > 0, ranked.negatives, np.nan)
    return np.abs(tpr - fpr).max(axis=-1)


STATISTICS: dict[str, RankStatistic] = {
    "roc_auc": auc_of,
    "pr_auc": average_precision_of,
    "pr_auc_trapezoid": trapezoid_of,
    "ks": ks_of,
}


def rank_figures(table: ScoreTable) -> dict[str, float]:
    """Return AUC, average precision, PR trapezoid and KS of a table with two classes."""
    ranked = Ranked(table.pos, table.neg, table.tp, table.fp)
    return {name: float(statistic(ranked)) for name, statistic in STATISTICS.items()}


def auc(table: ScoreTable) -> float:
    """Return the AUC of a table; needs two classes."""
    return float(np.sum(table.pos * table.neg_below)) / (table.positives * table.negatives)


def delong_variance(table: ScoreTable) -> float:
    """Return DeLong's variance of the AUC (Biometrics 44, 1988, 837) from the placements of the rows."""
    n_pos, n_neg = table.positives, table.negatives
    value = auc(table)
    s10 = float(np.sum(table.pos * (table.neg_below / n_neg - value) ** 2)) / (n_pos - 1)
    s01 = float(np.sum(table.neg * (1 - table.pos_below / n_pos - value) ** 2)) / (n_neg - 1)
    return s10 / n_pos + s01 / n_neg


def hanley_mcneil_variance(value: float, n_pos: float, n_neg: float) -> float:
    """Return the variance of an AUC from its value and the counts alone (Radiology 143, 1982, 29)."""
    q1, q2 = value / (2 - value), 2 * value * value / (1 + value)
    spread = value * (1 - value) + (n_pos - 1) * (q1 - value**2) + (n_neg - 1) * (q2 - value**2)
    return spread / (n_pos * n_neg)


def auc_figure(table: ScoreTable) -> Figure:
    """Return the AUC with DeLong's interval, cut at 0 and 1."""
    if not table.two_classes:
        return undefined(ONE_CLASS, n=table.total)
    variance = delong_variance(table) if min(table.positives, table.negatives) >= 2 else math.nan
    figure = with_interval(auc(table), variance, table.positives, table.negatives)
    return replace(figure, n=table.total, bound=table.bound)


def varies(variance: float) -> bool:
    """Return whether DeLong's variance is one, and not the rounding of placements that are all the same."""
    return variance > _NO_VARIANCE


def with_interval(value: float, variance: float, n_pos: float, n_neg: float) -> Figure:
    """Return an AUC with DeLong's interval, or Newcombe's where that would have no width."""
    n = n_pos + n_neg
    if not math.isfinite(variance):
        return Figure(value, method="DeLong needs two rows of each class", n=n)
    if not varies(variance):
        return Figure(value, *mann_whitney(value, n_pos, n_neg), NEWCOMBE, n)
    half = Z * math.sqrt(variance)
    return Figure(value, max(0.0, value - half), min(1.0, value + half), "DeLong", n)


def apart(first: Figure, second: Figure, method: str) -> Figure:
    """Return the difference of two figures that have intervals, as of independent samples."""
    own, theirs = (
        (
            one.value or 0.0,
            (one.low if one.low is not None else -1.0, one.high if one.high is not None else 1.0),
        )
        for one in (first, second)
    )
    low, high = square_and_add(*own, *theirs)
    return Figure(own[0] - theirs[0], low, high, method, first.n + second.n)


@dataclass(frozen=True)
class Placements:
    """The placement of each row among the rows of the other class (n,): the AUC is the mean over either class."""

    values: Floats
    y: Bits
    weights: Floats | None = None

    @property
    def counts(self) -> tuple[float, float]:
        """Return the weights of all positives and of all negatives."""
        return float(self.of(1)[1].sum()), float(self.of(0)[1].sum())

    def of(self, bit: int) -> tuple[Floats, Floats]:
        """Return the placements of one class and the weights of its rows."""
        rows = self.y == bit
        weights = np.ones(int(rows.sum())) if self.weights is None else self.weights[rows]
        return self.values[rows], weights


def placements(score: Floats, y: Bits, weights: Floats | None = None) -> Placements:
    """Return the share of negatives below each positive and of positives above each negative; ties count half."""
    order = np.argsort(score, kind="stable")
    ranked, labels = score[order], y[order].astype(np.float64)
    weight = np.ones(len(y)) if weights is None else weights[order]
    cells = np.cumsum(np.r_[True, ranked[1:] != ranked[:-1]]) - 1
    found = np.empty(len(y))
    shares = []
    for own in (1 - labels, labels):
        sums = np.bincount(cells, weights=own * weight)
        shares.append(((np.cumsum(sums) - sums / 2) / sums.sum())[cells])
    found[order] = np.where(labels == 1, shares[0], 1 - shares[1])
    return Placements(found, y, weights)


def delong_covariance(models: list[Placements]) -> tuple[Floats, Floats]:
    """Return the AUCs (k,) and their covariance (k, k) of k models on the same rows (DeLong et al. 1988)."""
    total = np.zeros((len(models), len(models)))
    values = np.zeros(len(models))
    for bit in (1, 0):
        parts = [model.of(bit) for model in models]
        weights = parts[0][1]
        count = float(weights.sum())
        rows = np.stack([values_of for values_of, _ in parts])
        means = (rows * weights).sum(axis=1) / count
        centred = rows - means[:, None]
        total += np.einsum("in,jn,n->ij", centred, centred, weights, optimize=False) / (count - 1) / count
        values = means
    return values, total


def influence(found: Placements) -> tuple[float, Floats]:
    """Return an AUC and how far each row moves it (n,): DeLong's variance is the weighted sum of their squares.

    NaN for the rows of a class that has but one: its variance is unknown.
    """
    moved, value = np.empty(len(found.y)), 0.0
    for bit in (0, 1):
        placed, weight = found.of(bit)
        size = float(weight.sum())
        value = float((weight * placed).sum()) / size
        spread = math.sqrt(size * (size - 1)) if size > 1 else math.nan
        moved[found.y == bit] = (placed - value) / spread
    return value, moved


@dataclass(frozen=True)
class RankDraws:
    """Bootstrap draws of a table's coarse cells: weights by cell (resamples, cells), ascending by score."""

    table: ScoreTable
    pos: NDArray[Any]
    neg: NDArray[Any]
    how: str

    def values(self, names: tuple[str, ...] = tuple(STATISTICS)) -> dict[str, Floats]:
        """Return the figures of each resample (resamples,), moved by what the coarse cells changed of the whole."""
        values, centres = rank_figures(self.table), rank_figures(self.table.coarse)
        drawn: dict[str, list[Floats]] = {name: [] for name in names}
        for start in range(0, len(self.pos), _BLOCK):
            block = slice(start, start + _BLOCK)
            ranked = Ranked.of(self.pos[block].astype(np.float64), self.neg[block].astype(np.float64))
            for name in names:
                drawn[name].append(STATISTICS[name](ranked))
        return {name: np.concatenate(drawn[name]) + (values[name] - centres[name]) for name in names}

    def figures(self, names: tuple[str, ...] = tuple(STATISTICS)) -> dict[str, Figure]:
        """Return the table's figures with their bootstrap intervals."""
        values, drawn = rank_figures(self.table), self.values(names)
        ranked, times = _left_out(self.table.in_cells(JACKKNIFE_CELLS))
        return {
            name: replace(
                resampling.bootstrap_figure(
                    values[name],
                    drawn[name],
                    n=self.table.total,
                    how=self.how,
                    left_out=STATISTICS[name](ranked),
                    times=times,
                ),
                bound=self.table.bound if name == "roc_auc" else 0.0,
            )
            for name in names
        }


def stratified_draws(table: ScoreTable, resamples: int, rng: np.random.Generator) -> RankDraws:
    """Draw rows with replacement within each class: a multinomial over the cells of the class.

    Each class has a stream of its own, so that both are drawn at once: numpy leaves the interpreter free meanwhile.
    """
    own = table.coarse

    def drawn_of(weights: Floats, stream: np.random.Generator) -> NDArray[Any]:
        return stream.multinomial(max(1, round(weights.sum())), weights / weights.sum(), size=resamples)

    with ThreadPoolExecutor(2) as both:
        drawn = list(both.map(drawn_of, (own.pos, own.neg), rng.spawn(2)))
    return RankDraws(table, drawn[0], drawn[1], "stratified")


def entity_draws(
    table: ScoreTable, cells: Ints, y: Bits, weights: Floats | None, groups: Ints, counts: Floats
) -> RankDraws:
    """Draw entities with all their rows: ``cells`` and ``groups`` are those of each row (n,), ``counts`` the draws."""
    size, width = counts.shape[1], len(table.coarse.values)
    drawn = []
    for bit in (1, 0):
        rows = y == bit
        sums = np.bincount(
            groups[rows] * width + cells[rows],
            weights=None if weights is None else weights[rows],
            minlength=size * width,
        )
        drawn.append(resampling.drawn_sums(counts, sums.reshape(size, width).astype(np.float64)))
    return RankDraws(table, drawn[0], drawn[1], "entities drawn whole")


def _left_out(table: ScoreTable) -> tuple[Ranked, Floats]:
    """Return the table without one row of each cell and class (kinds, cells), and how many rows are of each kind."""
    pos, neg, times = [], [], []
    for own, other, first in ((table.pos, table.neg, True), (table.neg, table.pos, False)):
        cells = np.flatnonzero(own >= 1) if own.sum() >= 2 else np.zeros(0, np.int64)
        without = np.repeat(own[None, :], len(cells), axis=0)
        without[np.arange(len(cells)), cells] -= 1
        same = np.broadcast_to(other, without.shape)
        pos.append(without if first else same)
        neg.append(same if first else without)
        times.append(own[cells])
    return Ranked.of(np.concatenate(pos), np.concatenate(neg)), np.concatenate(times)
