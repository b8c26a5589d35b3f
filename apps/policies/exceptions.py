"""What a policy says of exceptions: waivers, break-glass, rollback and their reviews."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from apps.policies.criteria import Criterion, criterion_of

#: What happens where a rollback rule that has no remedy of its own holds.
ROLLED_BACK = "The version before returns to production."


@dataclass(frozen=True)
class WaiverRule:
    """Who grants waivers, and for how long at most."""

    granted_by: str = "risk"
    longest_days: int = 90


@dataclass(frozen=True)
class BreakGlassRule:
    """Who may promote past a gate, and when that must have been reviewed. No roles: nobody may."""

    roles: tuple[str, ...] = ()
    review_within_days: int = 3


@dataclass(frozen=True)
class RollbackRule:
    """Who may roll back, and when it happens by itself: any criterion, on windows of enough requests."""

    roles: tuple[str, ...] = ("owner", "reviewer", "risk")
    minimum_requests: int = 1000
    review_within_days: int = 7
    review_blocks: bool = True
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Exceptions:
    """All that a pack says of exceptions; a pack that says nothing has the defaults, and no break-glass."""

    waivers: WaiverRule = field(default_factory=WaiverRule)
    break_glass: BreakGlassRule = field(default_factory=BreakGlassRule)
    rollback: RollbackRule = field(default_factory=RollbackRule)


def from_document(data: dict[str, Any]) -> Exceptions:
    """Build the rules from data that was checked before."""
    glass, back = dict(data.get("break_glass", {})), dict(data.get("rollback", {}))
    for rule in (glass, back):
        if "roles" in rule:
            rule["roles"] = tuple(rule["roles"])
    back["criteria"] = tuple(criterion_of({"remedy": ROLLED_BACK, **one}) for one in back.get("criteria", []))
    return Exceptions(
        waivers=WaiverRule(**data.get("waivers", {})),
        break_glass=BreakGlassRule(**glass),
        rollback=RollbackRule(**back),
    )


def faults(data: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what the schema cannot say: the place and the sentence."""
    seen: set[str] = set()
    for index, entry in enumerate(data.get("rollback", {}).get("criteria", [])):
        if entry["key"] in seen:
            yield ("rollback", "criteria", index, "key"), f"The key '{entry['key']}' is used twice here."
        seen.add(entry["key"])
    ends = {(rule["from"], rule["to"]): rule["kind"] for rule in data["transitions"]}
    if data.get("rollback", {}).get("criteria") and "rollback" not in ends.values():
        yield (
            ("rollback",),
            "Rolling back needs a transition of kind 'rollback' into production. Add one to 'transitions'.",
        )
    for index, rule in enumerate(data["transitions"]):
        if rule["kind"] == "rollback" and rule["to"] != "production":
            yield ("transitions", index), "A transition of kind 'rollback' leads to production."
        if rule["kind"] == "suspend" and rule["from"] != "production":
            yield ("transitions", index), "A transition of kind 'suspend' leads out of production."
