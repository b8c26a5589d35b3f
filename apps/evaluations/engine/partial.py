"""What a binary report needs of its rows, as sums that add up: the map step of one part, and the reduce step of several.

Counts, rates, losses, bins and thresholds are sums over rows and so are exact however the rows are parted. Scores are
kept by distinct value, and beyond 262,144 of them by the cells of a fixed grid: only what ranks (AUC, average
precision, KS, curves) is then approximated, and the tables carry the bound.
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from apps.evaluations.engine.calibration import BinSums, bin_sums
from apps.evaluations.engine.metrics.confusion import Cells
from apps.evaluations.engine.metrics.scoring import CLIP, row_losses
from apps.evaluations.engine.scoretable import (
    BOUND,
    SORTED_ROWS,
    ScoreTable,
    from_sorted,
    grid_codes,
    grid_table,
    grid_tables_by_group,
    group_step,
    merged,
    tables_by_group,
)
from apps.evaluations.engine.table import Bits, Floats, Grouping, Table, crossed
from apps.evaluations.engine.thresholds import Sweep, sweep_of

WORST = 50
#: Pairs of columns beyond this many values each are not crossed.
PAIR_VALUES = 2_500
#: At most this many columns are crossed with each other.
PAIR_COLUMNS = 12
#: Attributes whose combinations would be more than this are not crossed all at once.
MOST_CROSSED = 100_000

Pair = tuple[str, str]


@dataclass(frozen=True)
class Moments:
    """Sums of a loss and of its square over the rows' weights, around ``centre``."""

    total: float
    sums: float
    squares: float

    @property
    def mean(self) -> float:
        return self.sums / self.total

    @property
    def variance(self) -> float:
        """Return the variance with divisor n - 1."""
        if self.total <= 1:
            return 0.0
        return max(0.0, self.squares - self.sums**2 / self.total) / (self.total - 1)

    def plus(self, other: "Moments") -> "Moments":
        """Return the sums of the rows of both."""
        return Moments(self.total + other.total, self.sums + other.sums, self.squares + other.squares)


@dataclass(frozen=True)
class Scored:
    """What only tables with scores have."""

    table: ScoreTable
    by_group: dict[str, list[ScoreTable]]
    sweep: Sweep
    bins: BinSums | None = None
    losses: dict[str, Moments] | None = None
    #: Per column (values, 3): weight, and the sum and square sum of score less label.
    gaps: dict[str, Floats] | None = None


@dataclass(frozen=True)
class Partial:
    """The sums of some rows. ``cells`` are (values, 4) by column, in the order TN, FP, FN, TP; pairs likewise."""

    rows: int
    values: dict[str, tuple[str, ...]]
    everyone: Floats
    cells: dict[str, Floats]
    pairs: dict[Pair, Floats]
    worst: list[dict[str, Any]]
    scored: Scored | None = None
    #: The cells of each combination of values of all protected attributes, where there are more than two of them.
    crossing: dict[str, Floats] = field(default_factory=dict)

    def cells_of(self, column: str) -> list[Cells]:
        """Return the cells of each value of a column."""
        return as_cells(self.cells[column])

    def pair_values(self, pair: Pair) -> list[tuple[str, str]]:
        """Return the two values of each row of a pair's cells."""
        return [(first, second) for first in self.values[pair[0]] for second in self.values[pair[1]]]


def as_cells(counts: Floats) -> list[Cells]:
    """Return rows of (TN, FP, FN, TP) as cells."""
    return [Cells(tp=row[3], fp=row[1], fn=row[2], tn=row[0]) for row in counts.tolist()]


def summarised(table: Table, columns: dict[str, Grouping], *, protected: tuple[str, ...] = ()) -> Partial:
    """Return the sums of a table; ``columns`` are its groupings, and what else slices are looked for in.

    ``protected`` are the attributes that are crossed all at once; pairs of columns are crossed anyway.
    """
    outcome = (2 * table.y + table.decision).astype(np.uint8)
    cells = {
        name: _counted(group.codes, group.size, outcome, table.weights) for name, group in columns.items()
    }
    everyone = np.bincount(outcome, weights=table.weights, minlength=4).astype(np.float64)
    names = list(columns)[:PAIR_COLUMNS]
    pairs = {
        (first, second): _counted(
            columns[first].codes.astype(np.uint32) * np.uint32(columns[second].size) + columns[second].codes,
            columns[first].size * columns[second].size,
            outcome,
            table.weights,
        )
        for first, second in combinations(names, 2)
        if columns[first].size * columns[second].size <= PAIR_VALUES
    }
    return Partial(
        table.n,
        {name: group.values for name, group in columns.items()},
        everyone,
        cells,
        pairs,
        worst_rows(table),
        _scored(table, table.score, columns) if table.score is not None else None,
        _crossing(table, outcome, [columns[name] for name in protected if name in columns]),
    )


