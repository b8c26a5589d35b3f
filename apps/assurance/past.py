"""Time travel: what was in production at a moment, who had approved it, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from apps.gates.models import Approval, Promotion, Transition
from apps.projects.models import Project
from apps.registry.enums import PRODUCTION
from apps.registry.models import Model, Version


@dataclass(frozen=True)
class Stood:
    """A model at a moment: the version that was in production, and what had brought it there."""

    model: Model
    version: Version | None
    transition: Transition | None
    promotion: Promotion | None
    approvals: tuple[Approval, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the row for packs and the interface."""
        return {
            "model": self.model.slug,
            "model_id": str(self.model.pk),
            "version": self.version.number if self.version else None,
            "version_id": str(self.version.pk) if self.version else None,
            "since": self.transition.created_at.isoformat() if self.transition else None,
            "promotion_id": str(self.promotion.pk) if self.promotion else None,
            "evidence_digest": self.promotion.evidence_digest if self.promotion else None,
            "policy": str(self.promotion.policy_revision) if self.promotion else None,
            "approvals": [approval_json(one) for one in self.approvals],
        }


def approval_json(one: Approval) -> dict[str, Any]:
    """Return a signature as it was given."""
    return {
        "id": str(one.pk),
        "promotion_id": str(one.promotion_id),
        "person_id": str(one.person_id),
        "signer_name": one.signer_name,
        "role": one.role,
        "decision": one.decision,
        "meaning": one.meaning,
        "comment": one.comment,
        "signed_at": one.signed_at.isoformat(),
        "evidence_digest": one.evidence_digest,
        "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
        "withdrawal_reason": one.withdrawal_reason,
    }


def production_on(project: Project, at: datetime) -> list[Stood]:
    """Return each model that existed at ``at`` with its version in production then, by name; four queries."""
    models = list(Model.objects.filter(project=project, created_at__lte=at).order_by("name", "pk"))
    moves = (
        Transition.objects.filter(version__model__in=models, created_at__lte=at)
        .select_related("version", "promotion__policy_revision__pack", "promotion__snapshot", "moved_by")
        .order_by("version", "-sequence")
        .distinct("version")
    )
    live = {one.version.model_id: one for one in moves if one.to_stage == PRODUCTION}
    signed: dict[Any, list[Approval]] = {}
    for approval in approvals_until(at).filter(promotion__in=[one.promotion_id for one in live.values()]):
        signed.setdefault(approval.promotion_id, []).append(approval)
    return [_stood(model, live.get(model.pk), signed) for model in models]


def approvals_until(at: datetime) -> Any:
    """Return the signatures that stood at ``at``, in the order in which they were given."""
    standing = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at)
    return Approval.objects.filter(standing, signed_at__lte=at).order_by("signed_at", "pk")


def _stood(model: Model, move: Transition | None, signed: dict[Any, list[Approval]]) -> Stood:
    if move is None:
        return Stood(model, None, None, None, ())
    move.version.model = model
    return Stood(model, move.version, move, move.promotion, tuple(signed.get(move.promotion_id, ())))
