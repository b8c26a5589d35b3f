"""How two states of a text in fields differ, as people read it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldChange:
    """A field that differs between two states, as people read it."""

    name: str
    label: str
    before: str
    after: str


def changes_between(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    labels: Mapping[str, str],
    worded: Callable[[str, Any], str],
    names: Iterable[str] | None = None,
) -> list[FieldChange]:
    """Return the fields that differ, in the order of ``labels``; ``names`` keeps to some of them."""
    asked = set(labels if names is None else names)
    return [
        FieldChange(name, label, worded(name, before.get(name)), worded(name, after.get(name)))
        for name, label in labels.items()
        if name in asked and before.get(name) != after.get(name)
    ]
