"""The arithmetic of the rubric (M11.1): levels 0–5, weights, a total of 0–100. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.judge import State, judge
from apps.policies.pack import Criterion
from apps.policies.rubric import Dimension, Rubric, Signal

TOP_LEVEL = 5


@dataclass(frozen=True)
class Lift:
    """Something that would raise the score: by how many points of 100, and how to do it."""

    dimension: str
    title: str
    gain: float
    what: str


@dataclass(frozen=True)
class Suggested:
    """The level that the evidence suggests, and what is missing for more."""

    level: int
    held: tuple[str, ...]
    open: tuple[Signal, ...]


def suggest(dimension: Dimension, facts: Mapping[str, Any]) -> Suggested:
    """Add the points of the signals that hold, up to 5."""
    held: list[Signal] = []
    missing: list[Signal] = []
    for signal in dimension.signals:
        verdict = judge(Criterion(dimension.key, dimension.title, signal.expression), facts)
        (held if verdict.state == State.PASS else missing).append(signal)
    level = min(TOP_LEVEL, sum(signal.points for signal in held))
    return Suggested(level, tuple(signal.expression for signal in held), tuple(missing))


def points(dimension: Dimension, level: int) -> float:
    """Return what a level is worth of the total."""
    return dimension.weight * level / TOP_LEVEL


def total(rubric: Rubric, levels: Mapping[str, int]) -> float:
    """Return the weighted total 0–100; a dimension without a level counts 0."""
    return round(sum(points(dimension, levels.get(dimension.key, 0)) for dimension in rubric.dimensions), 1)


def lifts(rubric: Rubric, facts: Mapping[str, Any], levels: Mapping[str, int]) -> list[Lift]:
    """Return what would lift the score, most points first."""
    found = []
    for dimension in rubric.dimensions:
        level = levels.get(dimension.key, 0)
        for signal in suggest(dimension, facts).open:
            gain = points(dimension, min(TOP_LEVEL, level + signal.points)) - points(dimension, level)
            if gain > 0:
                found.append(Lift(dimension.key, dimension.title, round(gain, 1), signal.lift))
    return sorted(found, key=lambda lift: (-lift.gain, lift.title))
