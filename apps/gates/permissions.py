"""Who may ask, sign and withdraw. Pages, API and services ask the same functions."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.gates.enums import ParticipantKind, PromotionState
from apps.gates.models import Approval, Promotion
from apps.projects.permissions import Right, can, role_of
from apps.registry.models import Version
from apps.registry.permissions import not_retired


@dataclass(frozen=True)
class SigningRole:
    """May this person sign, and as what."""

    decision: Decision
    role: str = ""

    def __bool__(self) -> bool:
        return bool(self.decision)


def can_request(user: User, version: Version) -> Decision:
    """Contributors and owners ask for promotions; a token asks in the name of its service account."""
    return can(user, Right.REQUEST, version.model.project) and not_retired(version.model)


def can_approve(user: User, promotion: Promotion) -> SigningRole:
    """Decide whether a person may sign a request now, and in which role."""
    project = promotion.version.model.project
    right = can(user, Right.APPROVE, project)
    if not right:
        return SigningRole(right)
    if promotion.state != PromotionState.OPEN:
        return SigningRole(
            not_now(f"This request is closed: {promotion.get_state_display().lower()}.", code="closed")
        )
    role = role_of(user, project.pk)
    needed = {required.role for required in promotion.required_roles.all()}
    if role not in needed:
        roles = " and ".join(sorted(needed)) or "nobody"
        return SigningRole(denied(f"This request is signed by {roles}; you are {role} here."))
    for participant in promotion.participants.all():
        if participant.person_id == user.pk and participant.kind != ParticipantKind.APPROVER:
            reason = participant.because or f"You are the {participant.kind} of this request"
            return SigningRole(denied(f"{reason}, so someone else must sign.", code="own_work"))
    if any(one.person_id == user.pk and one.withdrawn_at is None for one in promotion.approvals.all()):
        return SigningRole(not_now("You signed this already.", code="signed_already"))
    return SigningRole(ALLOWED, str(role))


def can_withdraw_approval(user: User, approval: Approval) -> Decision:
    """A signature is taken back by who gave it, while the request is open."""
    if approval.person_id != user.pk:
        return denied("A signature can only be withdrawn by who gave it.")
    if approval.withdrawn_at is not None:
        return not_now("This signature is withdrawn already.", code="withdrawn_already")
    if approval.promotion.state != PromotionState.OPEN:
        return not_now("The request is closed; its signatures stay.", code="closed")
    return ALLOWED


def can_withdraw_promotion(user: User, promotion: Promotion) -> Decision:
    """A request is withdrawn by who asked, or by an owner of the project."""
    if promotion.state != PromotionState.OPEN:
        return not_now(f"This request is closed: {promotion.get_state_display().lower()}.", code="closed")
    if promotion.requested_by.person_id == user.person_id:
        return ALLOWED
    owner = can(user, Right.MANAGE, promotion.version.model.project)
    return (
        owner
        if owner
        else denied("A request is withdrawn by who asked for it, or by an owner of the project.")
    )
