"""The checklists of a policy pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """A checklist question; with an ``expression`` it is answered from evidence, and a person may overrule it."""

    key: str
    question: str
    why: str
    method: str = ""
    clause: str = ""
    expression: str = ""
    na_allowed: bool = True


@dataclass(frozen=True)
class Checklist:
    """Questions about a version; with ``when`` (CEL) they are asked only where it holds."""

    key: str
    title: str
    items: tuple[Item, ...]
    about: str = ""
    when: str = ""

    def item(self, key: str) -> Item | None:
        """Return the item with this key, or None."""
        return next((item for item in self.items if item.key == key), None)


def checklist_of(entry: Mapping[str, Any]) -> Checklist:
    """Build a checklist from data that was checked before."""
    plain = {name: value for name, value in entry.items() if name != "items"}
    return Checklist(**plain, items=tuple(Item(**item) for item in entry["items"]))
