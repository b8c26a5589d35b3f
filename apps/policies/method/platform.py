"""The part ``platform`` of a pack: the parts of an ML platform that a project needs (M8.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.expressions import BadExpression, reading
from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()
#: What ``when`` may ask for: facts of the project. The inventory is the project's, and has no version.
ROOTS = ("brief", "data", "project")


@dataclass(frozen=True)
class Component:
    """A part of the platform. Where ``when`` (CEL over facts of the project) does not hold, it is not needed."""

    key: str
    title: str
    needed: str
    hint: str
    when: str = ""
    method: str = ""


@dataclass(frozen=True)
class Platform:
    """What the pack says of platform."""

    components: tuple[Component, ...] = ()

    def component(self, key: str) -> Component | None:
        """Return the component with this key, or None."""
        return next((one for one in self.components if one.key == key), None)


def of(entry: Mapping[str, Any]) -> Platform:
    """Build the part from data that was checked before."""
    return Platform(tuple(Component(**one) for one in entry.get("components", [])))


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say."""
    seen: set[str] = set()
    for index, one in enumerate(entry.get("components", [])):
        path = ("components", index)
        if one["key"] in seen:
            yield (*path, "key"), f"The key '{one['key']}' is used twice here."
        seen.add(one["key"])
        for root in _roots(one.get("when", "")):
            if root not in ROOTS:
                yield (
                    (*path, "when"),
                    f"The inventory is judged without a version, so '{root}' is not known there. "
                    f"Ask for facts of {', '.join(ROOTS)}.",
                )


def _roots(expression: str) -> list[str]:
    if not expression:
        return []
    try:
        read = reading(expression)
    except BadExpression:
        return []
    return list(dict.fromkeys(steps[0] for steps in (*read.needed, *read.guarded)))
