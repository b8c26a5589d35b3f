"""What a prediction table is, once it has been read."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Labels and decisions, 0 or 1.
Bits = NDArray[np.uint8]
#: Codes of a grouping; as narrow as its values allow.
Codes = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Grouping:
    """A column as codes into its sorted values."""

    values: tuple[str, ...]
    codes: Codes

    @property
    def size(self) -> int:
        return len(self.values)

    def mask(self, index: int) -> Bools:
        """Return the rows of one value."""
        return self.codes == index

    def take(self, rows: Bools | Ints) -> "Grouping":
        """Return the grouping of some rows."""
        return Grouping(self.values, self.codes[rows])


def narrow(codes: Any, size: int) -> Codes:
    """Return codes below ``size`` in the narrowest type that holds them."""
    kind = np.uint8 if size <= 256 else np.uint16 if size <= 65_536 else np.uint32
    return np.ascontiguousarray(codes, dtype=kind)


def crossed(first: Grouping, second: Grouping) -> Grouping:
    """Return the grouping by both columns; values are joined with " · ", empty combinations are left out."""
    size = first.size * second.size
    codes = first.codes.astype(np.uint32) * np.uint32(second.size) + second.codes
    present = np.flatnonzero(np.bincount(codes, minlength=size))
    place = np.zeros(size, dtype=np.uint32)
    place[present] = np.arange(len(present))
    values = tuple(
        f"{first.values[code // second.size]} · {second.values[code % second.size]}" for code in present
    )
    return Grouping(values, narrow(place[codes], len(present)))


@dataclass(frozen=True)
class Rows:
    """What rows of any task may have: groupings, ids, weights, entities, numeric features, and numbers in the file.

    ``edges`` are the ends of the bins that each feature is looked at in: those of the file, whatever rows are left.
    """

    n: int
    groups: dict[str, Grouping] = field(default_factory=dict)
    ids: Any = None
    weights: Floats | None = None
    entities: Ints | None = None
    features: dict[str, Floats] = field(default_factory=dict)
    numbers: Ints | None = None
    edges: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Return the sum of the weights: the number of rows where there are none."""
        return float(self.weights.sum()) if self.weights is not None else float(self.n)

    def described(self, row: int) -> dict[str, Any]:
        """Return how a report names a row: its number in the file from 1, its id and its groups."""
        return {
            "row": int(self.numbers[row]) if self.numbers is not None else row + 1,
            "id": None if self.ids is None else str(self.ids[row]),
            "groups": {name: group.values[int(group.codes[row])] for name, group in self.groups.items()},
        }

    def take(self, keep: Ints) -> "Rows":
        """Return some of the rows, which keep their numbers."""
        ids = self.ids
        if ids is not None:
            ids = ids[keep] if isinstance(ids, np.ndarray) else ids.take(keep)
        return Rows(
            len(keep),
            {name: group.take(keep) for name, group in self.groups.items()},
            ids,
            None if self.weights is None else self.weights[keep],
            None if self.entities is None else self.entities[keep],
            {name: values[keep] for name, values in self.features.items()},
            keep + 1 if self.numbers is None else self.numbers[keep],
            self.edges,
        )


@dataclass(frozen=True)
class Table:
    """n rows of a binary task: labels, scores (none where only decisions were given), and decisions.

    ``probability`` is false for scores that only rank.
    """

    y: Bits
    score: Floats | None
    decision: Bits
    rows: Rows
    probability: bool = True

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def weights(self) -> Floats | None:
        return self.rows.weights

    @property
    def groups(self) -> dict[str, Grouping]:
        return self.rows.groups


@dataclass(frozen=True)
class Problem:
    """One fault of an upload: rows are the first five, counted from 1."""

    code: str
    column: str | None
    rows: tuple[int, ...]
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"code": self.code, "column": self.column, "rows": list(self.rows), "sentence": self.sentence}


@dataclass(frozen=True)
class Limits:
    """What an upload may ask for."""

    rows: int = 20_000_000
    columns: int = 500
    group_values: int = 50


class TableInvalid(ValueError):
    """The table cannot be used; ``problems`` has every fault that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems
