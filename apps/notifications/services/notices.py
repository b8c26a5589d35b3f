"""Read notices, and choose by which way they come."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import Invalid, denied
from apps.notifications import outbox
from apps.notifications.kinds import told_to_people
from apps.notifications.models import Mail, Notice, Preference
from apps.notifications.queries import notices_for


@service
def mark_read(notice: Notice, *, by: User) -> None:
    """Note that a person read a notice of theirs; the first time counts."""
    Notice.objects.filter(pk=notice.pk, person=by, read_at__isnull=True).update(read_at=Now())


@service
def mark_all_read(*, by: User, until: UUID) -> int:
    """Mark what a person saw, up to the notice ``until``: what came since stays unread. Returns how many."""
    unread = notices_for(by).filter(pk__lte=until, read_at__isnull=True).order_by()
    return Notice.objects.filter(pk__in=unread.values("pk")).update(read_at=Now())


@service
def choose_channels(person: User, *, channels: Mapping[str, str]) -> None:
    """Keep by which way a person wants each kind; raises Invalid for a way that the kind does not have."""
    for kind, channel in channels.items():
        said = told_to_people().get(kind)
        if said is None:
            raise Invalid(f"There is no kind of notice “{kind[:80]}”.", code="unknown_kind")
        if channel not in said.channels:
            raise Invalid(
                f"“{said.title}” is urgent and cannot be switched off: somebody waits, or something is broken. "
                "Choose at least the portal."
                if said.is_urgent
                else f"“{channel[:40]}” is no way to get notices.",
                code="unknown_channel",
                field=kind,
            )
    rows = [Preference(person=person, kind=kind, channel=channel) for kind, channel in channels.items()]
    Preference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["person", "kind"], update_fields=["channel"]
    )


@service
def send_mail_again(mail: Mail, *, by: User) -> None:
    """Send an e-mail once more that was given up."""
    if not by.is_administrator:
        denied("Only an administrator can send an e-mail again.").enforce()
    outbox.again(mail)
