"""The part ``data`` of a pack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Data:
    """What the pack says of data."""


def of(entry: Mapping[str, Any]) -> Data:
    """Build the part from data that was checked before."""
    return Data()


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say."""
    yield from ()
