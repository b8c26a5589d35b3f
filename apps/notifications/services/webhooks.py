"""Make, change, try and remove webhooks."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.core.errors import Invalid, MlgovError, not_now
from apps.core.outgoing import parse
from apps.notifications import outbox, signing
from apps.notifications.kinds import told_to_webhooks
from apps.notifications.models import Delivery, Webhook
from apps.notifications.permissions import can_manage_webhooks
from apps.projects.models import Project

#: How long the secret before the last one signs too, so that a receiver can change without losing a message.
OVERLAP = timedelta(hours=24)
MOST = 20
TEST_KIND = Delivery.TEST_KIND


@service
def create_webhook(
    project: Project | None, *, name: str, url: str, by: User, kinds: Sequence[str] = ()
) -> tuple[Webhook, str]:
    """Make a webhook of a project, or of the site, and return it with its secret, which is shown this once."""
    can_manage_webhooks(by, project).enforce()
    if project is not None:
        Project.objects.select_for_update().get(pk=project.pk)
    if Webhook.objects.filter(project=project, removed_at__isnull=True).count() >= MOST:
        not_now(f"There are {MOST} webhooks here already. Remove one first.", code="too_many").enforce()
    secret = signing.new_secret()
    webhook = Webhook.objects.create(
        project=project,
        name=_named(name),
        url=_callable(url),
        kinds=_listed(kinds, project),
        secret_sealed=signing.sealed(secret),
        created_by=by,
    )
    _record("webhook_created", webhook, by=by, host=webhook.host, kinds=webhook.kinds_in_words)
    return webhook, secret


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise Invalid("A webhook needs a name of at most 100 characters.", code="bad_name", field="name")
    return name


def _callable(url: str) -> str:
    try:
        parse(url)
    except MlgovError as error:
        raise Invalid(error.sentence, code=error.code, field="url") from None
    return url


def _listed(kinds: Sequence[str], project: Project | None) -> list[str]:
    known = told_to_webhooks(site=project is None)
    unknown = sorted(set(kinds) - set(known))
    if unknown:
        raise Invalid(
            f"There is no kind of notice {unknown[0][:80]}. Known are {', '.join(sorted(known))}.",
            code="unknown_kind",
            field="kinds",
        )
    return sorted(set(kinds))


def _record(event: str, webhook: Webhook, *, by: User, **data: Any) -> None:
    audit.record(f"notifications.{event}", webhook, by=by, project_id=webhook.project_id, **data)


def _locked(webhook: Webhook, by: User) -> Webhook:
    """Load the webhook anew under a lock, for somebody who may manage it."""
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("project").get(pk=webhook.pk)
    can_manage_webhooks(by, webhook.project).enforce()
    if webhook.removed_at is not None:
        not_now("This webhook was removed.", code="removed").enforce()
    return webhook


@service
def change_webhook(webhook: Webhook, *, by: User, expect: int | None = None, **fields: Any) -> Webhook:
    """Change name, url, kinds or enabled. What waits is sent to the new address."""
    webhook = _locked(webhook, by)
    governed.demand_version(webhook, expect)
    listed = partial(_listed, project=webhook.project)
    readers: dict[str, Any] = {"name": _named, "url": _callable, "kinds": listed, "enabled": bool}
    wanted = {name: readers[name](value) for name, value in fields.items()}
    changed = {name: value for name, value in wanted.items() if getattr(webhook, name) != value}
    if not changed:
        return webhook
    if changed.get("enabled"):
        changed["disabled_reason"] = ""
    governed.change(webhook, **changed)
    shown = sorted(set(changed) - {"disabled_reason"})
    _record("webhook_changed", webhook, by=by, fields=", ".join(shown), host=webhook.host)
    return webhook


@service
def rotate_secret(webhook: Webhook, *, by: User) -> tuple[Webhook, str]:
    """Give a webhook a new secret, shown this once; the old one signs beside it for a day."""
    webhook, secret = _locked(webhook, by), signing.new_secret()
    governed.change(
        webhook,
        secret_sealed=signing.sealed(secret),
        previous_sealed=webhook.secret_sealed,
        previous_until=timezone.now() + OVERLAP,
    )
    _record("webhook_secret_rotated", webhook, by=by)
    return webhook, secret


@service
def remove_webhook(webhook: Webhook, *, by: User) -> None:
    """Take a webhook away for good; its log stays in the database, its secrets do not."""
    webhook = _locked(webhook, by)
    governed.change(
        webhook, enabled=False, removed_at=Now(), secret_sealed="", previous_sealed="", previous_until=None
    )
    _record("webhook_removed", webhook, by=by)


@service
def send_test(webhook: Webhook, *, by: User) -> Delivery:
    """Send a message that says it is a test, to a webhook that is switched off too."""
    webhook = _locked(webhook, by)
    on_its_way = Q(kind=TEST_KIND, state__in=["queued", "waiting"])
    if webhook.deliveries.filter(on_its_way).exists():
        not_now("A test is on its way already. Look at its answer first.", code="test_on_its_way").enforce()
    body = {
        "type": TEST_KIND,
        "timestamp": timezone.now().isoformat(timespec="seconds"),
        "data": {"sentence": f"{by} tries the webhook {webhook}.", "link": settings.BASE_URL},
    }
    delivery = Delivery.objects.create(webhook=webhook, kind=TEST_KIND, body=canonical_json(body).decode())
    outbox.start(delivery)
    return delivery


@service
def redeliver(delivery: Delivery, *, by: User) -> None:
    """Send a message once more, under the same id, so that who got it already can tell."""
    webhook = _locked(delivery.webhook, by)
    if not webhook.enabled and not delivery.is_test:
        not_now("This webhook is switched off. Switch it on first.", code="switched_off").enforce()
    outbox.again(delivery)
