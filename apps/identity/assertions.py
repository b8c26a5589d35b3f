"""Check the identity token that a pipeline shows: a JSON Web Token of an issuer that a project trusts.

Sources: RFC 7519 and RFC 8725 (best current practices of JSON Web Tokens), OpenID Connect Core 1.0, section 3.1.3.7.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.utils import timezone

from apps.core.canonical import digest_bytes
from apps.identity import issuers
from apps.identity.claims import told_by
from apps.identity.issuers import Unacceptable
from apps.identity.oidc import ALGORITHMS, LEEWAY

LONGEST = 16_384
#: So long after it was issued a token may be exchanged, whatever its own end.
MAX_AGE = timedelta(minutes=15)
#: How long a used token is remembered after nobody would take it any more: clocks of several machines differ.
REMEMBERED = timedelta(minutes=10)
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
#: What reading a token may raise: numbers beyond all bounds and JSON without end are among it.
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)
_REASONS: dict[type[Exception], tuple[str, str]] = {
    jwt.ExpiredSignatureError: ("expired", "It has run out."),
    jwt.ImmatureSignatureError: ("not_yet", "It is not valid yet, or was issued in the future."),
    jwt.InvalidIssuerError: ("wrong_issuer", "It is of another issuer."),
    jwt.InvalidAudienceError: ("wrong_audience", "It was made for another audience."),
    jwt.MissingRequiredClaimError: ("claim_missing", "It lacks one of iss, sub, aud, exp and iat."),
    jwt.InvalidKeyError: ("weak_key", "The issuer's key is too short."),
    jwt.InvalidSignatureError: ("bad_signature", "The issuer's key did not sign it."),
}


@dataclass(frozen=True)
class Assertion:
    """What a token says, and ``key`` by which it is known again; after ``until`` nobody takes it."""

    claims: dict[str, Any]
    key: str
    until: datetime


def verify(token: str, *, issuer: str, audiences: tuple[str, ...]) -> Assertion:
    """Return what a token says that ``issuer`` signed for exactly one of ``audiences``; raises Unacceptable."""
    key = _key_of(token, issuer)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=list(audiences),
            leeway=LEEWAY,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
    except _UNREADABLE as error:
        code, reason = _REASONS.get(type(error), ("malformed", "It is not formed as such tokens are."))
        raise Unacceptable(reason, code=code) from error
    _demand_types(claims)
    _demand_one_audience(claims)
    return Assertion(claims, _name_of(token, claims), _end_of(claims))


def _end_of(claims: dict[str, Any]) -> datetime:
    """Return until when the token must be remembered, or refuse one that was issued too long ago."""
    now = timezone.now()
    age = timedelta(seconds=LEEWAY) + MAX_AGE
    if int(now.timestamp()) - int(claims["iat"]) > age.total_seconds():
        minutes = MAX_AGE // timedelta(minutes=1)
        raise Unacceptable(
            f"It is older than {minutes} minutes. Exchange it in the first step of the job.",
            code="too_old",
            told=told_by(claims),
        )
    return now + age + timedelta(seconds=LEEWAY) + REMEMBERED


def _key_of(token: str, issuer: str) -> jwt.PyJWK:
    """Find the key before anything of the payload is looked at."""
    if len(token) > LONGEST or not token.isascii():
        raise Unacceptable(f"It has more than {LONGEST} characters, or strange ones.", code="malformed")
    try:
        header = jwt.get_unverified_header(token)
    except _UNREADABLE as error:
        raise Unacceptable("It is no JSON Web Token.", code="malformed") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise Unacceptable(
            "It is signed by an algorithm that is not taken; public keys alone are.", code="bad_algorithm"
        )
    # Other kinds of tokens of the same issuer have types of their own (RFC 8725, section 3.11).
    if "crit" in header or str(header.get("typ", "JWT")).upper() != "JWT" or not isinstance(kid, str | None):
        raise Unacceptable("It is another kind of token than an identity token.", code="bad_header")
    return issuers.key_for(issuer, kid=kid, algorithm=algorithm)


def _demand_types(claims: dict[str, Any]) -> None:
    """Times are numbers (RFC 7519, section 2), which the library also reads from texts and truth values."""
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unacceptable(f"Its {name} is no number.", code="malformed", told=told_by(claims))


def _demand_one_audience(claims: dict[str, Any]) -> None:
    """A token that others take as well could be shown here by them."""
    named = claims["aud"]
    if isinstance(named, list) and len(named) != 1:
        raise Unacceptable("It was made for several audiences.", code="wrong_audience", told=told_by(claims))


def _name_of(token: str, claims: dict[str, Any]) -> str:
    """Return by what a token is known again: the issuer's own id for it, else what was signed.

    The signature is no part of it: some algorithms have several that are right for one text.
    """
    own = claims.get("jti")
    name = ["jti", own] if own else ["signed", token.rpartition(".")[0]]
    return digest_bytes(json.dumps([claims["iss"], *name]).encode())
