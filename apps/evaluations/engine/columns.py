"""Which column is what: the roles of a prediction table, by task."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Task:
    """What a task needs to be told: roles that must be named, and roles of which at least one must be."""

    name: str
    needs: tuple[str, ...]
    one_of: tuple[str, ...] = ()


TASKS = {
    task.name: task
    for task in (
        Task("binary", ("label",), ("score", "prediction")),
        Task("multiclass", ("label",), ("scores", "prediction")),
        Task("multilabel", ("labels",), ("scores", "predictions")),
        Task("regression", ("label", "prediction")),
        Task("ranking", ("query", "label", "score")),
        Task("anomaly", ("label", "score")),
        Task("forecasting", ("time", "label", "prediction")),
        Task("clustering", ("prediction",), ("label", "features")),
        Task("recommendation", ("user", "item", "score", "label")),
        Task("generation", (), ("reference", "rating", "relevant", "label")),
    )
}
SCORE_KINDS = ("probability", "decision")
MISSING_SCORES = ("refuse", "drop")
MISSING_LABELS = ("refuse", "pending")


class ColumnsInvalid(ValueError):
    """The column map does not fit its task; the sentence says what is missing."""

    def __init__(self, sentence: str, *, code: str = "bad_columns") -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class ColumnMap:
    """Which column is what. Columns that a task does not know are refused by ``demand_complete``.

    ``positive_label`` names the label that counts as yes where labels are not 0 and 1; ``classes`` names what the
    columns in ``scores`` stand for, in their order; ``k`` is the cut-off of ranking metrics; ``period`` is the number
    of time steps of a season.
    """

    label: str | None = None
    score: str | None = None
    prediction: str | None = None
    row_id: str | None = None
    protected: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    positive_label: str | None = None
    threshold: float = 0.5
    task: str = "binary"
    weight: str | None = None
    entity: str | None = None
    scores: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    query: str | None = None
    document: str | None = None
    user: str | None = None
    item: str | None = None
    time: str | None = None
    series: str | None = None
    reference: str | None = None
    answer: str | None = None
    contexts: str | None = None
    relevant: str | None = None
    retrieved: str | None = None
    reranked: str | None = None
    citations: str | None = None
    answerable: str | None = None
    latency: str | None = None
    cost: str | None = None
    rating: str | None = None
    score_kind: str = "probability"
    missing_scores: str = "refuse"
    missing_labels: str = "refuse"
    k: int = 10
    period: int = 1

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns to group by: the protected ones first, each once."""
        return tuple(dict.fromkeys((*self.protected, *self.slices)))

    @property
    def can_part(self) -> bool:
        """Return whether a table of these columns can be mapped in parts: entities may not be torn apart."""
        return self.task == "binary" and not self.entity

    @property
    def of_a_champion(self) -> "ColumnMap":
        """What is read of a table that another one is compared with: it is not cut into slices."""
        features = self.features if self.task == "clustering" else ()
        return replace(self, protected=(), slices=(), features=features)

    @property
    def declared(self) -> tuple[str, ...]:
        """Every column that is read."""
        single = (getattr(self, role) for role in SINGLE_ROLES)
        several = (name for role in LIST_ROLES for name in getattr(self, role))
        return tuple(dict.fromkeys((*(name for name in single if name), *several)))

    def demand_complete(self) -> None:
        """Raise ColumnsInvalid unless the task has what it needs and the options are known ones."""
        task = TASKS.get(self.task)
        if task is None:
            raise ColumnsInvalid(f"There is no task “{self.task}”; the tasks are {', '.join(TASKS)}.")
        missing = [role for role in task.needs if not getattr(self, role)]
        if missing:
            raise ColumnsInvalid(f"The task {task.name} needs to know which column is the {_words(missing)}.")
        if task.one_of and not any(getattr(self, role) for role in task.one_of):
            raise ColumnsInvalid(
                f"The task {task.name} needs one of these columns: {', '.join(task.one_of)}."
            )
        self._demand_options()

    def _demand_options(self) -> None:
        for role, known in (
            ("score_kind", SCORE_KINDS),
            ("missing_scores", MISSING_SCORES),
            ("missing_labels", MISSING_LABELS),
        ):
            if getattr(self, role) not in known:
                raise ColumnsInvalid(f"{role} is {' or '.join(known)}, not “{getattr(self, role)}”.")
        if self.task == "binary" and self.score_kind == "probability" and not 0 < self.threshold < 1:
            raise ColumnsInvalid("The threshold lies between 0 and 1.", code="bad_threshold")
        if not math.isfinite(self.threshold):
            raise ColumnsInvalid("The threshold is a number.", code="bad_threshold")
        if self.k < 1 or self.period < 1:
            raise ColumnsInvalid("k and period are whole numbers from 1.")
        if self.classes and self.scores and len(self.classes) != len(self.scores):
            raise ColumnsInvalid(
                f"classes names {len(self.classes)} classes, but scores has {len(self.scores)} columns; "
                "they belong together in their order."
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON: what differs from the defaults, and the roles that every reader of a report expects."""
        always = (
            "task",
            "label",
            "score",
            "prediction",
            "row_id",
            "protected",
            "slices",
            "positive_label",
            "threshold",
        )
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in always or value != field.default:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ColumnMap":
        """Read what ``to_json`` wrote, of this engine or an earlier one; raises ColumnsInvalid for unknown roles."""
        unknown = sorted(set(data) - {field.name for field in fields(cls)})
        if unknown:
            raise ColumnsInvalid(f"A column map knows no {', '.join(unknown)}.")
        given = {name: value for name, value in data.items() if value is not None}
        for role in ("classes", *LIST_ROLES):
            if role in given:
                given[role] = tuple(given[role])
        found = cls(**given)
        found.demand_complete()
        return found


#: Roles that name one column.
SINGLE_ROLES = tuple(
    field.name
    for field in fields(ColumnMap)
    if field.type == "str | None" or field.type == (str | None)
    if field.name != "positive_label"
)
#: Roles that name several columns.
LIST_ROLES = ("protected", "slices", "scores", "labels", "predictions", "features")


def _words(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and the " + names[-1]
