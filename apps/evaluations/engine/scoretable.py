"""Binary rows grouped by score: everything that ranks or calibrates is read from this one table.

One sort of the scores serves AUC, DeLong's variance, average precision, KS, calibration, thresholds and curves. Two
tables can be merged, which is how partitions of one file are reduced to one report.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from apps.evaluations.engine.table import Bits, Codes, Floats, Ints

#: Cells of the bootstrap: more distinct scores are binned into this many.
CELLS = 1024
#: More distinct scores than this are put on the grid when tables are to be merged.
DISTINCT = 262_144
#: Tables with more rows than this are put on the grid without being sorted.
SORTED_ROWS = 500_000
#: Cells of the grid; hundredths are ends of cells, so that what is counted over a threshold or by bin stays exact.
GRID = 1_024_000
HUNDREDTH = GRID // 100
#: Groups share so many neighbouring cells, fewer groups less of them.
GROUP_CELLS, MANY_GROUP_CELLS, FEW_GROUPS = 4, 16, 8
#: The grid is used where the AUC moves by no more than this; else rows are sorted, and nothing is approximated.
BOUND = 1e-5


@dataclass(frozen=True)
class ScoreTable:
    """Weights of positive and negative rows by distinct score, ascending; shapes (cells,).

    ``bound`` is how far the AUC may lie from that of the rows, where scores were put into the cells of a grid;
    ``codes`` are then the cells (values are the means of their rows).
    """

    values: Floats
    pos: Floats
    neg: Floats
    bound: float = 0.0
    codes: Ints | None = None

    @cached_property
    def positives(self) -> float:
        """The weight of the positive rows."""
        return float(self.pos.sum())

    @cached_property
    def negatives(self) -> float:
        """The weight of the negative rows."""
        return float(self.neg.sum())

    @cached_property
    def total(self) -> float:
        """The weight of all rows."""
        return self.positives + self.negatives

    @property
    def two_classes(self) -> bool:
        return self.positives > 0 and self.negatives > 0

    @cached_property
    def tp(self) -> Floats:
        """The weight of positive rows with this score or a higher one: true positives when it is the threshold."""
        return self.positives - np.cumsum(self.pos) + self.pos

    @cached_property
    def fp(self) -> Floats:
        """The weight of negative rows with this score or a higher one."""
        return self.negatives - np.cumsum(self.neg) + self.neg

    @property
    def pos_below(self) -> Floats:
        """The weight of positive rows with a lower score, ties counting half."""
        return self.positives - self.tp + self.pos / 2

    @property
    def neg_below(self) -> Floats:
        """The weight of negative rows with a lower score, ties counting half."""
        return self.negatives - self.fp + self.neg / 2

    def places(self, thresholds: Floats) -> Ints:
        """Return the index of the first cell at or over each threshold; on the grid thresholds are hundredths."""
        if self.codes is None:
            return np.searchsorted(self.values, thresholds, side="left")
        return np.searchsorted(
            self.codes, np.round(thresholds * 100).astype(np.int64) * HUNDREDTH, side="left"
        )

    @cached_property
    def coarse(self) -> "ScoreTable":
        """The table in at most 1,024 cells that hold about as much of each class; values are their means."""
        return self.in_cells(CELLS)

    def in_cells(self, cells: int) -> "ScoreTable":
        """Return the table in at most so many cells that hold about as much of each class."""
        return self if len(self.values) <= cells else self._binned(self.cell_codes(cells))

    def cell_codes(self, cells: int) -> Ints:
        """Return the cell of each distinct score, counted from 0 without gaps."""
        if len(self.values) <= cells:
            return np.arange(len(self.values))
        share = np.zeros(len(self.values))
        for above, total in ((self.tp, self.positives), (self.fp, self.negatives)):
            if total:
                share += 1 - above / total
        codes = np.minimum((share / max(float(share[-1]), 1e-300) * cells).astype(np.int64), cells - 1)
        return np.cumsum(np.r_[False, codes[1:] != codes[:-1]])

    def coarse_cells(self, score: Floats) -> Ints:
        """Return the coarse cell of each row (n,); rows that weigh nothing may lie beyond the last."""
        places = np.minimum(np.searchsorted(self.values, score), len(self.values) - 1)
        return self.cell_codes(CELLS)[places]

    def _binned(self, codes: Ints, *, grid: bool = False) -> "ScoreTable":
        """Merge neighbours that share a code; codes ascend."""
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        pos, neg = np.add.reduceat(self.pos, starts), np.add.reduceat(self.neg, starts)
        weight = pos + neg
        sums = np.add.reduceat(self.values * (self.pos + self.neg), starts)
        values = np.where(weight > 0, sums / np.where(weight > 0, weight, 1), self.values[starts])
        return ScoreTable(values, pos, neg, _bound(pos, neg), codes[starts] if grid else None)

    def compact(self, *, probability: bool = True) -> "ScoreTable":
        """Return a table small enough to be sent about: on the grid where there are many distinct scores.

        A table stays as it is where the grid would move its AUC by more than 1e-5.
        """
        if self.on_grid or len(self.values) <= DISTINCT:
            return self
        found = self._binned(grid_codes(self.values, probability=probability), grid=True)
        return found if found.bound <= BOUND else self

    @property
    def on_grid(self) -> bool:
        return self.codes is not None

    @classmethod
    def on_cells(cls, values: Floats, pos: Floats, neg: Floats, codes: Ints) -> "ScoreTable":
        """Return a table by cells of the grid, with its bound."""
        return cls(values, pos, neg, _bound(pos, neg), codes)


def _bound(pos: Floats, neg: Floats) -> float:
    """Return how far an AUC may move when all pairs of rows within a cell are counted half."""
    pairs = float(pos.sum()) * float(neg.sum())
    return float((pos * neg).sum()) / (2 * pairs) if pairs else 0.0


def grid_codes(values: Floats, *, probability: bool) -> Ints:
    """Return the cell of each score on a fixed grid, ascending with the score; the highest is ``GRID`` itself.

    Probabilities are cut into cells of equal width; other scores are squashed into (0, 1) first.
    """
    if not probability:
        squashed = 0.5 + 0.5 * values / (1 + np.abs(values))
        return (squashed * GRID).astype(np.int32)
    codes: Ints = (values * GRID).astype(np.int32)
    # A product may be rounded over the end of a cell; at hundredths the score itself decides.
    near = np.zeros(GRID + 1, dtype=bool)
    near[::HUNDREDTH] = True
    near[HUNDREDTH - 1 :: HUNDREDTH] = True
    doubtful = np.flatnonzero(near[codes])
    score = values[doubtful]
    nearest = np.round(score * 100)
    edge = (nearest * HUNDREDTH).astype(np.int32)
    codes[doubtful] = np.where(
        score >= nearest / 100, np.maximum(codes[doubtful], edge), np.minimum(codes[doubtful], edge - 1)
    )
    return codes


def grid_table(codes: Ints, score: Floats, y: Bits, weights: Floats | None = None) -> ScoreTable:
    """Return the table of rows by the cells that they lie in."""
    pos, total, sums = _cell_sums(codes, GRID + 1, score, y, weights)
    filled = np.flatnonzero(total)
    return _cells_table(pos[filled], total[filled], sums[filled], filled)


def group_step(size: int) -> int:
    """Return how many neighbouring cells the tables of ``size`` groups share."""
    return GROUP_CELLS if size <= FEW_GROUPS else MANY_GROUP_CELLS


def grid_tables_by_group(
    codes: Ints, score: Floats, y: Bits, groups: Codes, size: int, weights: Floats | None = None
) -> list[ScoreTable]:
    """Return one table per group by wider cells of the grid."""
    step = group_step(size)
    width = GRID // step + 1
    keys = groups.astype(np.int32) * np.int32(width) + codes // np.int32(step)
    sums = [found.reshape(size, width) for found in _cell_sums(keys, size * width, score, y, weights)]
    tables = []
    for pos, total, values in zip(*sums, strict=True):
        filled = np.flatnonzero(total)
        tables.append(_cells_table(pos[filled], total[filled], values[filled], filled * step))
    return tables


def _cell_sums(
    codes: Ints, cells: int, score: Floats, y: Bits, weights: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Return the weight of positives, the weight and the weighted sum of scores of each cell."""
    positive = y == 1
    pos = np.bincount(
        codes[positive], weights=None if weights is None else weights[positive], minlength=cells
    )
    total = np.bincount(codes, weights=weights, minlength=cells)
    sums = np.bincount(codes, weights=score if weights is None else score * weights, minlength=cells)
    return pos.astype(np.float64), total.astype(np.float64), sums.astype(np.float64, copy=False)


