"""So many requests a minute for each principal (guarantee 28: 429 with Retry-After)."""

from abc import ABC, abstractmethod
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.budgets import Left, budget_of, spend

#: Whoever has an IPv6 address has the rest of its network too (RFC 6177 gives sites no less).
_IPV6_SITE = 64


class _Throttle(BaseThrottle, ABC):
    budget: ClassVar[str]
    _left: Left

    @abstractmethod
    def who(self, request: Request) -> str:
        """Return whom the request counts for."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self._left = spend(budget_of(self.budget), self.who(request))
        # apps/api/counted.py, which cannot be imported while its base loads this class.
        if hasattr(view, "left"):
            view.left = self._left
        return self._left.allowed

    def wait(self) -> float:
        return self._left.seconds


class PrincipalThrottle(_Throttle):
    """Counts by person or service account; a stranger by the place, which a header of theirs cannot change."""

    budget = "principal"

    def who(self, request: Request) -> str:
        user = request.user
        return str(user.pk) if getattr(user, "is_authenticated", False) else _place_of(request)


class ExchangeThrottle(_Throttle):
    """Counts exchanges of identity tokens by the place they come from."""

    budget = "exchange"

    def who(self, request: Request) -> str:
        return _place_of(request)


def _place_of(request: Request) -> str:
    """Return the address that counts: `X-Forwarded-For` only as far as the operator's own proxies wrote it.

    Where fewer wrote it than the operator says, or none, the other end of the connection counts. Of an IPv6 address
    its network counts.
    """
    try:
        said = str(get_adapter().get_client_ip(request._request))
    except (ImproperlyConfigured, PermissionDenied, ValueError):
        said = str(request.META.get("REMOTE_ADDR", ""))
    try:
        place = ip_address(said)
    except ValueError:
        return said[:100]
    if not isinstance(place, IPv6Address):
        return str(place)
    if place.ipv4_mapped is not None:
        return str(place.ipv4_mapped)
    return str(ip_network((place.packed, _IPV6_SITE), strict=False))
