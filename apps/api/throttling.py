"""So many requests a minute for each principal (guarantee 28: 429 with Retry-After)."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.core import budget


class _Counted(SimpleRateThrottle):
    """Counts in ``core.budget``, which keeps one number where the framework keeps the time of each request."""

    #: What the framework reads from the rate.
    num_requests: int
    duration: int
    _wait = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        spent = budget.spend(
            str(self.get_cache_key(request, view)), 1, limit=self.num_requests, seconds=self.duration
        )
        self._wait = spent.seconds
        return spent.granted > 0

    def wait(self) -> float:
        return self._wait


class PrincipalThrottle(_Counted):
    """Counts by person or service account; a stranger by the place, which a header of theirs cannot change."""

    scope = "principal"

    def get_cache_key(self, request: Request, view: Any) -> str:
        user = request.user
        who = str(user.pk) if getattr(user, "is_authenticated", False) else _place_of(request)
        return f"throttle:{who}"


class ExchangeThrottle(_Counted):
    """Counts exchanges of identity tokens by the place they come from."""

    scope = "exchange"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"throttle:exchange:{_place_of(request)}"


def _place_of(request: Request) -> str:
    """Return the address that counts: `X-Forwarded-For` only as far as the operator's own proxies wrote it.

    Where fewer wrote it than the operator says, or none, the other end of the connection counts.
    """
    try:
        return str(get_adapter().get_client_ip(request._request))
    except (ImproperlyConfigured, PermissionDenied, ValueError):
        return str(request.META.get("REMOTE_ADDR", ""))
