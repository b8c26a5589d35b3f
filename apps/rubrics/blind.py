"""Blind scoring: two reviewers score unseen by each other, then agree. What a viewer may not see is never loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.accounts.models import User
from apps.policies.judge import State, judge
from apps.policies.pack import Criterion
from apps.policies.rubric import Dimension, Rubric
from apps.projects.models import Project
from apps.rubrics.models import Consensus, Score, Scorecard


def asks_blind(rubric: Rubric, facts: Mapping[str, Any]) -> bool:
    """Tell whether the policy asks for blind scoring; where the facts of its ``when`` are missing, it does."""
    if rubric.blind is None:
        return False
    if not rubric.blind.when:
        return True
    return judge(Criterion("blind", rubric.title, rubric.blind.when), facts).state != State.FAIL


@dataclass(frozen=True)
class Scorer:
    """One reviewer of a round. ``scores`` (by dimension) is empty for a viewer who may not see them yet."""

    user: User
    scores: Mapping[str, Score]
    finished: bool
    is_me: bool


@dataclass(frozen=True)
class Opinion:
    """One dimension after the reveal: the level of each reviewer, and what was agreed."""

    dimension: Dimension
    scores: tuple[Score, ...]
    agreed: int | None
    consensus: Consensus | None

    @property
    def differs(self) -> bool:
        return len({score.level for score in self.scores}) > 1

    @property
    def spread(self) -> int:
        """How many levels lie between the highest and the lowest."""
        levels = [score.level for score in self.scores]
        return max(levels) - min(levels) if levels else 0


@dataclass(frozen=True)
class Panel:
    """A round of blind scoring as one viewer may see it."""

    needed: int
    round: int
    scorers: tuple[Scorer, ...]
    revealed: bool
    opinions: tuple[Opinion, ...]

    @property
    def mine(self) -> Mapping[str, Score]:
        """The viewer's own scores, by dimension."""
        return next((one.scores for one in self.scorers if one.is_me), {})

    @property
    def finished(self) -> int:
        return sum(1 for one in self.scorers if one.finished)

    @property
    def open(self) -> tuple[Opinion, ...]:
        """The dimensions that wait for a consensus, the largest difference first."""
        waiting = [one for one in self.opinions if one.agreed is None]
        return tuple(sorted(waiting, key=lambda one: -one.spread))

    @property
    def is_full(self) -> bool:
        """So many reviewers have begun as the policy asks for; nobody else may."""
        return len(self.scorers) >= self.needed


def panel_for(viewer: User | None, rubric: Rubric, scorecard: Scorecard | None) -> Panel:
    """Return the round of blind scoring that runs, with what ``viewer`` may see of it.

    Until the reveal that is the viewer's own scores, and of the others whether they have finished; nobody sees more,
    whatever their role.
    """
    needed = rubric.blind.scorers if rubric.blind else 2
    if scorecard is None or not scorecard.blind:
        number = scorecard.round if scorecard else 1
        return Panel(needed, number, (), revealed=False, opinions=())
    revealed = scorecard.revealed_at is not None
    given = by_person(scores_in(scorecard))
    keys = {one.key for one in rubric.dimensions}
    scorers = []
    for person, scores in given.items():
        is_me = viewer is not None and person == viewer.person_id
        user = next(iter(scores.values())).scored_by
        shown = scores if revealed or is_me else {}
        scorers.append(Scorer(user, shown, keys <= set(scores), is_me))
    opinions = _opinions(rubric, scorecard, scorers) if revealed else ()
    return Panel(needed, scorecard.round, tuple(scorers), revealed, opinions)


def _opinions(rubric: Rubric, scorecard: Scorecard, scorers: list[Scorer]) -> tuple[Opinion, ...]:
    settled = {
        one.dimension: one
        for one in scorecard.consensus.filter(round=scorecard.round).select_related("set_by").order_by("id")
    }
    return tuple(
        Opinion(
            dimension,
            tuple(one.scores[dimension.key] for one in scorers if dimension.key in one.scores),
            scorecard.agreed.get(dimension.key),
            settled.get(dimension.key),
        )
        for dimension in rubric.dimensions
    )


def scores_in(scorecard: Scorecard) -> Iterable[Score]:
    """Return every score of the round that runs, oldest first. Callers decide what is shown of them."""
    return (
        Score.objects.filter(scorecard=scorecard, round=scorecard.round)
        .select_related("scored_by", "scored_by__owner")
        .order_by("created_at", "id")
    )


def by_person(scores: Iterable[Score]) -> dict[UUID, dict[str, Score]]:
    """Return the newest score of each dimension by person (not account), in the order in which they began."""
    found: dict[UUID, dict[str, Score]] = {}
    for score in scores:
        found.setdefault(score.scored_by.person_id, {})[score.dimension] = score
    return found


def same_levels(rubric: Rubric, given: Mapping[UUID, Mapping[str, Score]]) -> dict[str, int]:
    """Return the level of each dimension that all reviewers gave alike."""
    found = {}
    for dimension in rubric.dimensions:
        levels = {scores[dimension.key].level for scores in given.values() if dimension.key in scores}
        if len(levels) == 1:
            found[dimension.key] = levels.pop()
    return found


def pairs_of(project: Project) -> list[tuple[int, int]]:
    """Return the two levels of each dimension that two reviewers of the project scored unseen, of revealed rounds.

    Of each version the newest round counts; one query.
    """
    rows = (
        Score.objects.filter(
            scorecard__version__model__project=project,
            scorecard__blind=True,
            scorecard__revealed_at__isnull=False,
            round=F("scorecard__round"),
        )
        .select_related("scored_by")
        .only("scorecard_id", "dimension", "level", "scored_by__owner_id")
        .order_by("scorecard_id", "created_at", "id")
    )
    found: dict[tuple[UUID, str], dict[UUID, int]] = {}
    for row in rows:
        found.setdefault((row.scorecard_id, row.dimension), {})[row.scored_by.person_id] = row.level
    return [(levels[0], levels[1]) for one in found.values() if len(levels := list(one.values())) == 2]