def _cells_table(pos: Floats, total: Floats, sums: Floats, codes: Ints) -> ScoreTable:
    rest = np.maximum(total - pos, 0.0)
    return ScoreTable.on_cells(sums / total, pos, rest, codes)


def score_table(score: Floats, y: Bits, weights: Floats | None = None) -> ScoreTable:
    """Return the table of rows: scores (n,), labels 0 or 1 (n,), weights (n,)."""
    order = np.argsort(score)
    return from_sorted(score[order], y[order], None if weights is None else weights[order])


def from_sorted(score: Floats, y: Bits, weights: Floats | None = None) -> ScoreTable:
    """Return the table of rows in ascending order of their scores; rows that weigh nothing leave no cell."""
    if weights is not None and not weights.all():
        kept = weights > 0
        score, y, weights = score[kept], y[kept], weights[kept]
    if not len(score):
        return ScoreTable(np.zeros(0), np.zeros(0), np.zeros(0))
    last = np.r_[score[1:] != score[:-1], True]
    if weights is None and last.all():
        pos = y.astype(np.float64)
        return ScoreTable(score, pos, 1 - pos)
    ends = np.flatnonzero(last)
    pos = _sums_until(y if weights is None else weights * y, ends)
    total = np.diff(ends, prepend=-1).astype(np.float64) if weights is None else _sums_until(weights, ends)
    return ScoreTable(score[ends], pos, total - pos)


