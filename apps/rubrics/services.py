"""What is done with the rubric."""

from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.policies.queries import pack_of
from apps.projects.permissions import Right, can
from apps.registry.models import Version
from apps.rubrics.models import Score, Scorecard
from apps.rubrics.scoring import TOP_LEVEL


@service
def request_suggestion(version: Version, *, by: User) -> Job:
    """Let a worker compute what the evidence suggests for each dimension."""
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    _open(version, by=by)
    return jobs.enqueue(
        "rubrics.suggest",
        {"version": str(version.pk)},
        by=by,
        project_id=project.pk,
        subject_url=reverse("rubrics:rubric", args=[version.pk]),
    )


def _open(version: Version, *, by: User) -> Scorecard:
    project = version.model.project
    scorecard, fresh = Scorecard.objects.get_or_create(
        version=version, defaults={"policy_revision": project.policy_revision}
    )
    if fresh:
        audit.record(
            "rubrics.scorecard_opened", scorecard, by=by, project_id=project.pk, version=str(version)
        )
    return scorecard


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
    """Score a dimension 0–5. A level that differs from the suggestion needs a comment."""
    project = version.model.project
    can(by, Right.SCORE, project).enforce()
    rubric = pack_of(project.policy_revision).rubric
    known = [one.key for one in rubric.dimensions] if rubric else []
    if dimension not in known:
        raise Invalid(
            f"The rubric has no dimension “{dimension[:40]}”. It has: {', '.join(known)}.",
            code="unknown_dimension",
        )
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= TOP_LEVEL:
        raise Invalid(f"A level is a whole number from 0 to {TOP_LEVEL}, not {level}.", code="bad_level")
    if suggested is not None and level != suggested and not comment.strip():
        raise Invalid(
            f"The evidence suggests {suggested}; say in the comment why it should be {level}.",
            code="comment_missing",
        )
    scorecard = Scorecard.objects.select_for_update(of=("self",)).get(pk=_open(version, by=by).pk)
    governed.demand_version(scorecard, expect)
    governed.change(scorecard)
    given = Score.objects.create(
        scorecard=scorecard,
        dimension=dimension,
        level=level,
        suggested=suggested,
        comment=comment.strip(),
        scored_by=by,
    )
    audit.record(
        "rubrics.dimension_scored",
        scorecard,
        by=by,
        project_id=project.pk,
        dimension=dimension,
        level=level,
        suggested="nothing" if suggested is None else suggested,
    )
    return given
