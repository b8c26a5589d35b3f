"""Metrics of a confusion matrix: one decorated pure function each.

To add one, write a function of (tp, fp, fn, tn), arrays or numbers, and decorate it; the report, its interval and
the documentation follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.engine.figures import Figure, proportion, undefined, whole
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.table import Bits, Codes, Floats

Counts = Any
Metric = Callable[[Counts, Counts, Counts, Counts], Counts]
#: name -> (function, definition), in the order of the report.
CONFUSION_METRICS: dict[str, tuple[Metric, str]] = {}


@dataclass(frozen=True)
class Rate:
    """A metric that is a plain proportion: the cells that count as hits, those it is a share of, and what they are."""

    hits: str
    of: str
    what: str
    definition: str


#: Cells by letter: t = TP, f = FP, m = FN (missed), n = TN.
RATES = {
    "precision": Rate("t", "tf", "rows with a yes", "TP / (TP + FP), the positive predictive value."),
    "recall": Rate("t", "tm", "positive rows", "TP / (TP + FN), the true positive rate or sensitivity."),
    "specificity": Rate("n", "nf", "negative rows", "TN / (TN + FP), the true negative rate."),
    "fpr": Rate("f", "nf", "negative rows", "FP / (FP + TN), the false positive rate."),
    "fnr": Rate("m", "tm", "positive rows", "FN / (FN + TP), the false negative rate."),
    "npv": Rate("n", "nm", "rows with a no", "TN / (TN + FN), the negative predictive value."),
    "accuracy": Rate("tn", "tfmn", "rows", "(TP + TN) / n."),
    "selection_rate": Rate("tf", "tfmn", "rows", "(TP + FP) / n: the share that gets a yes."),
    "prevalence": Rate("tm", "tfmn", "rows", "(TP + FN) / n: the share of positive rows."),
}


@dataclass(frozen=True)
class Cells:
    """The weights of true and false positives and negatives."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def positives(self) -> float:
        return self.tp + self.fn

    @property
    def negatives(self) -> float:
        return self.fp + self.tn

    @property
    def errors(self) -> float:
        return self.fp + self.fn

    def counts(self, rate: str) -> tuple[float, float]:
        """Return the hits of a rate and what they are a share of."""
        cell = {"t": self.tp, "f": self.fp, "m": self.fn, "n": self.tn}
        return sum(cell[letter] for letter in RATES[rate].hits), sum(
            cell[letter] for letter in RATES[rate].of
        )

    def value(self, rate: str) -> float | None:
        """Return a rate, nothing where it does not apply."""
        hits, n = self.counts(rate)
        return hits / n if n else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {name: whole(getattr(self, name)) for name in ("tp", "fp", "fn", "tn")}


def cells_of(y: Bits, decision: Bits, weights: Floats | None = None) -> Cells:
    """Count rows by label and decision."""
    return cells_by_group(y, decision, np.zeros(len(y), np.uint8), 1, weights)[0]


def cells_by_group(
    y: Bits, decision: Bits, codes: Codes, size: int, weights: Floats | None = None
) -> list[Cells]:
    """Count rows by label and decision in each group."""
    wide: Any = codes.astype(np.uint16 if size * 4 < 65_536 else np.uint32)
    key = wide * 4 + (2 * y + decision)
    counts = np.bincount(key, weights=weights, minlength=size * 4).reshape(size, 4).astype(np.float64)
    return [Cells(tp=row[3], fp=row[1], fn=row[2], tn=row[0]) for row in counts.tolist()]


def metric(name: str, definition: str) -> Callable[[Metric], Metric]:
    """Register a metric of the confusion matrix under ``name``."""

    def register(function: Metric) -> Metric:
        CONFUSION_METRICS[name] = (function, definition)
        return function

    return register


def over(top: Counts, bottom: Counts) -> Counts:
    """Divide; where the divisor is 0 the figure does not apply (NaN inside, a reason outside)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(bottom) == 0, np.nan, np.divide(top, bottom))


@metric("f1", "2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.")
def f1(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the harmonic mean of precision and recall (van Rijsbergen 1979)."""
    return over(2 * tp, 2 * tp + fp + fn)


