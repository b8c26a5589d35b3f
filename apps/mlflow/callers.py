"""Who calls, with which token, and for which project."""

import base64
import binascii
from dataclasses import dataclass

from django.http import HttpRequest

from apps.accounts.enums import Scope
from apps.accounts.models import Token, User
from apps.accounts.services import token_for
from apps.core.budgets import Left, budget_of, spend
from apps.core.errors import Invalid, denied
from apps.mlflow.errors import CallError, NotSignedIn, NotThere
from apps.projects.models import Project
from apps.projects.queries import projects_for

#: So many projects are listed to who must choose one.
MOST_LISTED = 10
_LEFT = "_left_of_budget"


@dataclass(frozen=True)
class Caller:
    """A principal at work in one project."""

    user: User
    project: Project


def token_of(request: HttpRequest) -> Token:
    """Return the live token of a request, and count the request; raises NotSignedIn, or CallError (429).

    The budget is the one of the API. What is left of it is noted at the request, for `left_of`.
    """
    token = token_for(_secret(request.headers.get("Authorization", "")))
    if token is None:
        raise NotSignedIn
    left = spend(budget_of("principal"), str(token.user.pk))
    setattr(request, _LEFT, left)
    if not left.allowed:
        raise CallError(
            f"Too many requests. Wait {left.seconds} seconds, or log in batches.",
            code="REQUEST_LIMIT_EXCEEDED",
            status=429,
        )
    return token


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


def caller_of(token: Token, slug: str) -> Caller:
    """Return the caller in the project that the address names, or in their only one."""
    projects = projects_for(token.user)
    if slug:
        named = projects.filter(slug=slug).first()
        if named is None:
            raise NotThere(f"There is no project “{slug}”, or not for this token.")
        return Caller(token.user, named)
    found = list(projects[: MOST_LISTED + 1])
    if len(found) == 1:
        return Caller(token.user, found[0])
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
