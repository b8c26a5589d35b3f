"""Who calls, with which token, and for which project."""

import base64
import binascii
from dataclasses import dataclass

from django.http import HttpRequest

from apps.accounts.enums import Scope
from apps.accounts.models import Token, User
from apps.accounts.services import (
    BEARER_COLUMNS,
    BEARER_IS_LIVE,
    BEARER_ROWS,
    BEARER_WIDTH,
    digest_of,
    shown_token,
)
from apps.core.budgets import Left, budget_of, spend
from apps.core.errors import Invalid, denied
from apps.core.statements import rows
from apps.mlflow.errors import CallError, NotSignedIn, NotThere
from apps.projects.models import Project
from apps.projects.queries import MEMBERSHIPS, membership_in, projects_for

#: So many projects are listed to who must choose one.
MOST_LISTED = 10
_LEFT = "_left_of_budget"
_SHOWN = f"""
SELECT {BEARER_COLUMNS}, reached.* FROM {BEARER_ROWS} LEFT JOIN LATERAL ({MEMBERSHIPS}) reached ON true WHERE {BEARER_IS_LIVE}
"""  # noqa: S608 - written here


@dataclass(frozen=True)
class Caller:
    """A principal at work in one project, with the token that it showed."""

    user: User
    project: Project
    token: Token


@dataclass(frozen=True)
class Shown:
    """The token that a request shows, and the projects that its principal is a member of: of one slug, or all of them."""

    token: Token
    projects: list[Project]


def shown_by(request: HttpRequest, slug: str = "") -> Shown:
    """Return what a request shows, and count it; raises NotSignedIn, or CallError (429). One statement.

    The budget is the one of the API. What is left of it is noted at the request, for `left_of`.
    """
    digest = digest_of(_secret(request.META.get("HTTP_AUTHORIZATION", "")))
    found = rows(_SHOWN, {"digest": digest, "slug": slug, "most": MOST_LISTED + 1}) if digest else []
    if not found:
        raise NotSignedIn
    token = shown_token(found[0])
    left = spend(budget_of("principal"), str(token.user.pk))
    setattr(request, _LEFT, left)
    if not left.allowed:
        raise CallError(
            f"Too many requests. Wait {left.seconds} seconds, or log in batches.",
            code="REQUEST_LIMIT_EXCEEDED",
            status=429,
        )
    reached = [one[BEARER_WIDTH:] for one in found if one[BEARER_WIDTH] is not None]
    return Shown(token, [membership_in(one, token.user) for one in reached])


def left_of(request: HttpRequest) -> Left | None:
    """Return what is left of the budget that a request was counted in; None where it was not counted."""
    left: Left | None = getattr(request, _LEFT, None)
    return left


def _secret(header: str) -> str:
    """Return the token of ``Bearer <token>``, or the password of Basic."""
    scheme, _, given = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def demand_scope(token: Token, scope: Scope) -> None:
    """Raise Forbidden when the token lacks the scope."""
    if scope not in token.scopes:
        denied(
            f"This token lacks the scope “{scope}” ({scope.label.lower()}). Issue one that has it.",
            code="no_scope",
        ).enforce()


def caller_of(shown: Shown, slug: str) -> Caller:
    """Return the caller in the project that the address names, or in their only one."""
    token, found = shown.token, shown.projects
    if token.user.is_auditor or token.user.is_administrator:
        seen = projects_for(token.user)
        found = list(seen.filter(slug=slug) if slug else seen[: MOST_LISTED + 1])
    if slug and not found:
        raise NotThere(f"There is no project “{slug}”, or not for this token.")
    if len(found) == 1:
        return Caller(token.user, found[0], token)
    if not found:
        denied(
            "The account of this token is a member of no project. Ask an owner to add it.", code="no_project"
        ).enforce()
    names = ", ".join(one.slug for one in found[:MOST_LISTED]) + (
        " and others" if len(found) > MOST_LISTED else ""
    )
    raise Invalid(
        f"This token reaches several projects ({names}). Name one in MLFLOW_TRACKING_URI: "
        "https://<host>/mlflow/projects/<project>.",
        code="which_project",
    )
