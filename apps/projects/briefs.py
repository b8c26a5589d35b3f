"""The problem brief (M1.1): its fields in steps, what it lacks, and how two states of it differ. Writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core import differences
from apps.core.differences import FieldChange
from apps.projects.enums import Consumer, Direction, Latency, Task
from apps.projects.models import Brief


@dataclass(frozen=True)
class Step:
    """One page of the brief; ``fields`` map a name to what pages call it."""

    key: str
    title: str
    about: str
    fields: Mapping[str, str]


STEPS = (
    Step(
        "goal",
        "What it is for",
        "What the business gains, how success is measured, and how well it goes today.",
        {
            "business_objective": "Business objective",
            "success_metric": "Success metric",
            "success_target": "Target",
            "success_direction": "Success is",
            "baseline": "Baseline",
        },
    ),
    Step(
        "task",
        "What is predicted",
        "The task, what comes out of it, and who or what reads it how soon.",
        {
            "task": "Task",
            "prediction_target": "Prediction target",
            "consumer": "Consumer",
            "latency": "Latency",
        },
    ),
    Step(
        "data",
        "What it learns from",
        "The data that is there, and the data that is not.",
        {"data_available": "Data available", "data_gaps": "Data gaps"},
    ),
    Step(
        "care",
        "What could go wrong",
        "Whom it might harm, which fairness is promised before training, and what would make you stop.",
        {
            "ethical_considerations": "Ethical considerations",
            "fairness_metric": "Fairness metric",
            "fairness_threshold": "Fairness threshold",
            "kill_criteria": "Kill criteria",
        },
    ),
)
FIELDS = {name: label for step in STEPS for name, label in step.fields.items()}
CHOICES = {"task": Task, "consumer": Consumer, "latency": Latency, "success_direction": Direction}
#: Without these a brief is not complete (M1.1); the rest may be empty.
REQUIRED = (
    *("business_objective", "success_metric", "success_target", "baseline", "task", "prediction_target"),
    *("consumer", "latency", "data_available", "ethical_considerations", "kill_criteria"),
)


@dataclass(frozen=True)
class Gap:
    """A required field that is empty, and the step where it is filled in."""

    name: str
    label: str
    step: Step


@dataclass(frozen=True)
class Progress:
    """How far a brief is: ``filled`` of ``needed`` required fields."""

    filled: int
    needed: int
    gaps: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        return not self.gaps


@dataclass(frozen=True)
class Line:
    """A field with its value as people read it."""

    name: str
    label: str
    value: str
    required: bool


def step_of(key: str) -> Step | None:
    """Return the step with this key, or None."""
    return next((one for one in STEPS if one.key == key), None)


def step_after(step: Step) -> Step | None:
    """Return the next step, or None after the last."""
    place = STEPS.index(step) + 1
    return STEPS[place] if place < len(STEPS) else None


def missing_fields(brief: Brief | None) -> list[str]:
    """Return the required fields that are empty."""
    if brief is None:
        return list(REQUIRED)
    return [name for name in REQUIRED if getattr(brief, name) in ("", None)]


def progress(brief: Brief | None) -> Progress:
    """Count what is filled, and name what is not with its step."""
    missing = set(missing_fields(brief))
    gaps = tuple(
        Gap(name, label, step) for step in STEPS for name, label in step.fields.items() if name in missing
    )
    return Progress(len(REQUIRED) - len(gaps), len(REQUIRED), gaps)


def content_of(brief: Brief) -> dict[str, Any]:
    """Return what people wrote, field by field, as plain JSON."""
    return {name: getattr(brief, name) for name in FIELDS}


def lines_of(step: Step, content: Mapping[str, Any]) -> list[Line]:
    """Return the fields of a step, worded."""
    return [
        Line(name, label, worded(name, content.get(name)), name in REQUIRED)
        for name, label in step.fields.items()
    ]


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str] = FIELDS
) -> list[FieldChange]:
    """Return the fields that differ, in the order of the brief."""
    return differences.changes_between(before, after, labels=FIELDS, worded=worded, names=names)


def worded(name: str, value: Any) -> str:
    """Return a value as people read it; empty where there is none."""
    if value in ("", None):
        return ""
    if name in CHOICES and value in CHOICES[name].values:
        return str(CHOICES[name](value).label)
    return f"{value:g}" if isinstance(value, float) else str(value)
