"""Read notices: one's own alone, and only about projects that still exist for the person."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from apps.accounts.enums import Kind, SiteRole
from apps.accounts.models import User
from apps.notifications.models import Notice
from apps.projects.models import Membership, Project
from apps.projects.queries import project_ids_for


def notices_for(person: User) -> QuerySet[Notice]:
    """Return a person's notices, newest first; losing a project takes its notices away."""
    visible = Q(project__isnull=True) | Q(project__in=project_ids_for(person))
    return Notice.objects.filter(visible, person=person).select_related("project").order_by("-id")


def notice_for(person: User, pk: UUID) -> Notice:
    """Load one's own notice; raises Http404 for anybody else's."""
    found = notices_for(person).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def unread_count(person: User) -> int:
    """Return how many notices a person has not read: one query over an index of unread ones."""
    return notices_for(person).filter(read_at__isnull=True).order_by().count()


def who_may_be_told(people: set[UUID], project: Project | None) -> QuerySet[User]:
    """Return those of ``people`` (ids) who are active persons and still see the project."""
    found = User.objects.filter(pk__in=people, is_active=True, kind=Kind.PERSON)
    if project is None:
        return found
    member = Exists(Membership.objects.filter(project=project, user=OuterRef("pk")))
    return found.filter(Q(site_role__in=[SiteRole.AUDITOR, SiteRole.ADMINISTRATOR]) | member)
