"""Read invitations and rules of groups."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.identity.models import GroupRule, Invitation
from apps.projects.models import Project
from apps.projects.permissions import Right, can, may_see_project


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
