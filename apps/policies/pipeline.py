"""The checks that a policy wants from pipelines (M8.2): which kind of change each is about, and where it is required."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

MINOR, MAJOR = "minor", "major"


@dataclass(frozen=True)
class CheckRule:
    """A named check. ``change`` is what it looks at: code, data or model; ``required`` maps minor and major to a gate.

    Where ``when`` (CEL) does not hold, no gate asks for it.
    """

    key: str
    title: str
    change: str
    remedy: str = ""
    method: str = ""
    required: dict[str, str] = field(default_factory=dict)
    when: str = ""


def check_rules(entries: Iterable[dict[str, Any]]) -> tuple[CheckRule, ...]:
    """Build the rules from data that was checked before."""
    return tuple(CheckRule(**entry) for entry in entries)


def required_at(gate: str, rules: Iterable[CheckRule]) -> list[dict[str, Any]]:
    """Return the criteria of a gate that come of its required checks, as plain data."""
    found = []
    for rule in rules:
        changes = [change for change in (MINOR, MAJOR) if rule.required.get(change) == gate]
        if changes:
            criterion = {
                "key": rule.key,
                "title": rule.title if len(changes) == 2 else f"{rule.title} ({changes[0]} changes)",
                "expression": f"checks.{rule.key}.status == 'passed'",
                "remedy": rule.remedy or f"Let the pipeline report the check {rule.key} for this version.",
                "method": rule.method,
            }
            asked = [f"({rule.when})"] if rule.when else []
            if len(changes) == 1:
                asked.append(f"version.change == '{changes[0]}'")
            if asked:
                criterion["when"] = " && ".join(asked)
            found.append(criterion)
    return found


def undeclared(data: dict[str, Any], gates: set[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of each check that names no gate, or whose key a criterion of that gate has already."""
    criteria = {gate["key"]: {one["key"] for one in gate["criteria"]} for gate in data["gates"]}
    for index, rule in enumerate(data.get("checks", [])):
        for change, gate in rule.get("required", {}).items():
            path = ("checks", index, "required", change)
            if gate not in gates:
                yield path, f"There is no gate '{gate}'. Gates are {', '.join(sorted(gates))}."
            elif rule["key"] in criteria[gate]:
                yield (
                    path,
                    f"The gate '{gate}' has a criterion '{rule['key']}' already. Name one of them otherwise.",
                )
