"""Metrics of a confusion matrix of many classes, and of scores per class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.figures import Figure, undefined
from apps.evaluations.engine.metrics.confusion import over
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.proportions import Z, mann_whitney
from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Bits, Bools, Floats, Ints


@dataclass(frozen=True)
class Counts:
    """Right rows, true rows and predicted rows by class (…, classes)."""

    right: Floats
    true: Floats
    predicted: Floats

    @property
    def n(self) -> Floats:
        """Return the number of all rows (…)."""
        return self.true.sum(axis=-1)


ClassMetric = Callable[[Counts], Floats]
#: name -> (function, definition), in the order of the report.
CLASS_METRICS: dict[str, tuple[ClassMetric, str]] = {}


def metric(name: str, definition: str) -> Callable[[ClassMetric], ClassMetric]:
    """Register a metric of the counts under ``name``."""

    def register(function: ClassMetric) -> ClassMetric:
        CLASS_METRICS[name] = (function, definition)
        return function

    return register


def _mean_of_known(values: Floats, weights: Floats | None = None) -> Floats:
    known = ~np.isnan(values)
    weight = known * 1.0 if weights is None else known * weights
    return over(np.where(known, values, 0) * weight, 1).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 1e-300)


def class_f1(counts: Counts) -> Floats:
    """Return F1 by class (…, classes)."""
    found: Floats = over(2 * counts.right, counts.true + counts.predicted)
    return found


@metric("macro_f1", "Mean of the classes' F1, each class alike.")
def macro_f1(counts: Counts) -> Floats:
    """Return the unweighted mean of F1."""
    return _mean_of_known(class_f1(counts))


@metric("accuracy", "Share of rows whose class was predicted; the same as micro F1.")
def accuracy(counts: Counts) -> Floats:
    """Return the share of right rows."""
    return counts.right.sum(axis=-1) / counts.n


@metric("weighted_f1", "Mean of the classes' F1, weighted by their rows.")
def weighted_f1(counts: Counts) -> Floats:
    """Return the mean of F1 weighted by true rows."""
    return _mean_of_known(class_f1(counts), counts.true)


@metric("balanced_accuracy", "Mean of the classes' recalls; the same as macro recall.")
def balanced_accuracy(counts: Counts) -> Floats:
    """Return the mean recall of the classes that have rows."""
    return _mean_of_known(over(counts.right, counts.true))


@metric("macro_precision", "Mean of the classes' precisions; classes that are never predicted have none.")
def macro_precision(counts: Counts) -> Floats:
    """Return the mean precision of the classes that are predicted."""
    return _mean_of_known(over(counts.right, counts.predicted))


@metric("mcc", "Matthews correlation of many classes (Gorodkin 2004).")
def mcc(counts: Counts) -> Floats:
    """Return the multi-class correlation coefficient."""
    n, both = counts.n, (counts.true * counts.predicted).sum(axis=-1)
    spread = (n**2 - (counts.predicted**2).sum(axis=-1)) * (n**2 - (counts.true**2).sum(axis=-1))
    found: Floats = over(counts.right.sum(axis=-1) * n - both, np.sqrt(spread))
    return found


@metric("kappa", "Cohen's kappa: agreement beyond chance.")
def kappa(counts: Counts) -> Floats:
    """Return Cohen's kappa."""
    n = counts.n
    chance = (counts.true * counts.predicted).sum(axis=-1) / n
    found: Floats = over(counts.right.sum(axis=-1) - chance, n - chance)
    return found


@dataclass(frozen=True)
class Matrix:
    """The cells of a confusion matrix that have rows: true class, predicted class and weight of each (cells,)."""

    true: Ints
    predicted: Ints
    weight: Floats
    classes: int

    def counts(self, weights: Floats) -> Counts:
        """Return the counts by class of other weights of the cells (…, cells)."""
        if weights.ndim == 1:
            right = weights * (self.true == self.predicted)
            return Counts(
                self._summed(self.true, right),
                self._summed(self.true, weights),
                self._summed(self.predicted, weights),
            )
        own, said = np.eye(self.classes)[self.true], np.eye(self.classes)[self.predicted]
        # Whole numbers add up exactly in any order, so BLAS may add them.
        return Counts(weights @ (own * said), weights @ own, weights @ said)

    def _summed(self, codes: Ints, weights: Floats) -> Floats:
        return np.bincount(codes, weights=weights, minlength=self.classes).astype(np.float64, copy=False)


