"""What a prediction table is, once it has been read."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ColumnMap:
    """Which column is what. ``positive_label`` names the label that counts as yes where labels are not 0 and 1."""

    label: str
    score: str
    prediction: str | None = None
    row_id: str | None = None
    protected: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    positive_label: str | None = None
    threshold: float = 0.5

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns to group by: the protected ones first, each once."""
        return tuple(dict.fromkeys((*self.protected, *self.slices)))

    @property
    def declared(self) -> tuple[str, ...]:
        """Every column that is read."""
        own = (self.label, self.score, self.prediction, self.row_id)
        return tuple(dict.fromkeys((*(name for name in own if name), *self.groups)))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "label": self.label,
            "score": self.score,
            "prediction": self.prediction,
            "row_id": self.row_id,
            "protected": list(self.protected),
            "slices": list(self.slices),
            "positive_label": self.positive_label,
            "threshold": self.threshold,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ColumnMap":
        """Read what ``to_json`` wrote."""
        lists = {name: tuple(data.get(name) or ()) for name in ("protected", "slices")}
        return cls(**{**data, **lists})


@dataclass(frozen=True)
class Grouping:
    """A column as codes into its sorted values."""

    values: tuple[str, ...]
    codes: Ints

    def mask(self, index: int) -> Bools:
        """Return the rows of one value."""
        return self.codes == index


@dataclass(frozen=True)
class Table:
    """n rows: labels (0 or 1), scores, decisions (0 or 1), groupings, and ids where given."""

    y: Ints
    score: Floats
    decision: Ints
    groups: dict[str, Grouping] = field(default_factory=dict)
    ids: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.y)


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
