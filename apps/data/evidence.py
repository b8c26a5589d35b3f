"""Facts about the samples and features of a project."""

from collections.abc import Mapping
from typing import Any

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY: list[Fact] = []


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts."""
    return {}


def sources(version: Any) -> list[Source]:
    """Return the pages that the facts come from."""
    return []