def _crossing(table: Table, outcome: Bits, attributes: list[Grouping]) -> dict[str, Floats]:
    """Count the rows of each combination of more than two attributes by outcome."""
    if len(attributes) < 3:
        return {}
    joint = attributes[0]
    for attribute in attributes[1:]:
        if joint.size * attribute.size > MOST_CROSSED:
            return {}
        joint = crossed(joint, attribute)
    counts = _counted(joint.codes, joint.size, outcome, table.weights)
    return dict(zip(joint.values, counts, strict=True))


def _counted(codes: Any, size: int, outcome: Bits, weights: Floats | None) -> Floats:
    wide = codes.astype(np.uint16 if size * 4 <= 65_536 else np.uint32)
    found = np.bincount(wide * wide.dtype.type(4) + outcome, weights=weights, minlength=size * 4)
    return found.reshape(size, 4).astype(np.float64)


def _scored(table: Table, score: Floats, columns: dict[str, Grouping]) -> Scored:
    found = _on_grid(table, score, columns) if table.n > SORTED_ROWS else None
    whole, by_group = found or _sorted(table, score, columns)
    sweep = sweep_of(whole, probability=table.probability)
    if not table.probability:
        return Scored(whole, by_group, sweep)
    return Scored(
        whole,
        by_group,
        sweep,
        bin_sums(whole),
        # A cell next to 0 or 1 holds scores of very different logarithms: losses are those of the rows.
        _row_losses(table, score) if whole.on_grid else _losses(whole),
        {name: _gap_sums(tables) for name, tables in by_group.items()},
    )


def _sorted(
    table: Table, score: Floats, columns: dict[str, Grouping]
) -> tuple[ScoreTable, dict[str, list[ScoreTable]]]:
    """Return the tables of all rows and of each group by distinct score."""
    order = np.argsort(score)
    ranked, y = score[order], table.y[order]
    weights = None if table.weights is None else table.weights[order]
    by_group = {
        name: tables_by_group(ranked, y, columns[name].codes[order], columns[name].size, weights)
        for name in table.groups
    }
    return from_sorted(ranked, y, weights), by_group


def _on_grid(
    table: Table, score: Floats, columns: dict[str, Grouping]
) -> tuple[ScoreTable, dict[str, list[ScoreTable]]] | None:
    """Return the tables by the cells of the grid; nothing where that would move the AUC too far."""
    codes = grid_codes(score, probability=table.probability)
    whole = grid_table(codes, score, table.y, table.weights)
    if whole.bound > BOUND:
        return None
    by_group = {
        name: grid_tables_by_group(
            codes, score, table.y, columns[name].codes, columns[name].size, table.weights
        )
        for name in table.groups
    }
    return whole, by_group


def _losses(table: ScoreTable) -> dict[str, Moments]:
    found = {}
    for name, (of_positive, of_negative) in row_losses(table.values).items():
        sums = float(np.sum(table.pos * of_positive) + np.sum(table.neg * of_negative))
        squares = float(np.sum(table.pos * of_positive**2) + np.sum(table.neg * of_negative**2))
        found[name] = Moments(table.total, sums, squares)
    return found


def _row_losses(table: Table, score: Floats) -> dict[str, Moments]:
    # The probability that was given to what happened; all further steps reuse the array.
    given = np.abs(score + (table.y - 1.0))
    np.maximum(given, CLIP, out=given)
    losses = {"log_loss": -np.log(given)}
    np.subtract(1.0, given, out=given)
    losses["brier"] = np.square(given, out=given)
    found = {}
    for name, loss in losses.items():
        weighted = loss if table.weights is None else loss * table.weights
        found[name] = Moments(table.rows.total, float(np.sum(weighted)), float(np.sum(weighted * loss)))
    return found


def _gap_sums(tables: list[ScoreTable]) -> Floats:
    """Return weight, sum and square sum of score less label by value (values, 3)."""
    rows = []
    for table in tables:
        sums = float(np.sum(table.pos * (table.values - 1)) + np.sum(table.neg * table.values))
        squares = float(np.sum(table.pos * (table.values - 1) ** 2) + np.sum(table.neg * table.values**2))
        rows.append([table.total, sums, squares])
    return np.array(rows).reshape(-1, 3)


def worst_rows(table: Table) -> list[dict[str, Any]]:
    """Return the 50 rows that the model was most wrongly sure of; without scores, the first wrong ones."""
    loss = np.abs(table.score - table.y) if table.score is not None else (table.y != table.decision) * 1.0
    count = min(WORST, table.n)
    edge = np.partition(loss, table.n - count)[table.n - count]
    over, equal = np.flatnonzero(loss > edge), np.flatnonzero(loss == edge)
    chosen = np.r_[over, equal[: count - len(over)]]
    chosen = chosen[loss[chosen] > 0]
    order = np.lexsort((chosen, -loss[chosen]))
    return [_worst_row(table, int(row), float(loss[row])) for row in chosen[order]]


def _worst_row(table: Table, row: int, loss: float) -> dict[str, Any]:
    return table.rows.described(row) | {
        "label": int(table.y[row]),
        "decision": int(table.decision[row]),
        "score": None if table.score is None else float(table.score[row]),
        "loss": loss,
    }


def reduced(parts: list[Partial], *, probability: bool = True) -> Partial:
    """Return the sums of all parts' rows."""
    first = parts[0]
    if len(parts) == 1:
        return first
    values = {
        name: tuple(sorted({value for part in parts for value in part.values[name]})) for name in first.values
    }
    places = [{name: _places(part.values[name], values[name]) for name in values} for part in parts]
    cells = {
        name: _summed(
            [part.cells[name] for part in parts], [place[name] for place in places], len(values[name])
        )
        for name in first.cells
    }
    pairs = {
        pair: _summed(
            [part.pairs[pair] for part in parts],
            [_pair_places(place, pair, values) for place in places],
            len(values[pair[0]]) * len(values[pair[1]]),
        )
        for pair in first.pairs
        if all(pair in part.pairs for part in parts)
    }
    worst = sorted((row for part in parts for row in part.worst), key=lambda row: (-row["loss"], row["row"]))
    return Partial(
        sum(part.rows for part in parts),
        values,
        np.sum([part.everyone for part in parts], axis=0),
        cells,
        pairs,
        worst[:WORST],
        _reduced_scores(
            [part.scored for part in parts if part.scored], places, values, probability=probability
        ),
        _crossing_sums([part.crossing for part in parts]),
    )


def _crossing_sums(parts: list[dict[str, Floats]]) -> dict[str, Floats]:
    total: dict[str, Floats] = {}
    for part in parts:
        for value, counts in part.items():
            total[value] = total[value] + counts if value in total else counts
    return dict(sorted(total.items()))


def _places(own: tuple[str, ...], union: tuple[str, ...]) -> Any:
    return np.array([union.index(value) for value in own], dtype=np.int64)


def _pair_places(places: dict[str, Any], pair: Pair, values: dict[str, tuple[str, ...]]) -> Any:
    first, second = places[pair[0]], places[pair[1]]
    return (first[:, None] * len(values[pair[1]]) + second[None, :]).ravel()


def _summed(arrays: list[Floats], places: list[Any], size: int) -> Floats:
    total = np.zeros((size, arrays[0].shape[1]))
    for array, place in zip(arrays, places, strict=True):
        total[place] += array
    return total


def _reduced_scores(
    parts: list[Scored],
    places: list[dict[str, Any]],
    values: dict[str, tuple[str, ...]],
    *,
    probability: bool,
) -> Scored | None:
    if not parts:
        return None
    by_group = {}
    for name in parts[0].by_group:
        found: list[list[ScoreTable]] = [[] for _ in values[name]]
        for part, place in zip(parts, places, strict=True):
            for index, table in zip(place[name], part.by_group[name], strict=True):
                found[index].append(table)
        by_group[name] = [
            merged(tables, probability=probability, step=group_step(len(found))) for tables in found
        ]
    first, others = parts[0], parts[1:]
    sweep, bins, losses = first.sweep, first.bins, first.losses
    whole = merged([part.table for part in parts], probability=probability)
    same_steps = all(np.array_equal(part.sweep.thresholds, sweep.thresholds) for part in others)
    for part in others:
        sweep = sweep.plus(part.sweep) if same_steps else sweep_of(whole, probability=False)
        bins = bins.plus(part.bins) if bins and part.bins else None
        losses = {k: v.plus(part.losses[k]) for k, v in losses.items()} if losses and part.losses else None
    gaps = None
    if all(part.gaps is not None for part in parts):
        gaps = {
            name: _summed(
                [part.gaps[name] for part in parts if part.gaps],
                [place[name] for place in places],
                len(values[name]),
            )
            for name in by_group
        }
    return Scored(whole, by_group, sweep, bins, losses, gaps)
