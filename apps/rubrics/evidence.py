"""Facts about the rubric: what people scored, and how well reviewers agree."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.rubrics.agreement import agreement
from apps.rubrics.blind import pairs_of
from apps.rubrics.queries import board_of

_KAPPA = (
    "Agreement of the project's reviewers in blind scoring, quadratic-weighted kappa (1 full, 0 by chance): "
)
VOCABULARY = [
    Fact("rubric.scored", "boolean", "", "Every dimension has a level that counts."),
    Fact(
        "rubric.blind",
        "boolean",
        "",
        "It is what two reviewers agreed on after scoring unseen by each other.",
    ),
    Fact("rubric.total", "number", "of 100", "The weighted total."),
    Fact("rubric.band", "text", "", "The band that the total falls in."),
    Fact("rubric.dimensions.<key>", "integer", "0 to 5", "The level of a dimension that counts."),
    Fact("rubric.agreement.kappa.value", "number", "", f"{_KAPPA}the value."),
    Fact("rubric.agreement.kappa.low", "number", "", f"{_KAPPA}lower end of its 95 % interval."),
    Fact("rubric.agreement.kappa.high", "number", "", f"{_KAPPA}upper end of its 95 % interval."),
    Fact("rubric.agreement.kappa.n", "integer", "pairs of levels", f"{_KAPPA}what it was measured on."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was scored; suggestions are no evidence, and blind scores none before they are agreed on."""
    try:
        board = board_of(version, known)
    except Http404:
        return {}
    found: dict[str, Any] = {
        "scored": board.scored,
        "blind": board.blind,
        "total": board.total,
        "band": board.band if board.scored else None,
        "dimensions": board.levels,
    }
    # Only a policy that asks for blind scoring anywhere pays the query.
    kappa = agreement(pairs_of(version.model.project)) if board.rubric.blind else None
    if kappa is not None:
        figures = {"value": kappa.value, "low": kappa.low, "high": kappa.high, "n": kappa.n}
        found["agreement"] = {"kappa": figures}
    return {"rubric": found}


def sources(version: Any) -> list[Source]:
    """Return the page of the rubric."""
    return [Source("rubric", "Quality rubric", reverse("rubrics:rubric", args=[version.pk]))]
