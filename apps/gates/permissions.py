"""Who may ask, sign and withdraw. Pages, API and services ask the same functions."""

from dataclasses import dataclass

from django.utils import timezone

from apps.accounts import factors
from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.core.errors import ALLOWED, Decision, Refused, denied, not_now
from apps.gates.enums import ParticipantKind, PromotionState, ReviewState
from apps.gates.models import Approval, Delegation, Promotion, Review
from apps.projects.models import Project
from apps.projects.permissions import Right, can, role_of
from apps.registry.models import Version
from apps.registry.permissions import in_use


@dataclass(frozen=True)
class SigningRole:
    """May this person sign, and as what."""

    decision: Decision
    role: str = ""

    def __bool__(self) -> bool:
        return bool(self.decision)


def can_request(user: User, version: Version) -> Decision:
    """Contributors and owners ask for promotions; a token asks in the name of its service account."""
    return can(user, Right.REQUEST, version.model.project) and in_use(version)


def can_approve(user: User, promotion: Promotion, delegation: Delegation | None = None) -> SigningRole:
    """Decide whether a person may sign a request now, and in which role; with a delegation, in another's seat."""
    project = promotion.version.model.project
    if delegation is not None:
        return _can_approve_for(user, promotion, delegation)
    right = can(user, Right.APPROVE, project)
    if not right:
        return SigningRole(right)
    if not (now := _takes_signatures(promotion)):
        return SigningRole(now)
    role = role_of(user, project.pk)
    needed = {required.role for required in promotion.required_roles.all()}
    if role not in needed:
        roles = " and ".join(sorted(needed)) or "nobody"
        return SigningRole(denied(f"This request is signed by {roles}; you are {role} here."))
    if not (free := _has_no_other_part(user, promotion)):
        return SigningRole(free)
    return SigningRole(ALLOWED, str(role))


def demand_factors(user: User, proof: Proof, *, demanded: bool) -> None:
    """Raise Refused when a second factor is ``demanded`` and ``proof`` has none that counts.

    A code counts together with the password; alone for who has no password, because a provider signs them in.
    """
    if not demanded or proof.assertion is not None:
        return
    if not factors.has_any(user):
        raise Refused(
            "This gate demands a second factor, and you have none. Set up a passkey or an authenticator app on "
            "your page Sign-in and security, then sign.",
            code="second_factor_missing",
        )
    if not proof.code:
        raise Refused(
            "This gate demands a second factor: use your passkey, or give the code of your authenticator app.",
            code="second_factor_needed",
            field="code",
        )
    if not proof.password and user.has_usable_password():
        raise Refused("Give your password together with the code.", code="password_needed", field="password")


def _takes_signatures(promotion: Promotion) -> Decision:
    if promotion.state != PromotionState.OPEN:
        return not_now(f"This request is closed: {promotion.get_state_display().lower()}.", code="closed")
    if promotion.expires_at is not None and promotion.expires_at <= timezone.now():
        return not_now("The time of this request is over; ask for the promotion again.", code="expired")
    return ALLOWED


def _has_no_other_part(person: User, promotion: Promotion, *, called: str = "You") -> Decision:
    """Who asked or contributed does not sign, and nobody stands behind two signatures."""
    for participant in promotion.participants.all():
        if participant.person_id == person.pk and participant.kind != ParticipantKind.APPROVER:
            reason = participant.because or f"You are the {participant.kind} of this request"
            return denied(f"{reason.replace('You', called, 1)}, so someone else must sign.", code="own_work")
    for one in promotion.approvals.all():
        if one.withdrawn_at is None and person.pk in one.people:
            if one.person_id == person.pk and one.on_behalf_of_id is None:
                return not_now(f"{called} signed this already.", code="signed_already")
            return not_now(
                f"{one.signer_name} signed for another person: both count as one, so someone else must sign.",
                code="signed_already",
            )
    return ALLOWED


def _can_approve_for(user: User, promotion: Promotion, delegation: Delegation) -> SigningRole:
    """A delegate signs in the delegator's seat; what bars either of them bars both."""
    project = promotion.version.model.project
    now = timezone.now()
    runs = delegation.revoked_at is None and delegation.starts_at <= now < delegation.ends_at
    if delegation.delegate_id != user.pk or delegation.project_id != project.pk or not runs:
        return SigningRole(denied("Nobody delegated this signature to you for now.", code="not_delegated"))
    delegator = delegation.delegator
    if not user.is_person or role_of(user, project.pk) is None or not delegator.is_active:
        return SigningRole(denied("Only a member of the project can sign for another.", code="person_needed"))
    if role_of(delegator, project.pk) != delegation.role:
        return SigningRole(
            denied(f"{delegator} is not {delegation.role} here any more.", code="not_delegated")
        )
    if not (open_now := _takes_signatures(promotion)):
        return SigningRole(open_now)
    if delegation.role not in {required.role for required in promotion.required_roles.all()}:
        return SigningRole(denied(f"This request needs no signature of a {delegation.role}."))
    for person, called in ((user, "You"), (delegator, str(delegator))):
        if not (free := _has_no_other_part(person, promotion, called=called)):
            return SigningRole(free)
    return SigningRole(ALLOWED, delegation.role)


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


def can_comment(user: User, promotion: Promotion) -> Decision:
    """Every member of the project takes part in the thread, also when the request is closed."""
    if role_of(user, promotion.version.model.project_id) is None:
        return denied("Only members of the project write here.")
    return ALLOWED


def can_ask_for_seat(user: User, promotion: Promotion) -> Decision:
    """Who asked, an owner, or who could sign themselves may ask a named person to sign."""
    if promotion.state != PromotionState.OPEN:
        return not_now("The request is closed; nobody is asked to sign it any more.", code="closed")
    if promotion.requested_by.person_id == user.person_id:
        return ALLOWED
    if can(user, Right.MANAGE, promotion.version.model.project) or can_approve(user, promotion):
        return ALLOWED
    return denied("A signature is asked of a person by who asked for the promotion, an owner, or a signer.")


def can_delegate(user: User, project: Project) -> Decision:
    """Whoever signs in a project may let another member sign in their place."""
    return can(user, Right.APPROVE, project)


def can_revoke(user: User, delegation: Delegation) -> Decision:
    """A delegation is ended by who gave or has it, or by an owner of the project."""
    if delegation.revoked_at is not None or delegation.ends_at <= timezone.now():
        return not_now("This delegation has ended already.", code="ended")
    if user.person_id in {delegation.delegator_id, delegation.delegate_id}:
        return ALLOWED
    if can(user, Right.MANAGE, delegation.project):
        return ALLOWED
    return denied("A delegation is ended by who gave it, who has it, or an owner of the project.")


def can_review(user: User, review: Review) -> Decision:
    """Reviewers and risk officers start a re-review, or close it with a finding, once it is open."""
    right = can(user, Right.APPROVE, review.version.model.project)
    if not right:
        return right
    if review.state == ReviewState.SCHEDULED:
        return not_now(f"The re-review opens on {review.opens_at:%Y-%m-%d}.", code="not_open_yet")
    if review.closed_at is not None:
        return not_now(f"This re-review is closed: {review.get_state_display().lower()}.", code="closed")
    return ALLOWED