def _sums_until(values: Floats | Bits, ends: Ints) -> Floats:
    """Return the sums of consecutive stretches; whole numbers are added as such and stay exact."""
    if values.dtype == np.uint8:
        return np.diff(np.cumsum(values, dtype=np.int64)[ends], prepend=0).astype(np.float64)
    return np.add.reduceat(values, np.r_[0, ends[:-1] + 1])


def tables_by_group(
    score: Floats, y: Bits, codes: Codes, size: int, weights: Floats | None = None
) -> list[ScoreTable]:
    """Return one table per group, from rows in ascending order of their scores."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=size))
    found, start = [], 0
    for end in ends:
        rows = order[start:end]
        found.append(from_sorted(score[rows], y[rows], None if weights is None else weights[rows]))
        start = int(end)
    return found


def merged(tables: list[ScoreTable], *, probability: bool = True, step: int = 1) -> ScoreTable:
    """Return the table of all rows of several tables; exact where none is on the grid.

    On the grid, ``step`` neighbouring cells become one, so that tables of the rows of groups share their cells.
    """
    if len(tables) == 1:
        return tables[0]
    values, pos, neg = (
        np.concatenate([getattr(table, name) for table in tables]) for name in ("values", "pos", "neg")
    )
    if any(table.on_grid for table in tables):
        codes = [
            grid_codes(one.values, probability=probability) if one.codes is None else one.codes
            for one in tables
        ]
        keys = np.concatenate(codes) // step * step
    else:
        keys = values
    order = np.lexsort((values, keys))
    whole = ScoreTable(values[order], pos[order], neg[order])
    if keys is not values:
        return whole._binned(keys[order], grid=True)
    if not len(values):
        return whole
    starts = np.flatnonzero(np.r_[True, whole.values[1:] != whole.values[:-1]])
    pos, neg = np.add.reduceat(whole.pos, starts), np.add.reduceat(whole.neg, starts)
    return ScoreTable(whole.values[starts], pos, neg)
