"""Read notices: one's own alone, and only about projects that still exist for the person."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from apps.accounts.enums import Kind, SiteRole
from apps.accounts.models import User
from apps.notifications import kinds
from apps.notifications.enums import SendState
from apps.notifications.models import Attempt, Delivery, Mail, Notice, Preference, Webhook
from apps.notifications.permissions import can_manage_webhooks
from apps.projects.models import Membership, Project
from apps.projects.permissions import may_see_project
from apps.projects.queries import project_ids_for


def notices_for(person: User) -> QuerySet[Notice]:
    """Return a person's notices, newest first; losing a project takes its notices away."""
    visible = Q(project__isnull=True) | Q(project__in=project_ids_for(person))
    return Notice.objects.filter(visible, person=person).select_related("project", "mail").order_by("-id")


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


def channels_of(person: User) -> dict[str, str]:
    """Return by which way each kind comes to a person: their choice, or the kind's own."""
    chosen = dict(Preference.objects.filter(person=person).values_list("kind", "channel"))
    return {kind: said.channel_for(chosen.get(kind)) for kind, said in kinds.told_to_people().items()}


def unsent_mails() -> QuerySet[Mail]:
    """Return the e-mails that did not get out, newest first, for administrators."""
    return Mail.objects.exclude(state=SendState.SENT).select_related("person").order_by("-id")


def webhooks_of(project: Project | None) -> QuerySet[Webhook]:
    """Return the webhooks of a project, or of the site, with the state of the newest message."""
    newest = Delivery.objects.filter(webhook=OuterRef("pk")).order_by("-id")
    return (
        Webhook.objects.filter(project=project, removed_at__isnull=True)
        .annotate(
            last_state=Subquery(newest.values("state")[:1]), last_at=Subquery(newest.values("created_at")[:1])
        )
        .order_by("-id")
    )


def webhook_for(user: User, pk: UUID) -> Webhook:
    """Load a webhook for who manages it: 404 for a stranger, Forbidden for a member without the right."""
    found = (
        Webhook.objects.select_related("project", "created_by").filter(pk=pk, removed_at__isnull=True).first()
    )
    if found is None or not _seen(user, found.project):
        raise Http404
    can_manage_webhooks(user, found.project).enforce()
    return found


def _seen(user: User, project: Project | None) -> bool:
    return user.is_administrator if project is None else may_see_project(user, project.pk)


def deliveries_of(webhook: Webhook) -> QuerySet[Delivery]:
    """Return the messages of a webhook with their last try, newest first."""
    last = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
    return webhook.deliveries.annotate(
        last_status=Subquery(last.values("status")[:1]),
        last_seconds=Subquery(last.values("seconds")[:1]),
    ).order_by("-id")


def delivery_for(user: User, pk: UUID) -> Delivery:
    """Load a message for who manages its webhook."""
    found = Delivery.objects.select_related("webhook__project").filter(pk=pk).first()
    if found is None:
        raise Http404
    webhook_for(user, found.webhook_id)
    return found
