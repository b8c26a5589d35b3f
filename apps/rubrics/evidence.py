"""Facts about the rubric: what people scored."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.rubrics.queries import board_of

VOCABULARY = [
    Fact("rubric.scored", "boolean", "", "A person scored every dimension."),
    Fact("rubric.total", "number", "of 100", "The weighted total."),
    Fact("rubric.band", "text", "", "The band that the total falls in."),
    Fact("rubric.dimensions.<key>", "integer", "0 to 5", "The level that a person gave to a dimension."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was scored; suggestions are no evidence."""
    try:
        board = board_of(version, known)
    except Http404:
        return {}
    return {
        "rubric": {
            "scored": board.scored,
            "total": board.total,
            "band": board.band if board.scored else None,
            "dimensions": {row.dimension.key: row.score.level for row in board.rows if row.score is not None},
        }
    }


def sources(version: Any) -> list[Source]:
    """Return the page of the rubric."""
    return [Source("rubric", "Quality rubric", reverse("rubrics:rubric", args=[version.pk]))]
