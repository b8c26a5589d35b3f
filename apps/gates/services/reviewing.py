"""Reviews of exceptions: open one, close it, remind of it."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.gates import permissions_exceptions as permissions
from apps.gates.enums import REVIEW_MOVES, ReviewState
from apps.gates.models import BreakGlass, Review, Rollback, Suspension
from apps.gates.sentences import in_words
from apps.gates.services.waiving import demand_reason
from apps.gates.telling import tell
from apps.projects.enums import Role
from apps.projects.models import Project

#: A review's outcome says what was found and what is done about it.
SHORTEST_OUTCOME = 20


def open_review(
    cause: Rollback | Suspension | BreakGlass,
    *,
    caused_by: User | None,
    within_days: int,
    blocks: bool,
    by: User | None,
) -> Review:
    """Open the review of an exception, for an owner other than who caused it where there is one."""
    project = cause.version.model.project
    field = {Rollback: "rollback", Suspension: "suspension", BreakGlass: "break_glass"}[type(cause)]
    review = Review.objects.create(
        version=cause.version,
        owner=_reviewer_of(project, not_by=caused_by),
        caused_by=caused_by,
        due_at=timezone.now() + timedelta(days=within_days),
        blocks=blocks,
        **{field: cause},
    )
    _note("gates.review_opened", review, by=by, due=f"{review.due_at:%Y-%m-%d}", owner=str(review.owner))
    return review


def _reviewer_of(project: Project, *, not_by: User | None) -> User:
    """Return who answers for the review: an owner, a risk officer or a reviewer, best one who did not cause it."""
    order = {Role.OWNER: 0, Role.RISK: 1, Role.REVIEWER: 2}
    members = project.memberships.filter(role__in=list(order)).select_related("user").order_by("created_at")
    seats = [one for one in members if one.user.is_active]
    seats.sort(key=lambda one: (not_by is not None and one.user_id == not_by.pk, order[Role(one.role)]))
    return seats[0].user


def close_review(review: Review, *, by: User, outcome: str) -> Review:
    """Close a review with what was found. Whoever caused the exception cannot."""
    try:
        return _close(review.pk, by=by, outcome=outcome)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _close(review_id: UUID, *, by: User, outcome: str) -> Review:
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related(
            "version__model__project__policy_revision",
            "rollback__version__model",
            "rollback__restored__model",
            "suspension__version__model",
            "break_glass__version__model",
        )
        .get(pk=review_id)
    )
    permissions.can_close_review(by, review).enforce()
    assert ReviewState.CLOSED in REVIEW_MOVES[review.state]
    text = demand_reason(outcome, SHORTEST_OUTCOME)
    governed.change(review, state=ReviewState.CLOSED, outcome=text, closed_by=by, closed_at=Now())
    _note("gates.review_closed", review, by=by, outcome=text)
    tell("gates.review_closed", review, by=by, outcome=text)
    return review


@service
def announce_overdue() -> int:
    """Tell, once for each, that a review is overdue; returns how many are."""
    overdue = Review.objects.filter(state=ReviewState.OPEN, due_at__lt=Now()).select_related(
        "version__model__project", "rollback", "suspension", "break_glass"
    )
    for review in overdue:
        tell("gates.review_overdue", review, by=None, once="overdue", due=f"{review.due_at:%Y-%m-%d}")
    return len(overdue)


def _note(kind: str, review: Review, *, by: User | None, **data: str) -> None:
    project_id = review.version.model.project_id
    audit.record(kind, review, by=by, project_id=project_id, version=str(review.version_id), **data)
