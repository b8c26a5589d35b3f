"""Slices of tasks whose rows have a loss each: where it is large, and where it is larger than elsewhere."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from apps.evaluations.engine.binning import binned_features
from apps.evaluations.engine.figures import Figure, mean_figure, proportion, rounded, whole
from apps.evaluations.engine.partial import PAIR_COLUMNS, PAIR_VALUES
from apps.evaluations.engine.slices import DISCOVERED, LEVEL, PAIR_SHARE, PAIR_SLICES, SMALLEST_SLICE, SUPPORT
from apps.evaluations.engine.statistics.proportions import Z
from apps.evaluations.engine.statistics.testing import benjamini_hochberg, normal_tails
from apps.evaluations.engine.table import Floats, Grouping, Rows

Conditions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sums:
    """The weight of some rows, and the sums of their losses and of the squares of these."""

    n: float
    loss: float
    squares: float

    @property
    def mean(self) -> float:
        return self.loss / self.n

    @property
    def variance(self) -> float:
        """Return the variance with divisor n - 1."""
        return max(0.0, self.squares - self.loss**2 / self.n) / (self.n - 1) if self.n > 1 else 0.0

    def less(self, other: "Sums") -> "Sums":
        """Return the sums of the rows that are not among the other's."""
        return Sums(self.n - other.n, self.loss - other.loss, self.squares - other.squares)


@dataclass(frozen=True)
class RowLoss:
    """What one row's loss is called, and the losses of all rows (n,); ``share`` says that each is 0 or 1."""

    name: str
    values: Floats
    share: bool = False

    def figure(self, rows: Sums) -> dict[str, Any]:
        """Return the mean loss of some rows with its interval: a share has Wilson's, which has a width at 0 too."""
        if self.share:
            return proportion(min(rows.loss, rows.n), rows.n, what="rows").to_json()
        return mean_figure(rows.mean, rows.variance, rows.n).to_json()


def row_slices(rows: Rows, loss: RowLoss, columns: tuple[str, ...]) -> dict[str, Any]:
    """Return the report's sections ``slices``, ``pair_slices`` and ``discovered`` for a loss of each row."""
    searched = dict(rows.groups) | binned_features(rows)
    total = _sums(rows, loss.values, np.zeros(rows.n, np.int64), 1)[0]
    singles = {
        ((name, value),): one
        for name, group in searched.items()
        for value, one in zip(group.values, _sums(rows, loss.values, group.codes, group.size), strict=True)
        if one.n
    }
    pairs = _pairs(rows, loss.values, searched)
    return {
        "slices": [
            {"column": where[0][0], "value": where[0][1]} | _row(loss, one, total)
            for where, one in singles.items()
            if where[0][0] in columns
        ],
        "pair_slices": _pair_rows(loss, pairs, total, columns),
        "discovered": _discovered(loss, singles | pairs, total),
    }


def _sums(rows: Rows, values: Floats, codes: Any, size: int) -> list[Sums]:
    weights = rows.weights
    n = np.bincount(codes, weights=weights, minlength=size)
    own = values if weights is None else values * weights
    loss = np.bincount(codes, weights=own, minlength=size)
    squares = np.bincount(codes, weights=own * values, minlength=size)
    return [Sums(float(a), float(b), float(c)) for a, b, c in zip(n, loss, squares, strict=True)]


