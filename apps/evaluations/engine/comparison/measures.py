"""What a task offers to a comparison: its units, and their figures as means, as functions of sums, and as areas.

A unit is what can be drawn by itself: a row, a query, a user, a step of a series. Whatever a figure is made of, it is
one of three kinds here, and every task's comparison is drawn and tested in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Bools, Floats, Ints, Rows


@dataclass(frozen=True)
class Mean:
    """A mean over units: the value of each (n,), and which of them count (none: all do)."""

    values: NDArray[Any]
    of: Bools | None = None

    @classmethod
    def known(cls, values: Floats) -> "Mean":
        """Return the mean of the values that are not NaN."""
        missing = np.isnan(values)
        return cls(np.where(missing, 0.0, values), ~missing) if missing.any() else cls(values)

    def take(self, units: Ints) -> "Mean":
        """Return the mean over some of the units."""
        return Mean(self.values[units], None if self.of is None else self.of[units])

    def among(self, other: "Mean") -> "Mean":
        """Return the mean over the units that count in both."""
        if other.of is None or self.of is other.of:
            return self
        return Mean(self.values, other.of if self.of is None else self.of & other.of)

    @cached_property
    def is_share(self) -> bool:
        """Whether every value that counts is 0 or 1."""
        if self.values.dtype in (np.uint8, np.bool_):
            return True
        values = self.values if self.of is None else self.values[self.of]
        return bool(((values == 0) | (values == 1)).all())

    def weighed(self, weights: Floats | None) -> Floats:
        """Return the weight of each unit in the mean (n,), 0 where it does not count."""
        found = np.ones(len(self.values)) if weights is None else weights
        return found if self.of is None else found * self.of


#: From the group of each unit (n,) and the number of groups to the sums of each (groups, columns).
ByGroup = Callable[[Ints, int], Floats]


@dataclass(frozen=True)
class Sums:
    """Figures that are functions of sums over units.

    ``exact`` holds figures that are known better than from the sums (those of ranked scores, whose sums are by cell):
    draws are then moved by what the cells changed of the whole.
    """

    by_group: ByGroup
    functions: Mapping[str, OfSums]
    exact: Mapping[str, float] = field(default_factory=dict)


def columns_by_group(columns: Floats, weights: Floats | None) -> ByGroup:
    """Return the sums of columns (n, k) by group."""
    rows = columns if weights is None else columns * weights[:, None]
    return lambda groups, size: resampling.sums_by_group(rows, groups, size)


def codes_by_group(codes: Ints, width: int, weights: Floats | None) -> ByGroup:
    """Return the weight of each code (n,) below ``width`` by group (groups, width)."""

    def sums(groups: Ints, size: int) -> Floats:
        found = np.bincount(groups * width + codes, weights=weights, minlength=size * width)
        return found.reshape(size, width).astype(np.float64)

    return sums


@dataclass(frozen=True)
class Area:
    """An AUC, or a mean of AUCs: its value, and how far each unit (n,) moves it.

    The variance is the weighted sum of squared influences; that of a difference is the same of their differences.
    ``ends`` is the interval for where no unit moves it, as in a perfect ranking (Newcombe 2006).
    """

    value: float
    influence: Floats
    ends: tuple[float, float]
    method: str = "DeLong"


@dataclass(frozen=True)
class Measured:
    """The figures of some units. ``grounds`` says what a figure rests on: with other grounds it is not comparable.

    ``sliced`` is the mean whose differences are told by slice, with its name.
    """

    means: Mapping[str, Mean] = field(default_factory=dict)
    #: By what the sums are of: what both models have by the same name is compared.
    sums: Mapping[str, Sums] = field(default_factory=dict)
    areas: Mapping[str, Area] = field(default_factory=dict)
    grounds: Mapping[str, str] = field(default_factory=dict)
    sliced: tuple[str, Mean] | None = None


#: From units (indices) and their weights to their figures.
Measure = Callable[[Ints, Floats | None], Measured]


@dataclass(frozen=True)
class Comparable:
    """A table as units to be paired by ``keys``, with what was true of each, and the way to their figures.

    ``keys`` are numbers, an Arrow column or nothing where none were declared (``unkeyed`` says what to do then).
    ``rows`` has groups, weights and entities by unit; what is drawn as a whole is called ``drawn``. ``left_out`` says of
    figures why they are not compared. Tables of another ``basis`` are not compared at all.
    """

    unit: str
    keys: Any
    truth: NDArray[Any] | None
    rows: Rows
    measure: Measure
    unkeyed: str = "Declare row_id in both."
    left_out: Mapping[str, str] = field(default_factory=dict)
    drawn: str = "entities"
    basis: str = ""

    @property
    def n(self) -> int:
        return self.rows.n
