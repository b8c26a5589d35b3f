"""Load audit records and packs for somebody; a stranger gets 404."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.assurance.models import EvidencePack
from apps.audit.models import Event
from apps.projects.models import Project
from apps.projects.permissions import may_see_project
from apps.projects.queries import project_ids_for


def reads_site(user: User) -> bool:
    """Tell whether the user reads the whole trail."""
    return user.is_auditor or user.is_administrator


def demand_site_reader(user: User) -> None:
    """Raise Http404 for whoever does not read the whole trail."""
    if not reads_site(user):
        raise Http404


def event_for(user: User, number: int) -> Event:
    """Load a record by its number; raises Http404 for who sees neither the site's trail nor the record's project."""
    event = Event.objects.filter(pk=number).first() if number < 2**63 else None
    if event is None:
        raise Http404
    if not reads_site(user) and (event.project_id is None or not may_see_project(user, event.project_id)):
        raise Http404
    return event


def events_for(user: User) -> QuerySet[Event]:
    """Return the records that the user may read, newest first."""
    if reads_site(user):
        return Event.objects.order_by("-id")
    return Event.objects.filter(project_id__in=project_ids_for(user)).order_by("-id")


def events_to_follow_for(user: User) -> QuerySet[Event]:
    """Return the records that the user may read, in no order, with the projects looked up (one query).

    The database then knows how few records they have, and does not look for them along the whole log.
    """
    if reads_site(user):
        return Event.objects.all()
    return Event.objects.filter(project_id__in=list(project_ids_for(user).values_list("pk", flat=True)))


def packs_of(project: Project) -> QuerySet[EvidencePack]:
    """Return the project's evidence packs, newest first."""
    return (
        EvidencePack.objects.filter(project=project)
        .select_related("version__model", "job", "blob", "requested_by", "project")
        .order_by("-id")
    )


def pack_for(user: User, pk: UUID) -> EvidencePack:
    """Load a pack; raises Http404 for a stranger."""
    found = (
        EvidencePack.objects.filter(pk=pk, project__in=project_ids_for(user))
        .select_related("version__model", "job", "blob", "requested_by", "project")
        .first()
    )
    if found is None:
        raise Http404
    return found
