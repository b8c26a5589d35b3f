"""Calling a webhook, and what follows from the answer."""

import time
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.errors import MlgovError
from apps.core.outgoing import call
from apps.notifications import outbox, signing
from apps.notifications.announcing import announce
from apps.notifications.enums import SendState
from apps.notifications.models import Attempt, Delivery, Webhook
from apps.projects.enums import Role

SECONDS = 15
EXCERPT = 1000


@dataclass(frozen=True)
class Outcome:
    """How one try went. ``status`` is None when there was no answer; ``seconds`` is how long it took."""

    status: int | None
    seconds: float
    response: str = ""
    error: str = ""


def transmit(delivery: Delivery) -> Outcome:
    """Call the webhook once; never raises for what the other side does."""
    began = time.monotonic()
    body = delivery.body.encode()
    try:
        headers = signed_headers(delivery, body)
        answer = call(
            "POST", delivery.webhook.url, headers=headers, body=body, seconds=SECONDS, max_bytes=EXCERPT
        )
    except MlgovError as reason:
        return Outcome(None, time.monotonic() - began, error=reason.sentence)
    excerpt = _readable(answer.body)
    error = "" if answer.ok else f"The answer was {answer.status}, and only 2xx counts as received."
    return Outcome(answer.status, answer.seconds, excerpt, error)


def signed_headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks; while secrets overlap, both sign."""
    webhook, now = delivery.webhook, timezone.now()
    secrets = [signing.unsealed(webhook.secret_sealed)]
    if webhook.previous_until is not None and webhook.previous_until > now:
        secrets.append(signing.unsealed(webhook.previous_sealed))
    stamp = int(now.timestamp())
    signatures = [
        signing.signature(secret, message_id=delivery.message_id, timestamp=stamp, body=body)
        for secret in secrets
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(signatures),
    }


def _readable(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)[:EXCERPT]


def note(delivery: Delivery, outcome: Outcome) -> None:
    """Write a try down and move the delivery on, in the caller's transaction."""
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.attempts.count() + 1,
        status=outcome.status,
        seconds=outcome.seconds,
        response=outcome.response,
        error=outcome.error,
    )
    if not outcome.error:
        outbox.succeeded(delivery)
        return
    outbox.failed(delivery, outcome.error)
    if delivery.state == SendState.DEAD:
        _disable_if_nothing_arrives(delivery)


def _disable_if_nothing_arrives(dead: Delivery) -> None:
    """Switch a webhook off when nothing reached it since the message that was given up began its day."""
    webhook = Webhook.objects.select_for_update().get(pk=dead.webhook_id)
    arrived = webhook.deliveries.filter(state=SendState.SENT, sent_at__gte=dead.created_at)
    if not webhook.enabled or arrived.exists():
        return
    governed.change(webhook, enabled=False, disabled_reason=dead.error)
    audit.record(
        "notifications.webhook_disabled", webhook, by=None, project_id=webhook.project_id, error=dead.error
    )
    announce(
        "notifications.webhook_disabled",
        webhook,
        project=webhook.project,
        to=_answerable_for(webhook),
        by=None,
        link=reverse("notifications:webhook", args=[webhook.pk]),
        error=dead.error,
    )


def _answerable_for(webhook: Webhook) -> list[User]:
    if webhook.project is None:
        return list(User.objects.filter(site_role=SiteRole.ADMINISTRATOR))
    return [
        member.user
        for member in webhook.project.memberships.filter(role=Role.OWNER).select_related(
            "user", "user__owner"
        )
    ]
