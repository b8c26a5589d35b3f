"""Columns of a table of runs by their key in the address, and what a reader asks of the table. Pure."""

from dataclasses import dataclass, field

METRIC, PARAM = "metric", "param"
#: What every run has, beside its metrics and parameters, with the title of the column.
FIXED = {"name": "Run", "state": "State", "model": "Model", "started": "Started", "duration": "Training time"}
RELATIONS = {"gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}


@dataclass(frozen=True)
class Column:
    """``kind`` is metric, param, or one of FIXED without a ``name``."""

    kind: str
    name: str = ""

    @property
    def key(self) -> str:
        """The column as it stands in addresses."""
        return f"{self.kind}.{self.name}" if self.name else self.kind

    @property
    def title(self) -> str:
        return self.name or FIXED[self.kind]


def column_of(key: str) -> Column | None:
    """Return the column of a key such as ``metric.auc`` or ``started``; None for what is no key."""
    if key in FIXED:
        return Column(key)
    kind, dot, name = key.partition(".")
    return Column(kind, name) if dot and name and kind in (METRIC, PARAM) else None


@dataclass(frozen=True)
class Condition:
    """A metric held against a number; ``relation`` is a key of RELATIONS."""

    metric: str
    relation: str
    number: float


@dataclass(frozen=True)
class Wanted:
    """What a reader asks of a table of runs; empty means everything, the newest first."""

    state: str = ""
    model: str = ""
    words: str = ""
    conditions: tuple[Condition, ...] = ()
    sort: Column = field(default_factory=lambda: Column("started"))
    descending: bool = True
    columns: tuple[Column, ...] = ()

    @property
    def narrows(self) -> bool:
        """Tell whether any run is left out."""
        return bool(self.state or self.model or self.words or self.conditions)
