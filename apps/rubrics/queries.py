"""Read the rubric of a version."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.memory import once
from apps.evidence.services import collect
from apps.policies.queries import pack_of
from apps.policies.rubric import Dimension, Rubric
from apps.projects.models import Project
from apps.projects.queries import projects_for
from apps.registry.models import Model, Version
from apps.rubrics import scoring
from apps.rubrics.blind import asks_blind
from apps.rubrics.models import Score, Scorecard, Suggestion

MODULE = "apps.rubrics.evidence"
#: So many points of a history are drawn, the newest.
SHOWN_POINTS = 60


@dataclass(frozen=True)
class Row:
    """One dimension: the level that counts, the score that it comes from unless it was agreed on, and the suggestion."""

    dimension: Dimension
    level: int | None
    score: Score | None
    suggested: int
    points: float


@dataclass(frozen=True)
class Board:
    """The rubric of a version as it stands. ``blind`` tells that two reviewers score it unseen by each other."""

    rubric: Rubric
    scorecard: Scorecard | None
    rows: tuple[Row, ...]
    total: float
    suggested_total: float
    lifts: tuple[scoring.Lift, ...]
    blind: bool

    @property
    def scored(self) -> bool:
        """Every dimension has a level that counts."""
        return all(row.level is not None for row in self.rows)

    @property
    def levels(self) -> dict[str, int]:
        """The levels that count, by dimension."""
        return {row.dimension.key: row.level for row in self.rows if row.level is not None}

    @property
    def suggested(self) -> dict[str, int]:
        return {row.dimension.key: row.suggested for row in self.rows}

    @property
    def band(self) -> str:
        return self.rubric.band_of(self.total)


def judged_on(version: Version) -> dict[str, Any]:
    """Return the facts by which blind scoring is asked for: those of the modules that come before the rubric's."""
    return collect(version, before=MODULE).document


@once
def scorecard_of(version: Version) -> Scorecard | None:
    """Return the scorecard of a version, if somebody or a suggestion opened it."""
    return Scorecard.objects.filter(version=version).first()


@once
def scores_of(scorecard: Scorecard | None) -> dict[str, Score]:
    """Return the newest open score of each dimension; those of a blind round are nobody's to load here."""
    if scorecard is None or scorecard.blind:
        return {}
    newest = (
        Score.objects.filter(scorecard=scorecard, round=scorecard.round)
        .select_related("scored_by")
        .order_by("dimension", "-created_at", "-id")
        .distinct("dimension")
    )
    return {score.dimension: score for score in newest}