def matrix_of(true: Ints, predicted: Ints, classes: int, weights: Floats | None = None) -> Matrix:
    """Return the confusion matrix of class codes (n,)."""
    cells = np.bincount(true * classes + predicted, weights=weights, minlength=classes * classes)
    filled = np.flatnonzero(cells)
    return Matrix(filled // classes, filled % classes, cells[filled].astype(np.float64), classes)


@dataclass(frozen=True)
class ClassDraws:
    """Counts of each resample, and those without one row or one group of each kind with how many there are of it."""

    drawn: Counts
    left_out: Counts
    times: Floats
    how: str


def cell_draws(matrix: Matrix, resamples: int, rng: np.random.Generator) -> ClassDraws:
    """Draw rows with replacement: exactly a multinomial of the cells."""
    total = float(matrix.weight.sum())
    drawn = rng.multinomial(max(1, round(total)), matrix.weight / total, size=resamples).astype(np.float64)
    without = np.maximum(matrix.weight[None, :] - np.eye(len(matrix.weight)), 0)
    return ClassDraws(matrix.counts(drawn), matrix.counts(without), matrix.weight, "rows drawn")


def group_draws(
    true: Ints,
    predicted: Ints,
    classes: int,
    weights: Floats | None,
    members: Ints,
    resamples: int,
    rng: np.random.Generator,
    *,
    how: str,
) -> ClassDraws:
    """Draw random groups of rows or entities (``members`` (n,) says whose a row is), by their counts of each class."""
    groups = resampling.random_groups(int(members.max()) + 1, rng)[members]
    size = int(groups.max()) + 1
    counts = resampling.group_draws(size, resamples, rng)
    drawn, left_out = [], []
    right = true == predicted
    for codes, rows in (
        (true, right),
        (true, np.ones(len(true), dtype=bool)),
        (predicted, np.ones(len(true), dtype=bool)),
    ):
        own = None if weights is None else weights[rows]
        cells = np.bincount(groups[rows] * classes + codes[rows], weights=own, minlength=size * classes)
        sums = cells.reshape(size, classes).astype(np.float64)
        drawn.append(resampling.drawn_sums(counts, sums))
        left_out.append(sums.sum(axis=0) - sums)
    return ClassDraws(Counts(*drawn), Counts(*left_out), np.ones(size), how)


def count_sums(
    true: Ints,
    predicted: Ints,
    classes: int,
    weights: Floats | None,
    functions: Mapping[str, ClassMetric],
) -> tuple[Callable[[Ints, int], Floats], dict[str, OfSums]]:
    """Return the way to the sums of groups of rows (groups, 3 × classes), and metrics as functions of such sums."""
    right = true == predicted

    def by_group(groups: Ints, size: int) -> Floats:
        found = []
        for codes, rows in ((true, right), (true, None), (predicted, None)):
            keys = groups * classes + codes
            own = weights
            if rows is not None:
                keys, own = keys[rows], None if weights is None else weights[rows]
            sums = np.bincount(keys, weights=own, minlength=size * classes)
            found.append(sums.reshape(size, classes).astype(np.float64))
        return np.concatenate(found, axis=1)

    def of_sums(metric: ClassMetric) -> OfSums:
        return lambda sums: metric(
            Counts(sums[..., :classes], sums[..., classes : 2 * classes], sums[..., 2 * classes :])
        )

    return by_group, {name: of_sums(one) for name, one in functions.items()}


def class_figures(matrix: Matrix, draws: ClassDraws) -> dict[str, Figure]:
    """Return every metric with bootstrap intervals."""
    own, n = matrix.counts(matrix.weight), float(matrix.weight.sum())
    found = {}
    for name, (function, _) in CLASS_METRICS.items():
        value = float(function(own))
        if not np.isfinite(value):
            found[name] = undefined("A divisor of the metric is zero: too few rows of one kind.", n=n)
            continue
        found[name] = resampling.bootstrap_figure(
            value,
            function(draws.drawn),
            n=n,
            how=draws.how,
            left_out=function(draws.left_out),
            times=draws.times,
        )
    return found


def one_against_rest(
    truth: Bits, scores: Floats, weights: Floats | None
) -> tuple[list[Figure], "MeanOfAreas"]:
    """Return the AUC of each class or label against the rest (DeLong), and what their mean is made of.

    ``truth`` and ``scores``: (n, classes).
    """
    parts = MeanOfAreas.empty(len(truth), weights)
    figures = []
    for index in range(scores.shape[1]):
        y = truth[:, index]
        if not 0 < y.sum() < len(y):
            figures.append(undefined("The class has no rows, or all of them."))
            continue
        found = ranking.placements(scores[:, index], y, weights)
        figures.append(_delong(found))
        parts.add(found, np.ones(len(y), dtype=bool))
    return figures, parts


def hand_till(true: Ints, scores: Floats, weights: Floats | None) -> "MeanOfAreas":
    """Return what M is made of: the AUCs of all ordered pairs of classes (Hand and Till, Machine Learning 45, 2001).

    The interval extends DeLong's: M is a mean of two-sample U statistics, so its variance is that of the rows' summed
    placements, class by class.
    """
    classes = scores.shape[1]
    parts = MeanOfAreas.empty(len(true), weights)
    for first in range(classes):
        for second in range(classes):
            rows = (true == first) | (true == second)
            y = (true[rows] == first).astype(np.uint8)
            if first == second or not 0 < y.sum() < len(y):
                continue
            found = ranking.placements(scores[rows, first], y, None if weights is None else weights[rows])
            parts.add(found, rows)
    return parts


def _delong(found: ranking.Placements) -> Figure:
    values, covariance = ranking.delong_covariance([found])
    return ranking.with_interval(float(values[0]), float(covariance[0, 0]), *found.counts)


@dataclass
class MeanOfAreas:
    """A mean of AUCs, and the summed influence of each row on it (n,): placements, each over its class's share of the pairs."""

    rows: Floats
    weights: Floats | None
    total: float = 0.0
    count: int = 0
    #: Newcombe's interval of each AUC, for where no placement varies.
    newcombe: list[tuple[float, float]] = field(default_factory=list)

    @classmethod
    def empty(cls, n: int, weights: Floats | None) -> "MeanOfAreas":
        return cls(np.zeros(n), weights)

    def add(self, found: ranking.Placements, rows: Bools) -> None:
        """Add one AUC of some rows; a class of one row does not say how it varies, and adds no influence."""
        value, moved = ranking.influence(found)
        self.rows[rows] += np.nan_to_num(moved)
        self.total += value
        self.count += 1
        self.newcombe.append(mann_whitney(value, *found.counts))

    @property
    def value(self) -> float:
        """The mean of the AUCs; NaN where there was none."""
        return self.total / self.count if self.count else float("nan")

    @property
    def influence(self) -> Floats:
        """How far each row moves the mean (n,)."""
        return self.rows / max(self.count, 1)

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of a mean lie within the mean of the ends, however the AUCs hang together."""
        low, high = (float(np.mean(ends)) for ends in zip(*self.newcombe, strict=True))
        return low, high

    def figure(self, method: str) -> Figure:
        """Return the mean of the AUCs with its normal interval, or the mean of Newcombe's where none of them varies."""
        if not self.count:
            return undefined("Fewer than two classes have rows.", n=len(self.rows))
        # Rows that are repeated by their weight count that often in the variance.
        squares = self.influence**2 if self.weights is None else self.influence**2 * self.weights
        variance = float(np.sum(squares))
        if not ranking.varies(variance):
            return Figure(self.value, *self.ends, f"mean of {ranking.NEWCOMBE}", len(self.rows))
        half = Z * float(np.sqrt(variance))
        return Figure(
            self.value, max(0.0, self.value - half), min(1.0, self.value + half), method, len(self.rows)
        )
