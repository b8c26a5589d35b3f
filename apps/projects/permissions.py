"""Who may do what in a project: one table, read by pages, API and services alike."""

import time
from enum import StrEnum
from uuid import UUID

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied
from apps.core.memory import once
from apps.projects.enums import Role
from apps.projects.models import Membership, Project

_NOTED = "_noted_roles"
#: A request that streams a file may take as long as its sender likes: who writes after so long is asked for anew.
NOTED_SECONDS = 30.0


class Right(StrEnum):
    """A kind of act, named by what a person wants to do."""

    READ = "read this project"
    CONTRIBUTE = "add runs, versions, evidence and costs"
    ANSWER = "answer checklists and write the model card"
    SCORE = "score the rubric"
    REQUEST = "ask for a promotion"
    APPROVE = "sign promotions"
    DECIDE = "decide about findings"
    MANAGE = "manage members, budget and policy"


_READERS = frozenset(Role)
#: Right -> the roles that have it. An administrator or auditor reads; neither may approve.
ROLES: dict[Right, frozenset[Role]] = {
    Right.READ: _READERS,
    Right.CONTRIBUTE: frozenset({Role.CONTRIBUTOR, Role.OWNER}),
    Right.ANSWER: frozenset({Role.CONTRIBUTOR, Role.REVIEWER, Role.RISK, Role.OWNER}),
    Right.SCORE: frozenset({Role.REVIEWER, Role.RISK}),
    Right.REQUEST: frozenset({Role.CONTRIBUTOR, Role.OWNER}),
    Right.APPROVE: frozenset({Role.REVIEWER, Role.RISK}),
    Right.DECIDE: frozenset({Role.RISK, Role.OWNER}),
    Right.MANAGE: frozenset({Role.OWNER}),
}


def note_role(user: User, project_id: UUID, role: Role) -> None:
    """Note the role with which a principal came, for NOTED_SECONDS of the one request that has this very object of theirs."""
    user.__dict__.setdefault(_NOTED, {})[project_id] = role, time.monotonic()


@once
def role_of(user: User, project_id: UUID) -> Role | None:
    """Return the user's role in the project, or None for a stranger."""
    noted: tuple[Role, float] | None = user.__dict__.get(_NOTED, {}).get(project_id)
    if noted is not None and time.monotonic() - noted[1] < NOTED_SECONDS:
        return noted[0]
    value = Membership.objects.filter(project_id=project_id, user=user).values_list("role", flat=True).first()
    return Role(value) if value else None


def may_see_project(user: User, project_id: UUID) -> bool:
    """Tell whether the project exists for this user: its members, auditors and administrators see it."""
    return user.is_auditor or user.is_administrator or role_of(user, project_id) is not None


def can(user: User, right: Right, project: Project) -> Decision:
    """Decide whether ``user`` has ``right`` in ``project``; the reason names the roles that do."""
    role = role_of(user, project.pk)
    if right == Right.READ and (user.is_auditor or user.is_administrator):
        return ALLOWED
    if right == Right.APPROVE and not user.is_person:
        return denied("Only a person can sign; a token cannot.", code="person_needed")
    if role in ROLES[right]:
        return ALLOWED
    return denied(_missing(right, role))


def can_change_jobs(user: User, project_id: UUID) -> Decision:
    """Decide whether ``user`` stops or repeats jobs of others in a project: whoever writes there."""
    role = role_of(user, project_id)
    return ALLOWED if role in ROLES[Right.ANSWER] else denied(_missing(Right.ANSWER, role))


def _missing(right: Right, role: Role | None) -> str:
    allowed = " or ".join(entry.label.lower() for entry in Role if entry in ROLES[right])
    have = f"You are {role.label.lower()} here" if role else "You have no role here"
    return f"{have}; to {right.value} takes the role {allowed}. Ask an owner of the project."