def board_of(version: Version, facts: Mapping[str, Any]) -> Board:
    """Return the rubric of a version; raises Http404 when the policy has none.

    Where the policy asks for blind scoring, only what was agreed on counts, and an open score does not.
    """
    rubric = pack_of(version.model.project.policy_revision).rubric
    if rubric is None:
        raise Http404
    scorecard = scorecard_of(version)
    asked = asks_blind(rubric, facts)
    blind = asked or (scorecard is not None and scorecard.blind)
    scores = {} if asked else scores_of(scorecard)
    if scorecard is not None and scorecard.blind:
        levels = dict(scorecard.agreed)
    else:
        levels = {key: score.level for key, score in scores.items()}
    suggested = suggestions(rubric, facts)
    rows = tuple(
        Row(
            dimension,
            levels.get(dimension.key),
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
        blind,
    )


def suggestions(rubric: Rubric, facts: Mapping[str, Any]) -> dict[str, int]:
    """Return the level that the evidence suggests for each dimension."""
    return {dimension.key: scoring.suggest(dimension, facts).level for dimension in rubric.dimensions}


@dataclass(frozen=True)
class Point:
    """A total of 100 at one time: as reviewers scored it, or as the evidence suggested it."""

    at: datetime.datetime
    number: int
    scored: float | None
    suggested: float | None


def history_of(model: Model) -> list[Point]:
    """Return the totals of a model's versions over time, oldest first, the newest 60; three queries."""
    rubric = pack_of(model.project.policy_revision).rubric
    if rubric is None:
        return []
    suggested = (
        Suggestion.objects.filter(scorecard__version__model=model)
        .order_by("-created_at")
        .values_list("created_at", "scorecard__version__number", "total")[:SHOWN_POINTS]
    )
    points = [Point(at, number, None, total) for at, number, total in suggested]
    newest = Scorecard.objects.filter(version__model=model).select_related("version")
    cards = {card.pk: card for card in newest.order_by("-version__number")[:SHOWN_POINTS]}
    levels: dict[UUID, dict[str, int]] = {}
    rows = Score.objects.filter(
        scorecard__in=cards, scorecard__blind=False, round=F("scorecard__round")
    ).order_by("created_at", "id")
    scored: dict[tuple[UUID, datetime.datetime], float] = {}
    for row in rows.values_list("scorecard_id", "created_at", "dimension", "level"):
        levels.setdefault(row[0], {})[row[2]] = row[3]
        if _is_whole(rubric, levels[row[0]]):
            scored[row[0], row[1]] = scoring.total(rubric, levels[row[0]])
    points += [Point(at, cards[pk].version.number, total, None) for (pk, at), total in scored.items()]
    points += [
        Point(card.updated_at, card.version.number, scoring.total(rubric, card.agreed), None)
        for card in cards.values()
        if card.blind and _is_whole(rubric, card.agreed)
    ]
    return sorted(points, key=lambda point: point.at)[-SHOWN_POINTS:]


def _is_whole(rubric: Rubric, levels: Mapping[str, int]) -> bool:
    return all(one.key in levels for one in rubric.dimensions)


@dataclass(frozen=True)
class Compared:
    """A project with the newest of its versions that is scored throughout; None where there is none."""

    project: Project
    version: Version | None
    rubric: Rubric
    levels: Mapping[str, int]

    @property
    def total(self) -> float:
        return scoring.total(self.rubric, self.levels)

    @property
    def band(self) -> str:
        return self.rubric.band_of(self.total)

    @property
    def cells(self) -> list[tuple[Dimension, int | None]]:
        """Each dimension of the project's rubric with its level."""
        return [(one, self.levels.get(one.key)) for one in self.rubric.dimensions]


def comparison_for(user: User) -> list[Compared]:
    """Return the projects that exist for ``user`` with their newest score, the best first; three queries.

    An open score of a project whose policy asks for blind scoring always is left out.
    """
    rubrics = {one: pack_of(one.policy_revision).rubric for one in projects_for(user)}
    by_project = {one.pk: rubric for one, rubric in rubrics.items()}
    cards: dict[UUID, Scorecard] = {}
    for card in _scored(rubrics):
        project = card.version.model.project_id
        rubric = by_project[project]
        if project not in cards and rubric is not None and _counts(card, rubric):
            cards[project] = card
    open_cards = [one for one in cards.values() if not one.blind]
    levels = {one.pk: dict(one.agreed) for one in cards.values() if one.blind}
    newest = (
        Score.objects.filter(scorecard__in=open_cards, round=F("scorecard__round"))
        .order_by("scorecard", "dimension", "-created_at", "-id")
        .distinct("scorecard", "dimension")
    )
    for pk, dimension, level in newest.values_list("scorecard_id", "dimension", "level"):
        levels.setdefault(pk, {})[dimension] = level
    found = []
    for project_row, rubric in rubrics.items():
        card_of = cards.get(project_row.pk)
        if rubric is not None:
            given = levels.get(card_of.pk, {}) if card_of else {}
            found.append(Compared(project_row, card_of.version if card_of else None, rubric, given))
    return sorted(found, key=lambda one: (one.version is None, -one.total, one.project.name))


def _scored(projects: Mapping[Project, Any]) -> QuerySet[Scorecard]:
    given = Count("scores__dimension", filter=Q(scores__round=F("round")), distinct=True)
    return (
        Scorecard.objects.filter(version__model__project__in=list(projects))
        .filter(Q(blind=False) | Q(revealed_at__isnull=False))
        .annotate(given=given)
        .filter(given__gt=0)
        .select_related("version__model")
        .order_by("-version_id")
    )


def _counts(card: Any, rubric: Rubric) -> bool:
    if card.blind:
        return _is_whole(rubric, card.agreed)
    always_blind = rubric.blind is not None and not rubric.blind.when
    return card.given >= len(rubric.dimensions) and not always_blind


def dimensions_of(rows: Sequence[Compared]) -> list[tuple[str, str]]:
    """Return key and title of every dimension that any of the rubrics has, in their order."""
    return list({one.key: one.title for row in rows for one in row.rubric.dimensions}.items())
