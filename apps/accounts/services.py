"""What is done to people, service accounts and tokens."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.enums import Kind, ReauthenticationMethod, Scope, SiteRole
from apps.accounts.models import Reauthentication, Token, User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, Refused, denied

LONGEST_TOKEN_DAYS = 365
#: How stale ``last_used_at`` may get: one write a minute and token, not one a request.
LAST_USED_PRECISION = timedelta(minutes=1)


class WrongPassword(Refused):
    """The password given to confirm an act is not the person's."""

    status = 403


def _demand_administrator(by: User | None) -> None:
    if by is not None and not (by.is_person and by.is_administrator):
        denied("Only an administrator can add people or set their passwords.").enforce()


@service
def create_person(
    email: str, *, full_name: str, by: User | None, site_role: str = "", password: str | None = None
) -> User:
    """Add a person. Without a password they cannot sign in until one is set.

    ``by`` is None for commands on the server alone; otherwise an administrator.
    """
    _demand_administrator(by)
    if site_role not in SiteRole.values:
        raise Invalid(f"“{site_role[:40]}” is no role over the site.", code="unknown_role")
    email = email.strip()
    try:
        validate_email(email)
        if password is not None:
            validate_password(password, User(email=email, full_name=full_name))
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="invalid_person") from error
    if User.objects.filter(email__iexact=email).exists():
        raise Invalid(f"There is a person with the address {email} already.", code="email_taken")
    person = User(email=email, full_name=full_name.strip(), site_role=site_role)
    person.set_password(password)
    person.save(force_insert=True)
    audit.record("accounts.person_created", person, by=by, email=email, site_role=site_role)
    return person


@service
def set_password(person: User, *, password: str, by: User | None) -> User:
    """Give a person a new password; their other sessions end, because sessions are bound to it."""
    _demand_administrator(by)
    if not person.is_person:
        raise Invalid("A service account has tokens and no password.", code="not_a_person")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="weak_password") from error
    person.set_password(password)
    person.save(update_fields=["password"])
    audit.record("accounts.password_changed", person, by=by)
    return person


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


def token_for(secret: str) -> Token | None:
    """Return the live token with this secret, or None; notes its use once a minute."""
    if not tokens.well_formed(secret):
        return None
    now = timezone.now()
    token = (
        Token.objects.select_related("user", "user__owner")
        .filter(secret_digest=tokens.fingerprint(secret), revoked_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if token is None or not token.user.is_active or not token.user.person.is_active:
        return None
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_PRECISION:
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def reauthenticate(user: User, *, password: str) -> Reauthentication:
    """Check the password again and return the proof; raises WrongPassword, which is audited.

    Runs outside the caller's transaction on purpose: the record of a failure must survive the refusal.
    """
    if not user.is_person:
        denied("Only a person can confirm their identity; a token cannot sign.").enforce()
    if not check_password(password, user.password):
        with transaction.atomic():
            audit.record("accounts.reauthentication_failed", user, by=user)
        raise WrongPassword(
            "This is not your password. Type it again; nothing was signed.", code="wrong_password"
        )
    return Reauthentication.objects.create(user=user, method=ReauthenticationMethod.PASSWORD)
