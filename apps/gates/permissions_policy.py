"""Who may let a project follow another revision of its policy."""

from uuid import UUID

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.projects.enums import MoveState, Role
from apps.projects.models import PolicyMove, Project
from apps.projects.permissions import Right, can, role_of


def can_ask_move(user: User, project: Project) -> Decision:
    """Decide whether this person may ask that the project follows another revision: an owner, and no token."""
    if not user.is_person:
        return denied(
            "Only a person can move a project to another policy; a token cannot.", code="person_needed"
        )
    return can(user, Right.MANAGE, project)


def can_confirm_move(user: User, move: PolicyMove, barred: dict[UUID, str]) -> Decision:
    """Decide whether this person may confirm the move; ``barred`` are those whom it benefits, and how."""
    if move.state != MoveState.ASKED:
        return not_now(f"This move is {move.get_state_display().lower()}.", code="closed")
    if not user.is_person:
        return denied("Only a person can confirm a move; a token cannot.", code="person_needed")
    if user.person_id == move.asked_by.person_id:
        return denied("You asked for this move, so a risk officer must confirm it.", code="own_move")
    role = role_of(user, move.project_id)
    if role != Role.RISK:
        have = f"you are {role.label.lower()} here" if role else "you have no role here"
        return denied(f"A move to another policy is confirmed by the role risk; {have}.")
    if user.person_id in barred:
        return denied(
            f"This move benefits you ({barred[user.person_id]}), so another risk officer must confirm it.",
            code="benefits",
        )
    return ALLOWED


def can_close_move(user: User, move: PolicyMove) -> Decision:
    """Decide whether this person may refuse the move, or take it back: who asked, owners and risk officers."""
    if move.state != MoveState.ASKED:
        return not_now(f"This move is {move.get_state_display().lower()}.", code="closed")
    if user.is_person and role_of(user, move.project_id) in {Role.OWNER, Role.RISK}:
        return ALLOWED
    return denied("A move is closed by an owner or a risk officer of the project.")
