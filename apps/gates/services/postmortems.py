"""Postmortems of exceptions: open one, close it, remind of it."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.reasons import demand_reason
from apps.gates import permissions_exceptions as permissions
from apps.gates.enums import POSTMORTEM_MOVES, PostmortemState
from apps.gates.models import BreakGlass, Postmortem, Rollback, Suspension
from apps.gates.sentences import in_words
from apps.gates.telling import tell_members
from apps.projects.enums import Role
from apps.projects.models import Project

#: A postmortem's outcome says what was found and what is done about it.
SHORTEST_OUTCOME = 20


def open_postmortem(
    cause: Rollback | Suspension | BreakGlass,
    *,
    caused_by: User | None,
    within_days: int,
    blocks: bool,
    by: User | None,
) -> Postmortem:
    """Open the postmortem of an exception, for an owner other than who caused it where there is one."""
    project = cause.version.model.project
    field = {Rollback: "rollback", Suspension: "suspension", BreakGlass: "break_glass"}[type(cause)]
    postmortem = Postmortem.objects.create(
        version=cause.version,
        owner=_reviewer_of(project, not_by=caused_by),
        caused_by=caused_by,
        due_at=timezone.now() + timedelta(days=within_days),
        blocks=blocks,
        **{field: cause},
    )
    _note(
        "gates.postmortem_opened",
        postmortem,
        by=by,
        due=f"{postmortem.due_at:%Y-%m-%d}",
        owner=str(postmortem.owner),
    )
    return postmortem


def _reviewer_of(project: Project, *, not_by: User | None) -> User:
    """Return who answers for the postmortem: an owner, a risk officer or a reviewer, best one who did not cause it."""
    order = {Role.OWNER: 0, Role.RISK: 1, Role.REVIEWER: 2}
    members = project.memberships.filter(role__in=list(order)).select_related("user").order_by("created_at")
    seats = [one for one in members if one.user.is_active]
    seats.sort(key=lambda one: (not_by is not None and one.user_id == not_by.pk, order[Role(one.role)]))
    return seats[0].user


def close_postmortem(postmortem: Postmortem, *, by: User, outcome: str) -> Postmortem:
    """Close a postmortem with what was found. Whoever caused the exception cannot."""
    try:
        return _close(postmortem.pk, by=by, outcome=outcome)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _close(postmortem_id: UUID, *, by: User, outcome: str) -> Postmortem:
    postmortem = (
        Postmortem.objects.select_for_update(of=("self",))
        .select_related(
            "version__model__project__policy_revision",
            "rollback__version__model",
            "rollback__restored__model",
            "suspension__version__model",
            "break_glass__version__model",
        )
        .get(pk=postmortem_id)
    )
    permissions.can_close_postmortem(by, postmortem).enforce()
    assert PostmortemState.CLOSED in POSTMORTEM_MOVES[postmortem.state]
    text = demand_reason(outcome, shortest=SHORTEST_OUTCOME)
    governed.change(postmortem, state=PostmortemState.CLOSED, outcome=text, closed_by=by, closed_at=Now())
    _note("gates.postmortem_closed", postmortem, by=by, outcome=text)
    tell_members("gates.postmortem_closed", postmortem, by=by, outcome=text)
    return postmortem


@service
def announce_overdue() -> int:
    """Tell, once for each, that a postmortem is overdue; returns how many are."""
    overdue = Postmortem.objects.filter(state=PostmortemState.OPEN, due_at__lt=Now()).select_related(
        "version__model__project", "rollback", "suspension", "break_glass"
    )
    for postmortem in overdue:
        tell_members(
            "gates.postmortem_overdue",
            postmortem,
            by=None,
            once="overdue",
            due=f"{postmortem.due_at:%Y-%m-%d}",
        )
    return len(overdue)


def _note(kind: str, postmortem: Postmortem, *, by: User | None, **data: str) -> None:
    project_id = postmortem.version.model.project_id
    audit.record(kind, postmortem, by=by, project_id=project_id, version=str(postmortem.version_id), **data)
