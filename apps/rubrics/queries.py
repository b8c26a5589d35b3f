"""Read the rubric of a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from apps.policies.queries import pack_of
from apps.policies.rubric import Dimension, Rubric
from apps.registry.models import Version
from apps.rubrics import scoring
from apps.rubrics.models import Score, Scorecard


@dataclass(frozen=True)
class Row:
    """One dimension: its level as scored, and as the evidence suggests."""

    dimension: Dimension
    score: Score | None
    suggested: int
    points: float


@dataclass(frozen=True)
class Board:
    """The rubric of a version as it stands."""

    rubric: Rubric
    scorecard: Scorecard | None
    rows: tuple[Row, ...]
    total: float
    suggested_total: float
    lifts: tuple[scoring.Lift, ...]

    @property
    def scored(self) -> bool:
        """A person scored every dimension."""
        return all(row.score is not None for row in self.rows)

    @property
    def band(self) -> str:
        return self.rubric.band_of(self.total)


def scores_of(scorecard: Scorecard | None) -> dict[str, Score]:
    """Return the newest score of each dimension."""
    if scorecard is None:
        return {}
    newest = (
        Score.objects.filter(scorecard=scorecard)
        .select_related("scored_by")
        .order_by("dimension", "-created_at", "-id")
        .distinct("dimension")
    )
    return {score.dimension: score for score in newest}


def board_of(version: Version, facts: Mapping[str, Any]) -> Board:
    """Return the rubric of a version; raises Http404 when the policy has none."""
    rubric = pack_of(version.model.project.policy_revision).rubric
    if rubric is None:
        raise Http404
    scorecard = Scorecard.objects.filter(version=version).first()
    scores = scores_of(scorecard)
    levels = {key: score.level for key, score in scores.items()}
    suggested = {dimension.key: scoring.suggest(dimension, facts).level for dimension in rubric.dimensions}
    rows = tuple(
        Row(
            dimension,
            scores.get(dimension.key),
            suggested[dimension.key],
            scoring.points(dimension, levels.get(dimension.key, 0)),
        )
        for dimension in rubric.dimensions
    )
    return Board(
        rubric,
        scorecard,
        rows,
        scoring.total(rubric, levels),
        scoring.total(rubric, suggested),
        tuple(scoring.lifts(rubric, facts, levels)),
    )
