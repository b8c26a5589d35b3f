"""A project's platform (M8.3): what it needs by the policy, what is in place, what is missing. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.judge import judge, readable
from apps.policies.method.platform import Component
from apps.policies.queries import pack_of
from apps.policies.verdicts import State
from apps.projects.enums import ComponentState
from apps.projects.facts import project_facts
from apps.projects.models import PlatformEntry, Project


@dataclass(frozen=True)
class _When:
    expression: str


@dataclass(frozen=True)
class Part:
    """A component with what the project says of it; ``asked`` is False where the policy does not need it here."""

    component: Component
    entry: PlatformEntry | None
    asked: bool
    because: str

    @property
    def state(self) -> str:
        """The project's word; else missing, or not needed by the policy."""
        if self.entry is not None:
            return self.entry.state
        return ComponentState.MISSING if self.asked else ComponentState.NOT_NEEDED

    @property
    def is_missing(self) -> bool:
        return self.state in (ComponentState.MISSING, ComponentState.PLANNED)


@dataclass(frozen=True)
class Inventory:
    """All components of the policy, what is missing first."""

    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(one for one in self.parts if one.is_missing)

    @property
    def settled(self) -> int:
        """How many parts are in place or not needed."""
        return len(self.parts) - len(self.missing)

    @property
    def facts(self) -> dict[str, Any]:
        """Return the facts; without an inventory in the policy nothing is known."""
        if not self.parts:
            return {"complete": None, "missing": None}
        missing = sorted(one.component.key for one in self.missing)
        return {"complete": not missing, "missing": missing}

    def part(self, key: str) -> Part | None:
        """Return the part of a component, or None."""
        return next((one for one in self.parts if one.component.key == key), None)


def inventory_of(project: Project, facts: Mapping[str, Any] | None = None) -> Inventory:
    """Lay the project's entries beside the policy's components; ``facts`` of the project save reading them again."""
    known = project_facts(project).facts if facts is None else facts
    entries = {one.component: one for one in project.platform_entries.select_related("owner")}
    parts = [
        _part(component, entries.get(component.key), known)
        for component in pack_of(project.policy_revision).method.platform.components
    ]
    return Inventory(tuple(sorted(parts, key=lambda one: not one.is_missing)))


def _part(component: Component, entry: PlatformEntry | None, facts: Mapping[str, Any]) -> Part:
    if not component.when:
        return Part(component, entry, asked=True, because="")
    verdict = judge(_When(component.when), facts)
    values = ", ".join(f"{path} is {readable(value)}" for path, value in verdict.looked_at)
    because = {
        State.PASS: f"Needed here: {values}.",
        State.FAIL: f"Not needed here: {values}.",
    }.get(verdict.state, verdict.reason)
    return Part(component, entry, asked=verdict.state != State.FAIL, because=because)
