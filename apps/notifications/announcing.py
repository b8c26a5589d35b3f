"""Telling people and webhooks, in the transaction of what is told."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.core.models import Row
from apps.notifications import kinds, outbox
from apps.notifications.enums import Channel
from apps.notifications.kinds import NoticeType, notice_type
from apps.notifications.models import Delivery, Mail, Notice, Preference, Webhook
from apps.notifications.queries import who_may_be_told
from apps.projects.models import Project


@service
def announce(
    kind: str,
    subject: Row,
    *,
    project: Project | None,
    to: Iterable[User],
    by: User | None,
    link: str = "",
    once: str = "",
    **data: Any,
) -> list[Notice]:
    """Tell each person in ``to`` once about ``subject``, in the caller's transaction, and return what was written.

    Who no longer sees ``project`` is left out; a service account stands for the person who answers for it. With a
    key in ``once`` the same kind about the same subject is told to nobody twice. ``link`` is a path of the portal,
    ``data`` must be JSON. The webhooks of the project and of the site are told too, whoever is in ``to``. Raises
    UnknownNoticeType for a kind nobody lists.
    """
    said = notice_type(kind)
    canonical_json(data)
    told = Notice(
        project=project,
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:300],
        actor_label=str(by)[:300] if by else "mlgov",
        link=link,
        data=data,
        once=once,
    )
    notices = _write(told, _channels(said, who_may_be_told({one.person_id for one in to}, project)))
    _mail([notice for notice in notices if notice.channel == Channel.EMAIL])
    _call(told, project)
    return notices


@service
def call_webhooks(kind: str, subject: tuple[str, UUID, str], *, link: str, once: str, **data: Any) -> None:
    """Tell the webhooks of the site that chose ``kind``, and no person, in the caller's transaction.

    ``subject`` is what it is, an id and its name. With a key in ``once`` none is told the same twice.
    """
    canonical_json(data)
    what, key, label = subject
    told = Notice(
        kind=kind,
        subject_type=what,
        subject_id=key,
        subject_label=label,
        actor_label="mlgov",
        link=link,
        data=data,
        once=once,
    )
    _call(told, None)


def _channels(said: NoticeType, people: Iterable[User]) -> dict[UUID, str]:
    ids = [person.pk for person in people]
    chosen = dict(
        Preference.objects.filter(person__in=ids, kind=said.kind).values_list("person_id", "channel")
    )
    return {pk: said.channel_for(chosen.get(pk)) for pk in ids}


def _write(told: Notice, channels: dict[UUID, str]) -> list[Notice]:
    common = {
        name: getattr(told, name)
        for name in ("project", "kind", "subject_type", "subject_id", "subject_label", "actor_label", "link")
    }
    notices = [
        Notice(person_id=person, channel=channel, data=told.data, once=told.once, **common)
        for person, channel in channels.items()
        if channel != Channel.OFF
    ]
    # The database decides between two that tell the same at once: the second insert waits, then does nothing.
    Notice.objects.bulk_create(notices, ignore_conflicts=bool(told.once))
    return list(Notice.objects.filter(pk__in=[one.pk for one in notices])) if told.once else notices


def _mail(notices: list[Notice]) -> None:
    for notice in notices:
        notice.mail = mail = Mail.objects.create(person_id=notice.person_id)
        Notice.objects.filter(pk=notice.pk).update(mail=mail)
        outbox.start(mail)


def _call(told: Notice, project: Project | None) -> None:
    here = Q(project__isnull=True) | Q(project=project) if project else Q(project__isnull=True)
    wanted = Q(kinds__contains=[told.kind])
    if not notice_type(told.kind).only_webhooks:
        wanted |= Q(kinds=[])
    webhooks = list(Webhook.objects.filter(here, wanted, enabled=True))
    body = body_of(told, project) if webhooks else ""
    deliveries = [
        Delivery(webhook=one, kind=told.kind, subject_id=told.subject_id, once=told.once, body=body)
        for one in webhooks
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=bool(told.once))
    for delivery in Delivery.objects.filter(pk__in=[one.pk for one in deliveries]) if deliveries else []:
        outbox.start(delivery)


def body_of(told: Notice, project: Project | None) -> str:
    """Return what a webhook is sent: canonical JSON, so that the same content has the same bytes."""
    where = {"id": str(project.pk), "slug": project.slug, "name": project.name} if project else None
    return canonical_json(
        {
            "type": told.kind,
            "timestamp": timezone.now().isoformat(timespec="seconds"),
            "data": {
                "title": kinds.title_of(told.kind),
                "sentence": told.sentence,
                "actor": told.actor_label,
                "project": where,
                "subject": {
                    "type": told.subject_type,
                    "id": str(told.subject_id),
                    "label": told.subject_label,
                },
                "link": settings.BASE_URL + told.link if told.link else "",
                "facts": told.data,
            },
        }
    ).decode()
