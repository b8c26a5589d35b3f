"""Nobody works with a password that somebody else knows, or without a second factor where the site demands one."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from apps.accounts import factors
from apps.accounts.models import User

#: What stays open to somebody who must set up their sign-in first.
_OPEN = frozenset(
    {
        *("account_logout", "account_change_password", "account_set_password", "account_reauthenticate"),
        *("portal:theme", "usersessions_list"),
    }
)
_OPEN_BEGINNING = "mfa_"


class OwnCredentialsMiddleware:
    """Lead people whose sign-in is not their own yet to the page where they make it so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._detour(request)
        return self.get_response(request) if answer is None else answer

    def _detour(self, request: HttpRequest) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User):
            return None
        missing = _what_is_missing(user)
        if missing is None:
            return None
        place, sentence = missing
        name = _name_of(request)
        if name in _OPEN or name.startswith(_OPEN_BEGINNING):
            return None
        if request.path_info.startswith("/api/"):
            problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": sentence}
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        messages.warning(request, sentence)
        return redirect(place)


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


def _what_is_missing(user: User) -> tuple[str, str] | None:
    """Return the page to go to and why, or None when all is there."""
    if user.temporary_password_until is not None:
        return (
            "account_change_password",
            "Your password was given to you by somebody else. Choose your own to go on.",
        )
    demanded = settings.REQUIRE_SECOND_FACTOR
    if demanded == "everyone" or (demanded == "administrators" and user.is_administrator):
        if not factors.has_any(user):
            return (
                "mfa_index",
                "A second factor is demanded here. Set up a passkey or a code to go on.",
            )
    return None
