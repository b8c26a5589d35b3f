"""A promotion request as a page shows it."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.evidence.services import collect
from apps.gates import permissions
from apps.gates.enums import PromotionState
from apps.gates.models import Approval, Promotion
from apps.gates.showing import HOLDS, estimates_chart, ordered, to_change
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


def promotion_context(promotion: Promotion, *, user: User) -> dict[str, Any]:
    """Return what the pages of a request show."""
    pack = pack_of(promotion.policy_revision)
    rule = pack.transition(promotion.from_stage, promotion.to_stage)
    gate = pack.gate(rule.gate) if rule else None
    criteria = ordered(promotion.verdict["criteria"])
    is_open = promotion.state == PromotionState.OPEN
    return {
        "promotion": promotion,
        "version": promotion.version,
        "project": promotion.version.model.project,
        "gate": gate,
        "meanings": gate.meanings if gate else (),
        "criteria": criteria,
        "held": sum(1 for one in criteria if one["state"] in HOLDS),
        "to_change": to_change(criteria),
        "chart": estimates_chart(criteria),
        "seats": seats_of(promotion),
        "signing": permissions.can_approve(user, promotion),
        "may_withdraw": permissions.can_withdraw_promotion(user, promotion),
        "own": [one for one in promotion.approvals.all() if permissions.can_withdraw_approval(user, one)]
        if is_open
        else [],
        "stale": is_open and collect(promotion.version).digest != promotion.evidence_digest,
        "stage_title": pack.stage_title(promotion.to_stage),
    }


def receipt(promotion: Promotion) -> str:
    """Return what a signer is told after signing."""
    if promotion.state == PromotionState.PROMOTED:
        return f"Signed. {promotion.version} is now in {promotion.to_stage}."
    if promotion.state == PromotionState.REJECTED:
        return "Signed. The request is rejected and closed."
    return (
        f"Signed, bound to the evidence {promotion.evidence_digest[:12]}. Other signatures are still needed."
    )
