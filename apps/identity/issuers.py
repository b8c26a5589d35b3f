"""The keys of the issuers that projects trust: read over the one client for outgoing calls, and kept for a while.

Only an issuer that a trust names is ever called. Its keys are asked for again when they are an hour old, or when a
token names one that is not among them, and never twice in a minute by all processes together.
"""

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.db.models import Q
from django.utils import timezone

from apps.core.errors import Invalid, MlgovError
from apps.core.outgoing import CallFailed, call, parse
from apps.core.texts import is_storable, printable
from apps.identity import oidc
from apps.identity.models import IssuerKeys

#: So long keys are taken from the table; a key that its issuer took back is accepted for no longer than this.
FRESH = timedelta(hours=1)
#: An issuer is asked at most once in this time.
PAUSE = timedelta(minutes=1)
CALL_SECONDS = 4.0
#: How long others wait for the process that asks: two calls, and a little.
WAIT_SECONDS = 2 * CALL_SECONDS + 1
LONGEST_ISSUER = 500
MOST_BYTES = 65_536
MOST_KEYS = 64
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_PUBLIC = ("kty", "kid", "alg", "n", "e", "crv", "x", "y")


class Unacceptable(Exception):
    """A token is not taken. ``reason`` is for the owners of the project alone, ``code`` for machines."""

    def __init__(self, reason: str, *, code: str, told: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.told = told or {}


def demand_issuer(issuer: str) -> str:
    """Return the address of an issuer as it will stand in ``iss``, or raise Invalid with what is wrong about it."""
    if len(issuer) > LONGEST_ISSUER or "?" in issuer or "#" in issuer or "*" in issuer:
        raise Invalid(
            f"An issuer is an address of at most {LONGEST_ISSUER} characters, without ?, # and *.",
            code="bad_issuer",
            field="issuer",
        )
    try:
        parse(issuer)
        oidc.demand_known_host(issuer, issuer=issuer)
    except MlgovError as error:
        raise Invalid(error.sentence, code="bad_issuer", field="issuer") from None
    except oidc.ProviderRefused:
        raise Invalid("An issuer is called over https.", code="bad_issuer", field="issuer") from None
    return issuer


def key_for(issuer: str, *, kid: str | None, algorithm: str) -> jwt.PyJWK:
    """Return the issuer's public key that a token names; raises Unacceptable when there is none, or no answer."""
    found = _pick(_held(issuer), kid, algorithm) or _pick(_renewed(issuer), kid, algorithm)
    if found is None:
        trouble = IssuerKeys.objects.filter(issuer=issuer).values_list("error", flat=True).first()
        raise Unacceptable(
            trouble or "The issuer has no key of the name and kind that the token says.", code="unknown_key"
        )
    return found


def _held(issuer: str) -> list[dict[str, Any]]:
    """Return the keys in the table while they are fresh."""
    fresh = IssuerKeys.objects.filter(issuer=issuer, fetched_at__gt=timezone.now() - FRESH)
    return fresh.values_list("keys", flat=True).first() or []


def _pick(keys: list[dict[str, Any]], kid: str | None, algorithm: str) -> jwt.PyJWK | None:
    """Return the one key that is meant; two that fit are none."""
    named = keys if kid is None and len(keys) == 1 else [key for key in keys if key.get("kid") == kid]
    fitting = [
        key for key in named if key["kty"] == _KINDS[algorithm[:2]] and key.get("alg", algorithm) == algorithm
    ]
    if len(fitting) != 1:
        return None
    try:
        return jwt.PyJWK(fitting[0], algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None


def _renewed(issuer: str) -> list[dict[str, Any]]:
    """Ask the issuer, or wait for who is asking; within a minute of the last time return what there is."""
    if _claim(issuer):
        return _asked(issuer)
    ends = time.monotonic() + WAIT_SECONDS
    while _is_being_asked(issuer) and time.monotonic() < ends:
        time.sleep(0.1)
    return _held(issuer)


def _claim(issuer: str) -> bool:
    """Take the turn to ask; of all processes one has it in each ``PAUSE``."""
    IssuerKeys.objects.get_or_create(issuer=issuer)
    now = timezone.now()
    due = Q(tried_at__isnull=True) | Q(tried_at__lte=now - PAUSE)
    return bool(IssuerKeys.objects.filter(due, issuer=issuer).update(tried_at=now, ended_at=None))


def _is_being_asked(issuer: str) -> bool:
    begun = timezone.now() - timedelta(seconds=WAIT_SECONDS)
    return IssuerKeys.objects.filter(issuer=issuer, tried_at__gt=begun, ended_at__isnull=True).exists()


def _asked(issuer: str) -> list[dict[str, Any]]:
    row = IssuerKeys.objects.filter(issuer=issuer)
    try:
        keys = _fetch(issuer)
    except (CallFailed, oidc.ProviderRefused, MlgovError) as error:
        row.update(
            ended_at=timezone.now(), error=printable(f"The issuer's keys cannot be read: {error}", most=500)
        )
        return []
    now = timezone.now()
    row.update(keys=keys, fetched_at=now, ended_at=now, error="")
    return keys


def _fetch(issuer: str) -> list[dict[str, Any]]:
    """Read the issuer's document, and the keys where it says (OpenID Connect Discovery 1.0, section 4)."""
    document = _read(issuer.removesuffix("/") + "/.well-known/openid-configuration", issuer)
    if document.get("issuer") != issuer:
        raise oidc.ProviderRefused("its document names another issuer.")
    address = document.get("jwks_uri")
    if not isinstance(address, str):
        raise oidc.ProviderRefused("its document does not say where they are.")
    keys = _read(address, issuer).get("keys")
    if not isinstance(keys, list):
        raise oidc.ProviderRefused("there is no list of keys where its document says.")
    return [_public(key) for key in keys[:MOST_KEYS] if _is_usable(key)]


def _read(address: str, issuer: str) -> dict[str, Any]:
    # What is no URL at all is refused in words before its host is looked at.
    parse(address)
    oidc.demand_known_host(address, issuer=issuer)
    answer = call(
        "GET", address, headers={"Accept": "application/json"}, seconds=CALL_SECONDS, max_bytes=MOST_BYTES
    )
    host = urlsplit(address).netloc
    if answer.status != 200 or answer.truncated:
        raise oidc.ProviderRefused(
            f"{host} answered {answer.status}" + (", and too much." if answer.truncated else ".")
        )
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise oidc.ProviderRefused(f"{host} did not answer JSON.") from None
    if not isinstance(found, dict):
        raise oidc.ProviderRefused(f"{host} did not answer an object.")
    return found


def _is_usable(key: Any) -> bool:
    """Public keys that verify: a shared secret among them would let whoever reads it sign."""
    if not isinstance(key, dict) or key.get("kty") not in tuple(_KINDS.values()):
        return False
    operations = key.get("key_ops", ["verify"])
    return key.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _public(key: dict[str, Any]) -> dict[str, str]:
    """Return what is kept of a key: texts, and none of its private parts should an issuer show them."""
    return {name: key[name] for name in _PUBLIC if isinstance(key.get(name), str) and is_storable(key[name])}
