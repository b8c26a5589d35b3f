"""The part ``findings`` of a pack: the mistakes that the portal finds by itself (M12), and how they are set aside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.criteria import Criterion, criterion_of
from apps.policies.vocabulary import Fact

#: What only rules of findings may read besides evidence: it changes with the clock, or belongs to the whole project.
OWN_FACTS: tuple[Fact, ...] = (
    Fact("subject.stage", "text", "", "The stage that the version is in."),
    Fact("project.ended_runs", "integer", "runs", "How many runs of the project have ended."),
    Fact("project.approaches", "list", "", "The values of the tag `approach` of the project's runs."),
)


@dataclass(frozen=True)
class Mistake:
    """A finding: it is there when ``rule`` holds for one of the versions that are looked at.

    ``subject`` says which those are: ``newest`` (of each model), ``production``, or ``project`` (no version at all).
    """

    rule: Criterion
    subject: str


@dataclass(frozen=True)
class Findings:
    """What the pack finds wrong, and for how many days at most a finding may be set aside."""

    longest_days: int = 180
    mistakes: tuple[Mistake, ...] = ()


def of(entry: Mapping[str, Any]) -> Findings:
    """Build the part from data that was checked before."""
    return Findings(
        longest_days=entry.get("longest_days", 180),
        mistakes=tuple(_mistake(one) for one in entry.get("mistakes", [])),
    )


def _mistake(entry: Mapping[str, Any]) -> Mistake:
    rule = {name: value for name, value in entry.items() if name != "subject"}
    return Mistake(criterion_of(rule), entry.get("subject", "newest"))


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the keys that are used twice."""
    seen: set[str] = set()
    for index, one in enumerate(entry.get("mistakes", [])):
        if one["key"] in seen:
            yield ("mistakes", index, "key"), f"The key '{one['key']}' is used twice here."
        seen.add(one["key"])