@metric("mcc", "Matthews correlation of label and decision.")
def mcc(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the Matthews correlation coefficient (Matthews 1975)."""
    product = (tp + fp) * 1.0 * (tp + fn) * (tn + fp) * (tn + fn)
    return over(tp * 1.0 * tn - fp * 1.0 * fn, np.sqrt(product))


@metric("balanced_accuracy", "Mean of recall and specificity.")
def balanced_accuracy(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the mean recall of the two classes."""
    return (over(tp, tp + fn) + over(tn, tn + fp)) / 2


@metric("kappa", "Cohen's kappa: agreement of label and decision beyond chance.")
def kappa(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return Cohen's kappa (Cohen 1960)."""
    n = tp + fp + fn + tn
    chance = ((tp + fp) * 1.0 * (tp + fn) + (fn + tn) * 1.0 * (fp + tn)) / n
    return over(tp + tn - chance, n - chance)


@metric("lr_positive", "Recall over FPR: the likelihood ratio of a yes.")
def lr_positive(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the positive likelihood ratio."""
    return over(over(tp, tp + fn), over(fp, fp + tn))


@metric("lr_negative", "FNR over specificity: the likelihood ratio of a no.")
def lr_negative(tp: Counts, fp: Counts, fn: Counts, tn: Counts) -> Counts:
    """Return the negative likelihood ratio."""
    return over(over(fn, tp + fn), over(tn, fp + tn))


ZERO_DIVISOR = "A divisor of the metric is zero: too few rows of one kind."


@dataclass(frozen=True)
class CellDraws:
    """Bootstrap draws of a confusion matrix: arrays (resamples,)."""

    tp: NDArray[Any]
    fp: NDArray[Any]
    fn: NDArray[Any]
    tn: NDArray[Any]
    how: str

    def values(self, function: Metric) -> Floats:
        """Return a metric of each resample; NaN where it does not apply."""
        return np.asarray(function(self.tp, self.fp, self.fn, self.tn), dtype=np.float64)


def stratified_draws(cells: Cells, resamples: int, rng: np.random.Generator) -> CellDraws:
    """Draw rows with replacement within each class: exactly a binomial of the cells."""
    positives, negatives = round(cells.positives), round(cells.negatives)
    tp = rng.binomial(positives, cells.tp / cells.positives if positives else 0, resamples)
    fp = rng.binomial(negatives, cells.fp / cells.negatives if negatives else 0, resamples)
    return CellDraws(tp, fp, positives - tp, negatives - fp, "stratified")


def entity_draws(sums: Floats, counts: Floats) -> CellDraws:
    """Draw entities whole: ``sums`` are the cells of each group of entities (groups, 4), ``counts`` the draws."""
    drawn = resampling.drawn_sums(counts, sums)
    return CellDraws(drawn[:, 3], drawn[:, 1], drawn[:, 2], drawn[:, 0], "entities drawn whole")


def rate_figures(cells: Cells, names: tuple[str, ...] = tuple(RATES)) -> dict[str, Figure]:
    """Return the metrics that are plain proportions, with Wilson's interval."""
    return {name: proportion(*cells.counts(name), what=RATES[name].what) for name in names}


def drawn_figures(
    cells: Cells, draws: CellDraws, names: tuple[str, ...] = tuple(CONFUSION_METRICS)
) -> dict[str, Figure]:
    """Return the other confusion metrics with bootstrap intervals."""
    return {name: _drawn(CONFUSION_METRICS[name][0], cells, draws) for name in names}


def clustered(figures: dict[str, Figure], cells: Cells, draws: CellDraws) -> dict[str, Figure]:
    """Return proportions with the interval of the draws in front: rows of one entity are no independent rows."""
    found = {}
    for name, figure in figures.items():
        if figure.value is None:
            found[name] = figure
            continue

        def share(tp: Counts, fp: Counts, fn: Counts, tn: Counts, rate: Rate = RATES[name]) -> Counts:
            cell = {"t": tp, "f": fp, "m": fn, "n": tn}
            return over(sum(cell[one] for one in rate.hits), sum(cell[one] for one in rate.of))

        found[name] = _drawn(share, cells, draws)
    return found


def _drawn(function: Metric, cells: Cells, draws: CellDraws) -> Figure:
    value = float(function(cells.tp, cells.fp, cells.fn, cells.tn))
    if not np.isfinite(value):
        return undefined(ZERO_DIVISOR, n=cells.n)
    own = np.array([cells.tp, cells.fp, cells.fn, cells.tn])
    without = np.maximum(own[None, :] - np.eye(4), 0)
    left_out = np.asarray(function(*without.T), dtype=np.float64)
    return resampling.bootstrap_figure(
        value, draws.values(function), n=cells.n, how=draws.how, left_out=left_out, times=own
    )
