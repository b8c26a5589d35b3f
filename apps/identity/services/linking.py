"""Who stands behind a (issuer, subject) of a provider. An e-mail address alone never decides it."""

from dataclasses import dataclass, field

from django.conf import settings

from apps.accounts import services as accounts
from apps.accounts.models import User, by_email
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Refused
from apps.identity.models import Invitation
from apps.identity.services import inviting


@dataclass(frozen=True)
class Arrival:
    """What a provider vouches for, after its token was checked."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = field(default=())


class NotLinked(Refused):
    """Nobody here is linked to this subject, and nothing lets an account be made."""

    status = 403


def account_of(arrival: Arrival, *, invitation: Invitation | None) -> User:
    """Return a new account for a subject that is linked to none, or raise NotLinked.

    An account that is there is never taken by its address: its person signs in and links it. ``invitation`` is
    the one whose link this browser followed.
    """
    address = arrival.email if arrival.email_verified else ""
    if not address:
        raise NotLinked(
            "The provider does not vouch for your e-mail address, so no account can be made. Ask an administrator.",
            code="no_verified_address",
        )
    known = User.objects.filter(by_email(address)).first()
    if known is not None:
        _note_refusal(known, arrival, "the address belongs to an account that is not linked")
        raise NotLinked(
            "There is an account with your address that is not linked to this sign-in. Sign in to it with your "
            "password or passkey, then link it on the page Sign-in and security.",
            code="not_linked",
        )
    name = arrival.name or address
    if invitation is not None and invitation.email.lower() == address.lower():
        return inviting.accept_as_new(invitation, full_name=name, password=None)
    if not settings.OIDC_PROVISION:
        raise NotLinked(
            "You have no account here. Ask an owner of your project or an administrator to invite you.",
            code="not_invited",
        )
    return accounts.join(address, full_name=name, password=None, because=f"signed in over {arrival.issuer}")


@service
def _note_refusal(person: User, arrival: Arrival, reason: str) -> None:
    audit.record("identity.provider_refused", person, by=None, issuer=arrival.issuer, reason=reason)


@service
def note_link(person: User, arrival: Arrival, *, by: User | None) -> None:
    """Write that a person is linked to a subject from now on."""
    audit.record(
        "identity.provider_linked", person, by=by, issuer=arrival.issuer, provider_subject=arrival.subject
    )
