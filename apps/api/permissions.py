"""Deny by default: a view says for each method which scope a token needs, or nobody gets in."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.enums import Scope
from apps.accounts.models import Token


class DenyByDefault(BasePermission):
    """Signed in, and with a token of the scope that the view declares in ``scopes``.

    What the principal may do in a project is decided by the services, the same as for pages.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not getattr(request.user, "is_authenticated", False):
            return False
        needed = getattr(view, "scopes", {}).get("GET" if request.method == "HEAD" else request.method)
        if needed is None:
            takes = ", ".join(sorted(getattr(view, "scopes", {}))) or "nothing"
            self.message = f"This address does not take {request.method}. It takes: {takes}."
            return False
        token = request.auth
        if isinstance(token, Token) and needed not in token.scopes:
            self.message = f"This token lacks the scope “{needed}” ({Scope(needed).label.lower()}). Issue one that has it."
            return False
        return True


class SignedIn(BasePermission):
    """Any principal: for what is about the interface itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "is_authenticated", False))
