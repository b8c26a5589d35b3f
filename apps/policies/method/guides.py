"""The part ``guides`` of a pack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Guides:
    """What the pack says of guides."""


def of(entry: Mapping[str, Any]) -> Guides:
    """Build the part from data that was checked before."""
    return Guides()


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say."""
    yield from ()
