"""What is done with the rubric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Now
from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.core.reasons import demand_reason
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies.queries import pack_of
from apps.policies.rubric import Rubric
from apps.projects.permissions import Right, can
from apps.registry.models import Version
from apps.rubrics.blind import asks_blind, by_person, same_levels, scores_in
from apps.rubrics.models import Consensus, Score, Scorecard
from apps.rubrics.opening import open_scorecard
from apps.rubrics.queries import judged_on
from apps.rubrics.scoring import TOP_LEVEL


@dataclass(frozen=True)
class Given:
    """The level that a reviewer gives to a dimension, what the evidence suggested at that time, and why it differs."""

    dimension: str
    level: int
    comment: str = ""
    suggested: int | None = None


@service
def request_suggestion(version: Version, *, by: User) -> Job:
    """Let a worker compute what the evidence suggests for each dimension."""
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    open_scorecard(version, by=by)
    return jobs.enqueue(
        "rubrics.suggest",
        {"version": str(version.pk)},
        by=by,
        project_id=project.pk,
        subject_url=reverse("rubrics:rubric", args=[version.pk]),
    )


@service
def score(
    version: Version,
    *,
    dimension: str,
    level: int,
    by: User,
    suggested: int | None = None,
    comment: str = "",
    expect: int | None = None,
) -> Score:
    """Score one dimension 0–5. A level that differs from the suggestion needs a comment."""
    return score_all(version, given=[Given(dimension, level, comment, suggested)], by=by, expect=expect)[0]


@service
def score_all(
    version: Version, *, given: Sequence[Given], by: User, expect: int | None = None
) -> list[Score]:
    """Score several dimensions at once. A level that differs from the suggestion needs a comment.

    Where the policy asks for blind scoring, nobody sees the levels before all reviewers have scored every dimension;
    then they are shown, and what all gave alike is taken.
    """
    project = version.model.project
    can(by, Right.SCORE, project).enforce()
    rubric = pack_of(project.policy_revision).rubric
    _check(rubric, given)
    assert rubric is not None
    blind = rubric.blind is not None and asks_blind(rubric, judged_on(version))
    opened = open_scorecard(version, by=by)
    scorecard = Scorecard.objects.select_for_update(of=("self",)).get(pk=opened.pk)
    governed.demand_version(scorecard, expect)
    fields = _turned(scorecard, blind=blind)
    if blind:
        _demand_seat(rubric, scorecard, by)
    scores = [
        Score.objects.create(
            scorecard=scorecard,
            dimension=one.dimension,
            level=one.level,
            suggested=one.suggested,
            comment=one.comment.strip(),
            round=scorecard.round,
            scored_by=by,
        )
        for one in given
    ]
    if blind:
        _close_blind(rubric, scorecard, fields, by)
    else:
        _note_open(scorecard, scores, fields, by)
    return scores


def _note_open(scorecard: Scorecard, scores: list[Score], fields: dict[str, Any], by: User) -> None:
    governed.change(scorecard, **fields)
    for one in scores:
        about = {"dimension": one.dimension, "level": one.level}
        suggested = "nothing" if one.suggested is None else one.suggested
        audit.record(
            "rubrics.dimension_scored",
            scorecard,
            by=by,
            project_id=scorecard.version.model.project_id,
            suggested=suggested,
            **about,
        )


def _check(rubric: Rubric | None, given: Sequence[Given]) -> None:
    known = [one.key for one in rubric.dimensions] if rubric else []
    if not given:
        raise Invalid("Choose a level for one dimension at least.", code="nothing_scored")
    if len({one.dimension for one in given}) < len(given):
        raise Invalid("A dimension stands there twice. Give each one level.", code="scored_twice")
    for one in given:
        if one.dimension not in known:
            raise Invalid(
                f"The rubric has no dimension “{one.dimension[:40]}”. It has: {', '.join(known)}.",
                code="unknown_dimension",
            )
        _check_level(one.level)
        if one.suggested is not None and one.level != one.suggested and not one.comment.strip():
            raise Invalid(
                f"The evidence suggests {one.suggested}; say in the comment why it should be {one.level}.",
                code="comment_missing",
                field=f"comment_{one.dimension}",
            )


def _check_level(level: int) -> None:
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= TOP_LEVEL:
        raise Invalid(f"A level is a whole number from 0 to {TOP_LEVEL}, not {level}.", code="bad_level")


def _turned(scorecard: Scorecard, *, blind: bool) -> dict[str, Any]:
    """Return what changes when the policy asks for another way of scoring: another round begins."""
    if scorecard.blind == blind:
        return {}
    began = scorecard.scores.filter(round=scorecard.round).exists()
    scorecard.round += int(began)
    return {"blind": blind, "round": scorecard.round, "agreed": {}, "revealed_at": None}


def _demand_seat(rubric: Rubric, scorecard: Scorecard, by: User) -> None:
    """Demand that this reviewer may score now: not after the reveal, and no more reviewers than the policy asks for."""
    assert rubric.blind is not None
    given = by_person(scores_in(scorecard))
    if scorecard.revealed_at is not None and scorecard.blind:
        not_now(
            "All reviewers have finished, and their levels are shown. Set the agreed level where they differ, "
            "or start scoring anew.",
            code="revealed",
        ).enforce()
    if by.person_id not in given and len(given) >= rubric.blind.scorers:
        not_now(
            f"{rubric.blind.scorers} reviewers score this version already, as the policy asks. "
            "Their levels are shown when both have finished.",
            code="seats_taken",
        ).enforce()


def _close_blind(rubric: Rubric, scorecard: Scorecard, fields: dict[str, Any], by: User) -> None:
    """Note that somebody scored, without a level; when the last has finished, reveal all of them."""
    assert rubric.blind is not None
    project_id = scorecard.version.model.project_id
    keys = {one.key for one in rubric.dimensions}
    scores = list(scores_in(scorecard))
    given = by_person(scores)
    finished = [one for one in given.values() if keys <= set(one)]
    revealed = len(finished) >= rubric.blind.scorers
    if revealed:
        fields |= {"revealed_at": Now(), "agreed": same_levels(rubric, given)}
    governed.change(scorecard, **fields)
    audit.record("rubrics.scored_blind", scorecard, by=by, project_id=project_id, round=scorecard.round)
    if revealed:
        names = {one.scored_by.person_id: str(one.scored_by) for one in scores}
        levels = {
            names[person]: {key: one.level for key, one in sorted(their.items())}
            for person, their in given.items()
        }
        audit.record(
            "rubrics.scores_revealed",
            scorecard,
            by=None,
            project_id=project_id,
            round=scorecard.round,
            levels=levels,
            differing=len(keys) - len(scorecard.agreed),
        )


@service
def agree(
    version: Version, *, dimension: str, level: int, reason: str, by: User, expect: int | None = None
) -> Consensus:
    """Set the agreed level of a dimension on which the blind scores differ, with the reason."""
    scorecard, rubric = _revealed(version, by, expect)
    one = rubric.dimension(dimension)
    if one is None:
        raise Invalid(f"The rubric has no dimension “{dimension[:40]}”.", code="unknown_dimension")
    _check_level(level)
    if dimension in same_levels(rubric, by_person(scores_in(scorecard))):
        not_now("All reviewers gave this dimension the same level; that is taken.", code="same").enforce()
    demand_reason(reason, ask="Give the reason for the agreed level,")
    governed.change(scorecard, agreed={**scorecard.agreed, dimension: level})
    settled = Consensus.objects.create(
        scorecard=scorecard,
        dimension=dimension,
        round=scorecard.round,
        level=level,
        reason=reason.strip(),
        set_by=by,
    )
    about: Mapping[str, Any] = {"dimension": dimension, "level": level, "reason": settled.reason}
    audit.record("rubrics.level_agreed", scorecard, by=by, project_id=version.model.project_id, **about)
    return settled


@service
def start_round(version: Version, *, reason: str, by: User, expect: int | None = None) -> Scorecard:
    """Set the round that runs aside and let reviewers score anew: the evidence changed, or one of them never finished.

    Levels that were hidden stay so.
    """
    scorecard, _ = _blind(version, by, expect)
    demand_reason(reason, ask="Say why it is to be scored anew,")
    if not scorecard.scores.filter(round=scorecard.round).exists():
        not_now(
            "Nobody has scored in this round yet, so there is nothing to set aside.", code="no_scores"
        ).enforce()
    governed.change(scorecard, round=scorecard.round + 1, revealed_at=None, agreed={})
    audit.record(
        "rubrics.round_started",
        scorecard,
        by=by,
        project_id=version.model.project_id,
        round=scorecard.round,
        reason=reason.strip(),
    )
    return scorecard


def _revealed(version: Version, by: User, expect: int | None) -> tuple[Scorecard, Rubric]:
    """Return the scorecard of a blind round whose levels are shown, locked; refuse otherwise."""
    scorecard, rubric = _blind(version, by, expect)
    if scorecard.revealed_at is None:
        _not_revealed()
    return scorecard, rubric


def _blind(version: Version, by: User, expect: int | None) -> tuple[Scorecard, Rubric]:
    """Return the scorecard of a blind round, locked; refuse otherwise."""
    project = version.model.project
    can(by, Right.SCORE, project).enforce()
    scorecard = Scorecard.objects.select_for_update(of=("self",)).filter(version=version).first()
    rubric = pack_of(project.policy_revision).rubric
    if scorecard is None or rubric is None or not scorecard.blind:
        _not_revealed()
    assert scorecard is not None
    assert rubric is not None
    governed.demand_version(scorecard, expect)
    return scorecard, rubric


def _not_revealed() -> None:
    not_now(
        "There are no blind scores to agree on: they are shown when all reviewers have scored every dimension.",
        code="not_revealed",
    ).enforce()
