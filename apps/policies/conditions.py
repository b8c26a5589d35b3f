"""What a policy says of conditional approvals: which conditions a signer may set, and what a breach does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.policies.expressions import BadExpression, reading

#: The signer's number, in an expression.
LIMIT = "limit"
#: What only an expression of a condition knows, besides evidence and monitoring: days of the rule's own clock.
CLOCKED = ("days_since_evaluation", "days_in_stage")
OWN_NAMES = (LIMIT, *CLOCKED)


class OnBreach(StrEnum):
    """What follows when a condition does not hold."""

    ALARM = "alarm"
    SUSPEND = "suspend"


@dataclass(frozen=True)
class Parameter:
    """The number that a signer sets, with the policy's bounds."""

    title: str
    default: float
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def fault(self, value: float) -> str:
        """Say why a value is out of bounds; empty when it is not."""
        if self.minimum is not None and value < self.minimum:
            return f"{self.title}: at least {self.minimum:g} is allowed by the policy."
        if self.maximum is not None and value > self.maximum:
            return f"{self.title}: at most {self.maximum:g} is allowed by the policy."
        return ""


@dataclass(frozen=True)
class Template:
    """A condition that a signer may choose: CEL over evidence, ``monitoring``, the clocked names and ``limit``."""

    key: str
    title: str
    expression: str
    on_breach: OnBreach = OnBreach.ALARM
    parameter: Parameter | None = None
    method: str = ""


@dataclass(frozen=True)
class Conditional:
    """All that a pack says of conditional approvals; a pack that says nothing offers no machine conditions."""

    templates: tuple[Template, ...] = ()
    until_on_breach: OnBreach = OnBreach.ALARM
    overdue_blocks: bool = False
    offered: bool = False

    def template(self, key: str) -> Template | None:
        """Return the template with this key, or None."""
        return next((one for one in self.templates if one.key == key), None)


def from_document(data: Mapping[str, Any]) -> Conditional:
    """Build the rules from data that was checked before."""
    said = data.get("conditions", {})
    return Conditional(
        templates=tuple(_template(one) for one in said.get("templates", [])),
        until_on_breach=OnBreach(said.get("until", OnBreach.ALARM)),
        overdue_blocks=data.get("obligations", {}).get("overdue_blocks", False),
        offered="conditions" in data or "obligations" in data,
    )


def _template(entry: Mapping[str, Any]) -> Template:
    plain = {name: entry[name] for name in ("key", "title", "expression", "method") if name in entry}
    parameter = Parameter(**entry["parameter"]) if "parameter" in entry else None
    return Template(**plain, on_breach=OnBreach(entry.get("on_breach", OnBreach.ALARM)), parameter=parameter)


def faults(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what the schema cannot say: the place and the sentence."""
    seen: set[str] = set()
    suspends = data.get("conditions", {}).get("until") == OnBreach.SUSPEND
    for index, entry in enumerate(data.get("conditions", {}).get("templates", [])):
        path = ("conditions", "templates", index)
        if entry["key"] in seen:
            yield (*path, "key"), f"The key '{entry['key']}' is used twice here."
        seen.add(entry["key"])
        suspends = suspends or entry.get("on_breach") == OnBreach.SUSPEND
        yield from _parameter_faults(entry, path)
    if suspends and all(rule["kind"] != "suspend" for rule in data["transitions"]):
        yield (
            ("conditions",),
            "Suspending needs a transition of kind 'suspend' out of production. Add one to 'transitions'.",
        )


def _parameter_faults(
    entry: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    try:
        read = reading(entry["expression"])
    except BadExpression:
        return
    asked = any(steps == (LIMIT,) for steps in (*read.needed, *read.guarded))
    if asked and "parameter" not in entry:
        yield (*path, "expression"), "It asks for 'limit', and there is no 'parameter'. Describe the number."
    if not asked and "parameter" in entry:
        yield (
            (*path, "parameter"),
            "The expression does not ask for 'limit'. Use it, or remove the parameter.",
        )
    if "parameter" in entry:
        rule = Parameter(**entry["parameter"])
        if fault := rule.fault(rule.default):
            yield (*path, "parameter", "default"), fault
