"""Public links: who makes and ends them, and what one shows."""

import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.canonical import digest_bytes
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.modelcards import permissions, queries
from apps.modelcards.fields import card_part
from apps.modelcards.models import Card, PublicLink
from apps.modelcards.public import PublicCard, public_view, secrets_of
from apps.projects.enums import Role
from apps.registry.models import Version

#: 256 bits, as many as the digest that is kept of them has.
SECRET_BYTES = 32
LONGEST_DAYS = 366


@service
def create_link(version: Version, *, note: str, days: int, by: User) -> tuple[PublicLink, str]:
    """Make a public link that lasts ``days``; return it with its secret, which is shown this once."""
    project = version.model.project
    card = Card.objects.select_for_update(of=("self",)).filter(version=version).first()
    permissions.can_share(by, project, queries.standing_publication(card)).enforce()
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            f"A link lasts 1 to {LONGEST_DAYS} days, not {days}. Choose another number.",
            code="bad_days",
            field="days",
        )
    if not note.strip() or len(note) > 200 or "\x00" in note:
        raise Invalid("Say for whom the link is, in 200 characters or fewer.", code="bad_note", field="note")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    assert card is not None
    link = PublicLink.objects.create(
        card=card,
        secret_digest=digest_bytes(secret.encode()),
        note=note.strip(),
        expires_at=timezone.now() + timedelta(days=days),
        created_by=by,
    )
    audit.record(
        "modelcards.link_created",
        link,
        by=by,
        project_id=project.pk,
        version=str(version),
        until=f"{link.expires_at:%Y-%m-%d %H:%M} UTC",
    )
    return link, secret


@service
def withdraw_link(link: PublicLink, *, by: User) -> PublicLink:
    """End a public link at once."""
    version = link.card.version
    permissions.can_withdraw_link(by, version.model.project).enforce()
    current = PublicLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if current.withdrawn_at is not None or current.expires_at <= timezone.now():
        not_now("This link has ended already.", code="wrong_state").enforce()
    governed.change(current, withdrawn_at=Now(), withdrawn_by=by)
    project_id = version.model.project_id
    audit.record("modelcards.link_withdrawn", current, by=by, project_id=project_id, version=str(version))
    return current


@service
def note_expired() -> int:
    """Write the event of each link whose time is over; that it shows nothing any more needs no note."""
    noted = 0
    for pk in queries.links_over():
        link = PublicLink.objects.select_for_update(of=("self",)).get(pk=pk)
        if link.expiry_noted_at is not None or link.withdrawn_at is not None:
            continue
        version = Version.objects.select_related("model").get(card=link.card_id)
        governed.change(link, expiry_noted_at=Now())
        audit.record(
            "modelcards.link_expired",
            link,
            by=None,
            project_id=version.model.project_id,
            version=str(version),
        )
        noted += 1
    return noted


def open_link(secret: str) -> PublicCard | None:
    """Return what the link with this secret shows, or None: wrong, ended, off, or nothing published all look the same."""
    wanted = digest_bytes(secret.encode(errors="replace"))
    link = (
        PublicLink.objects.filter(secret_digest=wanted)
        .select_related("card__version__model__project", "card__version__run", "card__version__card")
        .first()
    )
    # The index finds by digest, which tells nothing of a secret of 256 bits; the comparison takes no shortcut either.
    if link is None or not hmac.compare_digest(link.secret_digest, wanted) or not settings.PUBLIC_CARDS:
        return None
    published = queries.standing_publication(link.card)
    if link.withdrawn_at is not None or link.expires_at <= timezone.now() or published is None:
        return None
    return public_view(
        published.content,
        role=Role(published.role).label.lower(),
        published_on=f"{published.created_at:%d %B %Y}",
        secrets=secrets_of(link.card.version),
        smallest=card_part(link.card.version.model.project).smallest_public_group,
    )
