"""What workers do: send e-mails, call webhooks, start what waited, write the day's digests."""

from datetime import date
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.running import RunningJob
from apps.notifications import delivering, mailing, outbox
from apps.notifications.enums import Channel, SendState
from apps.notifications.models import Delivery, Mail, Notice, Sendable

S = TypeVar("S", bound=Sendable)


def _mine(model: type[S], job: RunningJob, *related: str) -> S | None:
    """Return the row if this job is the one that is on it; an older job finds nothing to do."""
    rows = model._base_manager.select_related(*related)
    return rows.filter(pk=job.args["row"], job_id=job.job_id, state=SendState.QUEUED).first()


def send_mail(job: RunningJob) -> dict[str, Any] | None:
    """Send one e-mail, if its reader may still see what it is about."""
    mail = _mine(Mail, job, "person")
    if mail is None:
        return None
    message, error = mailing.written(mail), ""
    if message is not None:
        try:
            mailing.send(message)
        except mailing.CannotSend as reason:
            error = str(reason)
    with job.completing({"error": error}):
        if message is None:
            outbox.skipped(mail, "Its reader may not see what it was about any more.")
        elif error:
            outbox.failed(mail, error)
        else:
            outbox.succeeded(mail)
    return None


def deliver(job: RunningJob) -> dict[str, Any] | None:
    """Call a webhook once. A worker that dies before it wrote the answer down calls again, with the same id."""
    delivery = _mine(Delivery, job, "webhook__project")
    if delivery is None:
        return None
    if not (delivery.webhook.enabled or delivery.is_test):
        with job.completing({}):
            outbox.skipped(delivery, "The webhook was switched off.")
        return None
    outcome = delivering.transmit(delivery)
    with job.completing({"status": outcome.status, "error": outcome.error}):
        delivering.note(delivery, outcome)
    return None


def sweep_outbox(job: RunningJob) -> dict[str, Any]:
    """Start what waited long enough."""
    return {"started": outbox.sweep()}


def send_digests(job: RunningJob) -> dict[str, Any]:
    """Write the e-mails of today (UTC), from the hour on that the operator chose."""
    now = timezone.now()
    if now.hour < settings.DIGEST_HOUR:
        return {"digests": 0}
    return {"digests": write_digests(now.date())}


def write_digests(day: date) -> int:
    """Write for each person with something unread one e-mail for ``day``, and never a second; returns how many."""
    pending = Notice.objects.filter(channel=Channel.DIGEST, mail__isnull=True, read_at__isnull=True)
    waiting = User.objects.filter(Exists(pending.filter(person=OuterRef("pk"))), is_active=True)
    waiting = waiting.exclude(Exists(Mail.objects.filter(person=OuterRef("pk"), day=day)))
    return sum(_write_digest(person, day) for person in waiting.order_by("id"))


def _write_digest(person: User, day: date) -> bool:
    with transaction.atomic():
        mail = Mail(person=person, day=day)
        Mail.objects.bulk_create([mail], ignore_conflicts=True)
        if not Mail.objects.filter(pk=mail.pk).exists():
            return False
        pending = Notice.objects.filter(person=person, channel=Channel.DIGEST, mail__isnull=True)
        pending.filter(read_at__isnull=True).update(mail=mail)
        outbox.start(mail)
        return True
