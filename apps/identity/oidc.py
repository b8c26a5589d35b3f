"""Check what an OpenID Connect provider sends: only its own hosts are called, every token's signature is verified.

Source: OpenID Connect Core 1.0, section 3.1.3.7. allauth skips the signature of a token that it fetched itself over
TLS, which the standard permits; here it is always verified, and the nonce too.
"""

from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings

#: Asymmetric ones alone: with a shared secret, who can verify could also sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Clocks may differ by so many seconds.
LEEWAY = 30
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ProviderRefused(OAuth2Error):
    """What the provider sent, or where it sends us, is not acceptable."""


def demand_known_host(url: str, *, issuer: str) -> None:
    """Raise unless ``url`` is the issuer's host or one that the operator named, over TLS (loopback may do without).

    The provider's document names further addresses; a wrong one must not make this server call inside networks.
    """
    parts = urlsplit(url)
    known = {urlsplit(issuer).netloc, *settings.OIDC_HOSTS}
    if parts.netloc not in known:
        raise ProviderRefused(f"The provider names the host {parts.netloc}, which MLGOV_OIDC_HOSTS does not.")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ProviderRefused("The provider must be called over https.")


def decode(token: str, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token; raises ProviderRefused when anything about it is not right."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_key_of(token, keys),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise ProviderRefused(f"The provider's token is not acceptable: {error}.") from error
    if claims.get("azp", client_id) != client_id:
        raise ProviderRefused("The provider's token was made for another application.")
    if not nonce or claims.get("nonce") != nonce:
        raise ProviderRefused("The provider's token answers another request (nonce).")
    return claims


def _key_of(token: str, keys: dict[str, Any]) -> jwt.PyJWK:
    wanted = jwt.get_unverified_header(token).get("kid")
    usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in {None, "sig"}]
    for key in usable:
        if (wanted is None and len(usable) == 1) or key.key_id == wanted:
            return key
    raise ProviderRefused(f"The provider has no key {wanted!r}.")