def _pairs(rows: Rows, values: Floats, columns: dict[str, Grouping]) -> dict[Conditions, Sums]:
    found: dict[Conditions, Sums] = {}
    for first, second in combinations(list(columns)[:PAIR_COLUMNS], 2):
        a, b = columns[first], columns[second]
        if a.size * b.size > PAIR_VALUES:
            continue
        codes = a.codes.astype(np.int64) * b.size + b.codes
        for index, one in enumerate(_sums(rows, values, codes, a.size * b.size)):
            if one.n:
                found[((first, a.values[index // b.size]), (second, b.values[index % b.size]))] = one
    return found


def _row(loss: RowLoss, one: Sums, total: Sums) -> dict[str, Any]:
    return {
        "n": whole(one.n),
        "share": rounded(one.n / total.n),
        "error_share": rounded(one.loss / total.loss if total.loss else 0.0),
        "small": one.n < SMALLEST_SLICE,
        "metrics": {loss.name: loss.figure(one)},
    }


def _pair_rows(
    loss: RowLoss, pairs: dict[Conditions, Sums], total: Sums, columns: tuple[str, ...]
) -> list[dict[str, Any]]:
    support = max(SMALLEST_SLICE, PAIR_SHARE * total.n)
    kept = [
        (where, one)
        for where, one in pairs.items()
        if one.n >= support and all(column in columns for column, _ in where)
    ]
    kept.sort(key=lambda row: (-row[1].n, row[0]))
    return [
        {"columns": [part[0] for part in where], "values": [part[1] for part in where]}
        | _row(loss, one, total)
        for where, one in kept[:PAIR_SLICES]
    ]


def _discovered(loss: RowLoss, all_slices: dict[Conditions, Sums], total: Sums) -> dict[str, Any]:
    """Return the slices whose loss is larger than that of all other rows.

    Welch's test of the means; false discovery rate at 5 % (Benjamini and Hochberg 1995); by effect size (Cohen's d).
    """
    support = max(SMALLEST_SLICE, SUPPORT * total.n)
    candidates = [
        (where, one) for where, one in all_slices.items() if support <= one.n <= total.n - SMALLEST_SLICE
    ]
    tests = [_welch(one, total.less(one)) for _, one in candidates]
    levels = benjamini_hochberg([p for _, p in tests]).tolist() if tests else []
    halves: dict[tuple[str, str], float] = {}
    rows = []
    for (where, one), (effect, p), q in zip(candidates, tests, levels, strict=True):
        if len(where) == 1:
            halves[where[0]] = effect
        elif effect <= max(halves.get(half, 0.0) for half in where):
            continue
        if effect > 0 and q <= LEVEL:
            rows.append((effect, where, one, p, q))
    rows.sort(key=lambda row: (-row[0], row[1]))
    return {
        "looked_at": len(candidates),
        "minimum_support": whole(float(np.ceil(support))),
        "level": LEVEL,
        "loss": loss.name,
        "slices": [
            _told(loss, where, one, total, effect, p, q) for effect, where, one, p, q in rows[:DISCOVERED]
        ],
    }


def _welch(one: Sums, rest: Sums) -> tuple[float, float]:
    """Return Cohen's d of a slice against the rest, and the two-sided p-value of their means being equal."""
    spread = math.sqrt(one.variance / one.n + rest.variance / rest.n)
    pooled = math.sqrt((one.variance + rest.variance) / 2)
    gap = one.mean - rest.mean
    if not spread or not pooled:
        return (0.0, 1.0) if not gap else (math.copysign(math.inf, gap), 0.0)
    return gap / pooled, normal_tails(gap / spread)


def _told(
    loss: RowLoss, where: Conditions, one: Sums, total: Sums, effect: float, p: float, q: float
) -> dict[str, Any]:
    rest = total.less(one)
    half = Z * math.sqrt(one.variance / one.n + rest.variance / rest.n)
    gap = one.mean - rest.mean
    return {
        "conditions": [{"column": column, "value": value} for column, value in where],
        "n": whole(one.n),
        "share": rounded(one.n / total.n),
        "error_share": rounded(one.loss / total.loss if total.loss else 0.0),
        "error_rate": loss.figure(one),
        "rest_error_rate": rounded(rest.mean),
        "difference": Figure(gap, gap - half, gap + half, "Welch, normal", total.n).to_json(),
        "effect": rounded(effect),
        "p": rounded(p),
        "q": rounded(q),
    }


def worst_of(rows: Rows, loss: Floats, count: int = 50) -> list[int]:
    """Return the rows with the largest loss above zero, the first ones first among equals."""
    order = np.lexsort((np.arange(rows.n), -loss))[:count]
    return [int(row) for row in order if loss[row] > 0]
