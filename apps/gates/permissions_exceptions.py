"""Who may make an exception. Pages, API and services ask the same functions."""

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.gates.enums import WaiverPart, WaiverState
from apps.gates.models import Waiver
from apps.projects.models import Project
from apps.projects.permissions import Right, can, role_of
from apps.registry.models import Version


def demand_role(user: User, project: Project, roles: tuple[str, ...], act: str) -> Decision:
    """Decide whether a person has one of the roles that the policy names for an act."""
    if not user.is_person:
        return denied(f"Only a person can {act}; a token cannot.", code="person_needed")
    role = role_of(user, project.pk)
    if role in roles:
        return ALLOWED
    wanted = " or ".join(roles) or "nobody"
    have = f"you are {role} here" if role else "you have no role here"
    return denied(f"By this project's policy {wanted} may {act}; {have}.")


def can_ask_waiver(user: User, version: Version) -> Decision:
    """Whoever may ask for a promotion may ask for a waiver; the answer is somebody else's."""
    return can(user, Right.REQUEST, version.model.project)


def can_grant_waiver(user: User, waiver: Waiver) -> Decision:
    """Decide whether a person may grant: the role that the policy names, and no part in the version."""
    decision = demand_role(user, waiver.version.model.project, (waiver.granted_by_role,), "grant waivers")
    if not decision:
        return decision
    if waiver.state != WaiverState.ASKED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    for party in waiver.parties.all():
        if party.person_id == user.pk and party.kind != WaiverPart.GRANTER:
            return denied(f"{party.because}, so someone else must grant it.", code="own_work")
    return ALLOWED


def can_refuse_waiver(user: User, waiver: Waiver) -> Decision:
    """Who asked takes a waiver back; who may grant waivers refuses it."""
    if waiver.state != WaiverState.ASKED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    if waiver.asked_by.person_id == user.person_id:
        return ALLOWED
    return demand_role(user, waiver.version.model.project, (waiver.granted_by_role,), "refuse waivers")


def can_revoke_waiver(user: User, waiver: Waiver) -> Decision:
    """Who may grant waivers, or owns the project, ends one."""
    if waiver.state != WaiverState.GRANTED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    roles = tuple(dict.fromkeys((waiver.granted_by_role, "owner")))
    return demand_role(user, waiver.version.model.project, roles, "revoke waivers")
