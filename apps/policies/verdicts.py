"""What the judge answers: states, the numbers behind them, and what would have to change. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class State(StrEnum):
    """The answer to a criterion, and to a gate. ``inconclusive`` reads "not enough evidence"."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"
    WAIVED = "waived"


#: What keeps a gate shut, in the order in which it is told.
SHUT = (State.FAIL, State.INCONCLUSIVE, State.MISSING)


def worst(states: set[State]) -> State:
    """Return what several answers come to: fail before inconclusive before missing; nothing at all passes."""
    return next((state for state in SHUT if state in states), State.PASS)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval held against a threshold.

    ``n`` is what the figure was measured on (rows, queries, lists); ``needed_n`` how many would settle it when the
    figure stays where it is, with a probability of 80 %; None where it is settled, or where no number would do.
    """

    name: str
    value: float
    low: float
    high: float
    n: float | None
    relation: str
    threshold: float
    state: State
    needed_n: int | None = None
    method: str = ""
    q: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {**self.__dict__, "state": str(self.state)}


@dataclass(frozen=True)
class Change:
    """One thing that would have to change: what it is, how it stands, what is needed."""

    what: str
    now: str
    needed: str


@dataclass(frozen=True)
class Verdict:
    """The answer to one criterion, with every value it looked at."""

    state: State
    looked_at: tuple[tuple[str, Any], ...]
    missing: tuple[str, ...]
    reason: str
    estimates: tuple[Estimate, ...] = ()
    changes: tuple[Change, ...] = ()
    intervals: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def estimate(self) -> Estimate | None:
        """The estimate that decides: the first of the worst state."""
        state = worst({one.state for one in self.estimates})
        return next((one for one in self.estimates if one.state == state), None)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON."""
        intervals = dict(self.intervals)
        return {
            "state": str(self.state),
            "looked_at": [
                {"path": path, "value": value} | dict(intervals.get(path, {}))
                for path, value in self.looked_at
            ],
            "missing": list(self.missing),
            "reason": self.reason,
            "estimate": self.estimate.to_json() if self.estimate else None,
            "estimates": [one.to_json() for one in self.estimates],
            "changes": [dict(one.__dict__) for one in self.changes],
        }


class Waiver(Protocol):
    """What the judge needs of a waiver: which it is, and when it ends."""

    @property
    def id(self) -> Any: ...
    @property
    def until(self) -> Any: ...


@dataclass(frozen=True)
class Waived:
    """A waiver as a verdict shows it, with the answer that it stands in for."""

    id: str
    until: str
    state: State

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"id": self.id, "until": self.until, "state": str(self.state)}


@dataclass(frozen=True)
class Source:
    """Where the facts beneath ``prefix`` come from: a page of the portal, or the pipeline's own."""

    prefix: str
    label: str
    url: str

    def gives(self, path: str) -> bool:
        """Tell whether a fact, or a branch of facts, lies beneath the prefix."""
        return path == self.prefix or path.startswith(self.prefix + ".")


@dataclass(frozen=True)
class CriterionResult:
    """One criterion of a gate with its verdict."""

    key: str
    title: str
    severity: str
    expression: str
    remedy: str
    method: str
    verdict: Verdict
    waived: Waived | None = None
    sources: tuple[Source, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        own = {
            name: getattr(self, name)
            for name in ("key", "title", "severity", "expression", "remedy", "method")
        }
        return (
            own
            | self.verdict.to_json()
            | {
                "sources": [{"label": one.label, "url": one.url} for one in self.sources],
                "waiver": self.waived.to_json() if self.waived else None,
            }
        )


@dataclass(frozen=True)
class GateVerdict:
    """What a gate says: fail before inconclusive before missing before pass; criteria that only warn do not count."""

    state: State
    results: tuple[CriterionResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON."""
        return {"state": str(self.state), "criteria": [result.to_json() for result in self.results]}
