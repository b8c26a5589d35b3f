"""So many requests a minute for each principal (guarantee 28: 429 with Retry-After)."""

from typing import Any

from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class PrincipalThrottle(SimpleRateThrottle):
    """Counts by person or service account; a stranger by address."""

    scope = "principal"

    def get_cache_key(self, request: Request, view: Any) -> str:
        user = request.user
        who = str(user.pk) if getattr(user, "is_authenticated", False) else self.get_ident(request)
        return f"throttle:{who}"


class ExchangeThrottle(SimpleRateThrottle):
    """Counts exchanges of identity tokens by the place they come from, which a header of the caller cannot change."""

    scope = "exchange"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"throttle:exchange:{get_adapter().get_client_ip(request._request)}"
