"""A promotion request as a page shows it."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.gates import permissions, queries
from apps.gates import queries_conditions as conditions
from apps.gates.changes import staleness_of
from apps.gates.enums import PromotionState
from apps.gates.judging import gate_of
from apps.gates.models import Approval, Delegation, Promotion
from apps.gates.permissions import SigningRole
from apps.gates.showing import HOLDS, estimates_chart, ordered, to_change
from apps.policies.judge import State
from apps.policies.queries import pack_of


@dataclass(frozen=True)
class Seat:
    """A required signature: the role, how many, and who gave one."""

    role: str
    count: int
    signed: tuple[Approval, ...]

    @property
    def open(self) -> int:
        return max(0, self.count - len([one for one in self.signed if one.decision == "approve"]))


def seats_of(promotion: Promotion) -> list[Seat]:
    """Return who must sign and who has."""
    live = [one for one in promotion.approvals.all() if one.withdrawn_at is None]
    return [
        Seat(required.role, required.count, tuple(one for one in live if one.role == required.role))
        for required in sorted(promotion.required_roles.all(), key=lambda one: one.role)
    ]


def seats_to_sign(promotion: Promotion, user: User) -> dict[str, Any]:
    """Return whether and as what the user signs: in the own seat, and in those that others delegated."""
    own = permissions.can_approve(user, promotion)
    lent: list[tuple[Delegation, SigningRole]] = []
    if promotion.state == PromotionState.OPEN:
        project_id = promotion.version.model.project_id
        for one in queries.delegations_to(user).filter(project=project_id):
            signing = permissions.can_approve(user, promotion, one)
            if signing:
                lent.append((one, signing))
    choices = [("", f"myself, {own.role}")] if own else []
    choices += [(str(one.pk), f"{one.delegator}, {signing.role}") for one, signing in lent]
    return {"signing": own or (lent[0][1] if lent else own), "lent": lent, "seat_choices": choices}


def promotion_context(promotion: Promotion, *, user: User) -> dict[str, Any]:
    """Return what the pages of a request show."""
    pack = pack_of(promotion.policy_revision)
    gate = gate_of(promotion)
    criteria = ordered(promotion.verdict["criteria"])
    is_open = promotion.state == PromotionState.OPEN
    return {
        "promotion": promotion,
        "version": promotion.version,
        "project": promotion.version.model.project,
        "gate": gate,
        "meanings": gate.meanings if gate else (),
        "conditional": pack.conditional,
        "terms": conditions.terms_of_request(promotion),
        "renewed": conditions.terms_of_version(promotion.version)
        if promotion.is_review and is_open
        else None,
        "criteria": criteria,
        "held": sum(1 for one in criteria if one["state"] in HOLDS),
        "passing": sum(1 for one in criteria if one["state"] == State.PASS),
        "to_change": to_change(criteria),
        "chart": estimates_chart(criteria),
        "seats": seats_of(promotion),
        **seats_to_sign(promotion, user),
        "may_comment": permissions.can_comment(user, promotion),
        "may_ask": permissions.can_ask_for_seat(user, promotion) if is_open else None,
        "thread": list(queries.thread_of(promotion)),
        "asked": list(promotion.asked.select_related("person", "asked_by").order_by("id")),
        "may_withdraw": permissions.can_withdraw_promotion(user, promotion),
        "own": [one for one in promotion.approvals.all() if permissions.can_withdraw_approval(user, one)]
        if is_open
        else [],
        "staleness": staleness_of(promotion) if is_open else None,
        "stage_title": pack.stage_title(promotion.to_stage),
    }


def receipt(promotion: Promotion) -> str:
    """Return what a signer is told after signing."""
    if promotion.state == PromotionState.PROMOTED:
        if promotion.is_review:
            return f"Signed. The approval of {promotion.version} is confirmed."
        return f"Signed. {promotion.version} is now in {promotion.to_stage}."
    if promotion.state == PromotionState.REJECTED:
        return "Signed. The request is rejected and closed."
    return (
        f"Signed, bound to the evidence {promotion.evidence_digest[:12]}. Other signatures are still needed."
    )
