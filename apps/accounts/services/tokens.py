"""What is done to service accounts and tokens."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.enums import Kind, Scope, SiteRole
from apps.accounts.models import Token, User
from apps.audit import services as audit
from apps.core import statements
from apps.core.db import service
from apps.core.errors import Invalid, denied
from apps.core.statements import Columns

LONGEST_TOKEN_DAYS = 365
#: How stale ``last_used_at`` may get: one write a minute and token, not one a request.
LAST_USED_PRECISION = timedelta(minutes=1)
#: Without the times that no request asks for: each takes longer to read than a text. Whoever asks reads it then.
_TOKEN = Columns(Token, without=["created_at", "expires_at", "revoked_at"])
_PRINCIPAL = Columns(
    User, without=["password", "last_login", "created_at", "temporary_password_until", "signing_held_until"]
)
#: Who shows a token, as the beginning of a statement that may read more beside; ``shown_token`` takes its first values.
BEARER_COLUMNS = f"{_TOKEN.of('token')}, {_PRINCIPAL.of('principal')}"
BEARER_WIDTH = len(_TOKEN) + len(_PRINCIPAL)
BEARER_ROWS = (
    "accounts_token token JOIN accounts_user principal ON principal.id = token.user_id "
    "LEFT JOIN accounts_user owner ON owner.id = principal.owner_id"
)
BEARER_IS_LIVE = (
    "token.secret_digest = %(digest)s AND token.revoked_at IS NULL AND token.expires_at > statement_timestamp() "
    "AND principal.is_active AND coalesce(owner.is_active, true)"
)
_LIVE = f"SELECT {BEARER_COLUMNS} FROM {BEARER_ROWS} WHERE {BEARER_IS_LIVE}"  # noqa: S608 - written here


@service
def create_service_account(name: str, *, owner: User, by: User) -> User:
    """Make a principal for a pipeline; ``owner`` is the person who answers for what it does."""
    if not owner.is_person:
        raise Invalid("A service account needs a person as its owner.", code="owner_not_a_person")
    account = User(
        email=f"{secrets.token_hex(8)}@service.mlgov.invalid",
        full_name=name.strip(),
        kind=Kind.SERVICE,
        owner=owner,
    )
    account.set_unusable_password()
    account.save(force_insert=True)
    audit.record("accounts.service_account_created", account, by=by, owner=str(owner.id))
    return account


@service
def issue_token(
    user: User, *, name: str, scopes: Iterable[str], by: User, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Issue a token for ``user`` and return it with its secret, which is shown this once.

    A person issues tokens for themselves and for the service accounts they own.
    """
    if by.person_id != user.person_id:
        denied("You can issue tokens for yourself and for your service accounts alone.").enforce()
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown or not wanted:
        raise Invalid(
            f"Choose at least one of the scopes {', '.join(Scope.values)}"
            + (f"; {', '.join(unknown)} is not one." if unknown else "."),
            code="unknown_scope",
        )
    now = timezone.now()
    expires_at = expires_at or now + timedelta(days=90)
    if not now < expires_at <= now + timedelta(days=LONGEST_TOKEN_DAYS):
        raise Invalid(
            f"A token lives at most {LONGEST_TOKEN_DAYS} days and must end in the future.", code="bad_expiry"
        )
    secret = tokens.make()
    token = Token.objects.create(
        user=user,
        name=name.strip() or "token",
        secret_digest=tokens.fingerprint(secret),
        hint=tokens.hint_of(secret),
        scopes=wanted,
        expires_at=expires_at,
        created_by=by,
    )
    audit.record(
        "accounts.token_issued",
        token,
        by=by,
        user=str(user.pk),
        scopes=", ".join(wanted),
        expires_at=expires_at.isoformat(),
    )
    return token, secret


@service
def revoke_token(token: Token, *, by: User) -> Token:
    """End a token at once; doing it twice changes nothing."""
    if by.person_id != token.user.person_id and by.site_role != SiteRole.ADMINISTRATOR:
        denied("Only its owner or an administrator can revoke this token.").enforce()
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        audit.record("accounts.token_revoked", token, by=by)
    token.refresh_from_db()
    return token


@service
def end_token(token: Token, *, by: User, because: str) -> None:
    """End a token for a reason that an app above has decided on; ``because`` says it for the audit trail."""
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        audit.record("accounts.token_revoked", token, by=by, because=because)


def token_for(secret: str) -> Token | None:
    """Return the live token with this secret, or None; notes its use once a minute."""
    digest = digest_of(secret)
    found = statements.rows(_LIVE, {"digest": digest}) if digest else []
    return shown_token(found[0]) if found else None


def digest_of(secret: str) -> str | None:
    """Return what is kept of a token with this secret; None for what is the secret of none."""
    return tokens.fingerprint(secret) if tokens.well_formed(secret) else None


def shown_token(values: Sequence[Any]) -> Token:
    """Return the token that a row begins with (BEARER_COLUMNS), and its principal; notes its use once a minute."""
    token = _TOKEN.made(values[: len(_TOKEN)])
    token.user = _PRINCIPAL.made(values[len(_TOKEN) : BEARER_WIDTH])
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_PRECISION:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token
