"""Let another member sign in one's place for a time."""

from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.core.reasons import demand_reason
from apps.gates import permissions
from apps.gates.models import Delegation
from apps.gates.sentences import SENTENCES, in_words
from apps.notifications.services import announce
from apps.projects.models import Project
from apps.projects.permissions import role_of

LONGEST_DAYS = 366


def delegate(
    project: Project, *, to: User, until: datetime, reason: str, by: User, starts_at: datetime | None = None
) -> Delegation:
    """Let ``to`` sign in ``by``'s role of a project until a time; it can be ended earlier, and not changed.

    Raises Refused for a circle, for a second delegate in the same time, and for delegating to oneself.
    """
    try:
        return _delegate(project, to=to, until=until, reason=reason, by=by, starts_at=starts_at)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _delegate(
    project: Project, *, to: User, until: datetime, reason: str, by: User, starts_at: datetime | None
) -> Delegation:
    permissions.can_delegate(by, project).enforce()
    if to.pk == by.pk:
        raise Refused(SENTENCES["gates_delegation_to_someone_else"], code="delegation_to_someone_else")
    now = timezone.now()
    starts_at = max(starts_at or now, now)
    if not to.is_person or not to.is_active or role_of(to, project.pk) is None:
        raise Invalid(
            "Only a person who is a member of the project can sign for you.", code="not_a_member", field="to"
        )
    if not starts_at < until <= now + timedelta(days=LONGEST_DAYS):
        raise Invalid(
            f"A delegation ends after it begins, at most {LONGEST_DAYS} days from now.",
            code="bad_end",
            field="until",
        )
    said = demand_reason(reason)
    made = Delegation.objects.create(
        project=project,
        delegator=by,
        delegate=to,
        role=str(role_of(by, project.pk)),
        reason=said,
        starts_at=starts_at,
        ends_at=until,
    )
    audit.record(
        "gates.delegated",
        made,
        by=by,
        project_id=project.pk,
        role=made.role,
        until=f"{until:%Y-%m-%d %H:%M} UTC",
        reason=made.reason,
    )
    announce(
        "gates.delegated",
        made,
        project=project,
        to=[to],
        by=by,
        link=reverse("gates:delegations", args=[project.slug]),
        role=str(made.role),
        until=f"{until:%Y-%m-%d}",
        reason=made.reason,
    )
    return made


@service
def revoke_delegation(delegation: Delegation, *, by: User) -> Delegation:
    """End a delegation at once; signatures that were given by it stay."""
    current = (
        Delegation.objects.select_for_update(of=("self",))
        .select_related("project", "delegator", "delegate")
        .get(pk=delegation.pk)
    )
    permissions.can_revoke(by, current).enforce()
    governed.change(current, revoked_at=Now())
    audit.record("gates.delegation_ended", current, by=by, project_id=current.project_id)
    told = [one for one in (current.delegator, current.delegate) if one.pk != by.person_id]
    link = reverse("gates:delegations", args=[current.project.slug])
    announce("gates.delegation_ended", current, project=current.project, to=told, by=by, link=link)
    return current
