"""The second factors of a person: codes of an authenticator app, passkeys, recovery codes, kept by allauth.

A code or an answer of a passkey is good once. allauth remembers used codes in the cache, which may forget; here
a unique row of the database remembers, for signing in and for signing alike.
"""

import time
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from fido2.webauthn import UserVerificationRequirement

from apps.accounts.models import UsedProof, User
from apps.core.canonical import digest_bytes
from apps.core.errors import Refused

#: Where allauth keeps the secret of an app that is being set up.
SECRET_IN_SESSION = totp.SECRET_SESSION_KEY
_STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def kinds_of(user: User) -> frozenset[str]:
    """Return which of totp and webauthn the person has set up."""
    rows = Authenticator.objects.filter(user_id=user.pk, type__in=_STRONG)
    return frozenset(rows.values_list("type", flat=True))


def has_any(user: User) -> bool:
    """Tell whether the person has a second factor."""
    return bool(kinds_of(user))


def use_code(user: User, code: str) -> bool:
    """Tell whether ``code`` is the authenticator app's code of now, never used before; from now on it is used."""
    kept = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    if kept is None:
        return False
    secret = decrypt(kept.data["secret"])
    now = int(time.time()) // app_settings.TOTP_PERIOD
    tolerance = app_settings.TOTP_TOLERANCE
    for counter in range(now - tolerance, now + tolerance + 1):
        expected = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if totp.compare_user_code(actual=code, expected=expected):
            return _first_use(user, f"totp:{kept.pk}:{counter}")
    return False


def ask_passkey(user: User) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the question for the person's passkeys and the state to keep on the server until the answer.

    The passkey must verify its user (fingerprint, face or PIN): that makes it two factors in one. Raises Refused where
    the person has none: an open question would let the browser offer one that nothing here knows.
    """
    if Authenticator.Type.WEBAUTHN not in kinds_of(user):
        raise Refused(
            "You have no passkey here. Add one on your page Sign-in and security, or confirm by password.",
            code="no_passkey",
        )
    options, state = webauthn.get_server().authenticate_begin(
        credentials=webauthn.get_credentials(user), user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), dict(state)


def use_passkey(user: User, *, assertion: dict[str, Any], challenge: dict[str, Any]) -> bool:
    """Tell whether one of the person's passkeys signed this challenge; from now on the challenge is used."""
    try:
        webauthn.parse_authentication_response(assertion)
        webauthn.get_server().authenticate_complete(challenge, webauthn.get_credentials(user), assertion)
    except (ValueError, KeyError, TypeError, ValidationError):
        return False
    return _first_use(user, "passkey:" + digest_bytes(str(challenge["challenge"]).encode()))


def qr_of(user: User, secret: str) -> str | None:
    """Return the QR code, as SVG, that an authenticator app reads ``secret`` from; None without a secret."""
    if not secret:
        return None
    adapter = get_adapter()
    return str(adapter.build_totp_svg(adapter.build_totp_url(user, secret)))


def remove_all(user: User) -> list[str]:
    """Remove every second factor of a person and return their kinds."""
    rows = Authenticator.objects.filter(user_id=user.pk)
    removed = sorted(rows.values_list("type", flat=True))
    rows.delete()
    return removed


def _first_use(user: User, key: str) -> bool:
    made = UsedProof.objects.bulk_create([UsedProof(user=user, key=key)], ignore_conflicts=True)
    return UsedProof.objects.filter(pk=made[0].pk).exists()
