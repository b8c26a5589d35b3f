"""A pipeline shows its identity token and gets one of ours that ends soon (RFC 8693)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import services as accounts
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import MlgovError
from apps.core.texts import printable
from apps.identity import assertions
from apps.identity.assertions import Assertion
from apps.identity.claims import mismatches, told_by
from apps.identity.issuers import Unacceptable
from apps.identity.models import Exchange, Trust, UsedIdentityToken
from apps.projects.permissions import role_of

logger = logging.getLogger(__name__)
LIFETIME = timedelta(minutes=15)
#: Of one trust: a matrix of jobs starts at once, but not without end.
MOST_A_MINUTE = 120
#: Refusals of one trust that the audit trail keeps in an hour: strangers must not be able to fill it.
MOST_NOTED_AN_HOUR = 30


class NotAcceptable(MlgovError):
    """The one refusal that whoever asks is told, whether there is such a trust or not."""

    status = 400


class ScopeTooWide(MlgovError):
    """The token is right, and asks for more than its trust gives."""

    status = 400


class TooMany(MlgovError):
    """More exchanges of one trust than are let through in a minute."""

    status = 429


@dataclass(frozen=True)
class Given:
    """A fresh token, shown this once."""

    secret: str
    scopes: tuple[str, ...]
    seconds: int


def exchange(trust_id: UUID | None, token: str, *, scopes: Sequence[str] = ()) -> Given:
    """Return a token of the trust's service account for a pipeline's identity token.

    Without ``scopes`` it has all that the trust gives. Raises NotAcceptable with one sentence for everything that is
    wrong about the token or the trust; the audit trail of the project has the reason.
    """
    trust = Trust.objects.filter(pk=trust_id).first() if trust_id else None
    if trust is None:
        raise _not_acceptable()
    try:
        _demand_live(trust)
        shown = assertions.verify(token, issuer=trust.issuer, audiences=trust.audiences)
        _demand_claims(trust, shown)
        return _give(trust, shown, _wanted(trust, scopes, shown))
    except Unacceptable as refusal:
        _note_refusal(trust, refusal)
        if refusal.code == "scope_too_wide":
            raise ScopeTooWide(refusal.reason, code="invalid_scope") from refusal
        raise _not_acceptable() from refusal


def _not_acceptable() -> NotAcceptable:
    return NotAcceptable(
        "The subject token is not acceptable here. The page of the trust and the audit trail of its project say why.",
        code="invalid_request",
    )


def _demand_live(trust: Trust) -> None:
    if trust.withdrawn_at is not None:
        raise Unacceptable("The trust is withdrawn.", code="withdrawn")


def _demand_claims(trust: Trust, shown: Assertion) -> None:
    wrong = mismatches(trust.claims, shown.claims)
    if wrong:
        raise Unacceptable(
            f"It does not say what the trust names: {', '.join(wrong)}.",
            code="claims_differ",
            told=told_by(shown.claims),
        )


def _wanted(trust: Trust, scopes: Sequence[str], shown: Assertion) -> list[str]:
    above = sorted(set(scopes) - set(trust.scopes))
    if above:
        raise Unacceptable(
            f"It asks for more than the trust gives: {printable(', '.join(above), most=200)}.",
            code="scope_too_wide",
            told=told_by(shown.claims),
        )
    return sorted(set(scopes)) or list(trust.scopes)


@service
def _give(trust: Trust, shown: Assertion, scopes: list[str]) -> Given:
    """Use the identity token up and issue ours, in one transaction; a withdrawal waits, or came before."""
    trust = Trust.objects.select_for_update(no_key=True).get(pk=trust.pk)
    told, now = told_by(shown.claims), timezone.now()
    _demand_live(trust)
    _demand_standing(trust, told)
    if trust.exchanges.filter(created_at__gt=now - timedelta(minutes=1)).count() >= MOST_A_MINUTE:
        raise TooMany("Too many exchanges of this trust in a minute. Wait for one.", code="throttled")
    _use_up(shown, told)
    made, secret = accounts.issue_token(
        trust.account,
        name=f"by trust {trust}"[:100],
        scopes=scopes,
        by=trust.account,
        expires_at=now + LIFETIME,
    )
    Exchange.objects.create(trust=trust, token=made, told=told)
    audit.record(
        "identity.trust_used",
        trust,
        by=trust.account,
        project_id=trust.project_id,
        token=str(made.pk),
        scopes=", ".join(scopes),
        told=told,
    )
    return Given(secret, tuple(scopes), int(LIFETIME.total_seconds()))


def _demand_standing(trust: Trust, told: dict[str, str]) -> None:
    """The service account has its rights of now: its person may have left, or the project its account."""
    account = trust.account
    if not account.is_active or not account.person.is_active:
        raise Unacceptable(f"{account} or its person is switched off.", code="account_off", told=told)
    if role_of(account, trust.project_id) is None:
        raise Unacceptable(f"{account} is no member of the project.", code="account_no_member", told=told)


def _use_up(shown: Assertion, told: dict[str, str]) -> None:
    """Of all who show one token, at whatever moment and process, the unique key lets one through."""
    UsedIdentityToken.objects.filter(until__lt=timezone.now()).delete()
    try:
        with transaction.atomic():
            UsedIdentityToken.objects.create(key=shown.key, until=shown.until)
    except IntegrityError as error:
        raise Unacceptable("It was exchanged before.", code="replayed", told=told) from error


def _note_refusal(trust: Trust, refusal: Unacceptable) -> None:
    counter = f"identity:refusals:{trust.pk}:{timezone.now():%Y%m%d%H}"
    noted = cache.get_or_set(counter, 0, timeout=7200) or 0
    if noted >= MOST_NOTED_AN_HOUR:
        logger.warning("trust %s refused a token: %s", trust.pk, refusal.code)
        return
    cache.set(counter, noted + 1, timeout=7200)
    _record_refusal(trust, refusal)


@service
def _record_refusal(trust: Trust, refusal: Unacceptable) -> None:
    audit.record(
        "identity.trust_refused",
        trust,
        by=None,
        project_id=trust.project_id,
        reason=refusal.reason,
        code=refusal.code,
        told=refusal.told,
    )
