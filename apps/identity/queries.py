"""Read invitations, rules of groups, and trusts in pipelines."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone

from apps.accounts.enums import Kind
from apps.accounts.models import User
from apps.audit.models import Event
from apps.identity.models import Exchange, GroupRule, Invitation, Trust
from apps.projects.models import Project
from apps.projects.permissions import Right, can, may_see_project
from apps.projects.queries import project_ids_for


def live() -> QuerySet[Invitation]:
    """Return the invitations that can be accepted now, newest first."""
    return (
        Invitation.objects.select_related("project", "invited_by")
        .filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())
        .order_by("-id")
    )


def invitations_of(project: Project | None) -> QuerySet[Invitation]:
    """Return the pending invitations to a project, or to the site alone."""
    return live().filter(project=project)


def invitation_for(user: User, pk: UUID) -> Invitation:
    """Load a pending invitation: 404 for a stranger, Forbidden for a member who may not take it back."""
    found = live().filter(pk=pk).first()
    if found is None:
        raise Http404
    if found.project is None:
        if not user.is_administrator:
            raise Http404
        return found
    if not may_see_project(user, found.project.pk):
        raise Http404
    can(user, Right.MANAGE, found.project).enforce()
    return found


def rules() -> QuerySet[GroupRule]:
    """Return the rules in force."""
    return (
        GroupRule.objects.filter(removed_at__isnull=True)
        .select_related("project", "created_by")
        .order_by("group", "id")
    )


def trusts_of(project: Project) -> QuerySet[Trust]:
    """Return the trusts of a project, newest first, each with when it was last used (``used_at``)."""
    newest = Exchange.objects.filter(trust=OuterRef("pk")).order_by("-created_at")
    return (
        project.trusts.select_related("account", "created_by", "withdrawn_by")
        .annotate(used_at=Subquery(newest.values("created_at")[:1]))
        .order_by("-id")
    )


def trust_for(user: User, pk: UUID) -> Trust:
    """Load a trust of a project that the user sees; raises Http404 for a stranger."""
    found = (
        Trust.objects.filter(pk=pk, project__in=project_ids_for(user))
        .select_related("project", "account", "created_by", "withdrawn_by")
        .first()
    )
    if found is None:
        raise Http404
    return found


def happened_to(trust: Trust) -> QuerySet[Event]:
    """Return what happened to a trust, newest first: uses and refusals among it."""
    about = Event.objects.filter(object_type=Trust._meta.label_lower, object_id=trust.pk)
    return about.order_by("-sequence")


def service_accounts_of(user: User) -> QuerySet[User]:
    """Return the service accounts that a person answers for."""
    return User.objects.filter(owner=user, kind=Kind.SERVICE).order_by("full_name", "id")
