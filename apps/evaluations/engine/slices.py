"""Figures of parts of the rows: of given columns and their pairs, and of the parts where the model is worst."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.figures import difference, proportion, rounded, whole
from apps.evaluations.engine.metrics.confusion import (
    CellDraws,
    Cells,
    drawn_figures,
    rate_figures,
    stratified_draws,
)
from apps.evaluations.engine.partial import Partial, as_cells
from apps.evaluations.engine.statistics.power import cohen_h
from apps.evaluations.engine.statistics.testing import benjamini_hochberg, impact_test

SMALLEST_SLICE = 30
#: A pair's slices are listed when they have this share of the rows, at least.
PAIR_SHARE = 0.005
PAIR_SLICES = 200
#: A slice is looked for when it has this share of the rows, and at least as many rows as can be judged.
SUPPORT = 0.01
DISCOVERED = 20
#: Slices are told when their false discovery rate is at most this.
LEVEL = 0.05
RATES = ("accuracy", "recall", "precision", "selection_rate")


def slices_of(
    partial: Partial, columns: tuple[str, ...], resamples: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return a row for each value of each column."""
    found = []
    total = as_cells(partial.everyone[None, :])[0]
    for column in columns:
        tables = partial.scored.by_group.get(column) if partial.scored else None
        for index, (value, cells) in enumerate(
            zip(partial.values[column], partial.cells_of(column), strict=True)
        ):
            if not cells.n:
                continue
            row = {"column": column, "value": value} | _row(
                cells, total, stratified_draws(cells, resamples, rng)
            )
            if tables is not None:
                auc = ranking.auc_figure(tables[index])
                row["metrics"] = {"roc_auc": auc.to_json()} | row["metrics"]
            found.append(row)
    return found


def pair_slices(
    partial: Partial, columns: tuple[str, ...], resamples: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return a row for each pair of values of two columns that has 30 rows and half a percent of all; the largest 200."""
    total = as_cells(partial.everyone[None, :])[0]
    support = max(SMALLEST_SLICE, PAIR_SHARE * total.n)
    rows = [
        (cells, pair, values)
        for pair, counts in partial.pairs.items()
        if pair[0] in columns and pair[1] in columns
        for cells, values in zip(as_cells(counts), partial.pair_values(pair), strict=True)
        if cells.n >= support
    ]
    rows.sort(key=lambda row: (-row[0].n, row[1], row[2]))
    return [
        {"columns": list(pair), "values": list(values)}
        | _row(cells, total, stratified_draws(cells, resamples, rng))
        for cells, pair, values in rows[:PAIR_SLICES]
    ]


def _row(cells: Cells, total: Cells, draws: CellDraws) -> dict[str, Any]:
    figures = drawn_figures(cells, draws, ("f1",)) | rate_figures(cells, RATES)
    return {
        "n": whole(cells.n),
        "share": rounded(cells.n / total.n),
        "error_share": rounded(cells.errors / total.errors if total.errors else 0.0),
        "small": cells.n < SMALLEST_SLICE,
        "metrics": {name: figure.to_json() for name, figure in figures.items()},
    }


@dataclass(frozen=True)
class Candidate:
    """A part of the rows: which values of which columns, its rows and its errors."""

    conditions: tuple[tuple[str, str], ...]
    n: float
    errors: float


def discovered(partial: Partial) -> dict[str, Any]:
    """Return the slices where the model errs most, of all values and pairs of values of all columns.

    Each slice is compared with all other rows (Fisher's exact test on small tables, else z); the false discovery
    rate over all slices that were looked at is held at 5 % (Benjamini and Hochberg 1995). Sorted by effect size
    (Cohen's h). A pair is told only where it is worse than both of its halves.
    """
    total = as_cells(partial.everyone[None, :])[0]
    support = max(SMALLEST_SLICE, SUPPORT * total.n)
    candidates = [one for one in _candidates(partial) if support <= one.n <= total.n - SMALLEST_SLICE]
    tests = [
        impact_test(one.errors, one.n, total.errors - one.errors, total.n - one.n).p for one in candidates
    ]
    levels = benjamini_hochberg(tests).tolist() if tests else []
    rows = []
    halves: dict[tuple[str, str], float] = {}
    for candidate, p, q in zip(candidates, tests, levels, strict=True):
        effect = _effect(candidate, total)
        if len(candidate.conditions) == 1:
            halves[candidate.conditions[0]] = effect
        elif effect <= max(halves.get(half, 0.0) for half in candidate.conditions):
            continue
        if effect > 0 and q <= LEVEL:
            rows.append((effect, candidate, p, q))
    rows.sort(key=lambda row: (-row[0], row[1].conditions))
    return {
        "looked_at": len(candidates),
        "minimum_support": whole(float(np.ceil(support))),
        "level": LEVEL,
        "slices": [_told(candidate, total, effect, p, q) for effect, candidate, p, q in rows[:DISCOVERED]],
    }


def _candidates(partial: Partial) -> list[Candidate]:
    found = [
        Candidate(((column, value),), cells.n, cells.errors)
        for column in partial.cells
        for value, cells in zip(partial.values[column], partial.cells_of(column), strict=True)
    ]
    for pair, counts in partial.pairs.items():
        # Columns (TN, FP, FN, TP): plain arrays, because pairs are many.
        n, errors = counts.sum(axis=1).tolist(), (counts[:, 1] + counts[:, 2]).tolist()
        for values, rows, wrong in zip(partial.pair_values(pair), n, errors, strict=True):
            if rows:
                found.append(Candidate(((pair[0], values[0]), (pair[1], values[1])), rows, wrong))
    return found


def _effect(candidate: Candidate, total: Cells) -> float:
    rest = (total.errors - candidate.errors) / (total.n - candidate.n)
    return cohen_h(candidate.errors / candidate.n, min(1.0, max(0.0, rest)))


def _told(candidate: Candidate, total: Cells, effect: float, p: float, q: float) -> dict[str, Any]:
    rest_n, rest_errors = total.n - candidate.n, total.errors - candidate.errors
    return {
        "conditions": [{"column": column, "value": value} for column, value in candidate.conditions],
        "n": whole(candidate.n),
        "share": rounded(candidate.n / total.n),
        "error_share": rounded(candidate.errors / total.errors if total.errors else 0.0),
        "error_rate": proportion(candidate.errors, candidate.n, what="rows").to_json(),
        "rest_error_rate": rounded(rest_errors / rest_n),
        "difference": difference(candidate.errors, candidate.n, rest_errors, rest_n).to_json(),
        "effect": rounded(effect),
        "p": rounded(p),
        "q": rounded(q),
    }
