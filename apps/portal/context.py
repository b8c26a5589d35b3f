"""What the frame of every page needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from apps.notifications.queries import unread_count
from apps.portal import queries

THEMES = ("system", "light", "dark")


def _inbox_count(request: HttpRequest, user: User) -> int:
    """Return what the page has counted, or count."""
    counted: int | None = getattr(request, "inbox_count", None)
    return queries.inbox_count(user) if counted is None else counted


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context; pages for people without an account get the least."""
    theme = request.COOKIES.get("theme", "system")
    frame: dict[str, Any] = {
        "theme": theme if theme in THEMES else "system",
        "themes": THEMES,
        "version": settings.VERSION,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        frame |= {
            "user_name": user.full_name,
            "can_audit": user.is_auditor or user.is_administrator,
            "can_manage_people": user.is_administrator,
            "inbox_count": _inbox_count(request, user),
            "unread": unread_count(user),
        }
    return {"shell": frame}
