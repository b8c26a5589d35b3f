"""What is done with notices: tell people, read, choose by which way."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.core.models import Row
from apps.notifications.enums import Channel
from apps.notifications.kinds import NoticeType, notice_type
from apps.notifications.models import Notice, Preference
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
    ``data`` must be JSON. Raises UnknownNoticeType for a kind nobody lists.
    """
    said = notice_type(kind)
    canonical_json(data)
    people = who_may_be_told({one.person_id for one in to}, project)
    channels = _channels(said, people)
    notices = [
        Notice(
            person_id=person,
            project=project,
            kind=kind,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            subject_label=str(subject)[:300],
            actor_label=str(by)[:300] if by else "mlgov",
            link=link,
            data=data,
            once=once,
            channel=channel,
        )
        for person, channel in channels.items()
        if channel != Channel.OFF
    ]
    # The database decides between two that tell the same at once: the second insert waits, then does nothing.
    Notice.objects.bulk_create(notices, ignore_conflicts=bool(once))
    return list(Notice.objects.filter(pk__in=[one.pk for one in notices])) if once else notices


def _channels(said: NoticeType, people: Iterable[User]) -> dict[UUID, str]:
    ids = [person.pk for person in people]
    chosen = dict(
        Preference.objects.filter(person__in=ids, kind=said.kind).values_list("person_id", "channel")
    )
    return {pk: chosen.get(pk, said.default_channel) for pk in ids}
