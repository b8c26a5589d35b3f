"""Take a signature or a request back."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.reasons import demand_reason
from apps.gates import permissions, telling
from apps.gates.enums import PromotionState
from apps.gates.models import Approval, Promotion
from apps.gates.sentences import in_words
from apps.gates.services.life import close, reread


def withdraw_approval(approval: Approval, *, by: User, reason: str) -> Approval:
    """Take a signature back while the request is open."""
    try:
        return _withdraw_approval(approval.pk, by=by, reason=reason)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _withdraw_approval(approval_id: UUID, *, by: User, reason: str) -> Approval:
    promotion_id = Approval.objects.values_list("promotion_id", flat=True).get(pk=approval_id)
    promotion = reread(promotion_id)
    approval = Approval.objects.select_related("promotion").get(pk=approval_id)
    permissions.can_withdraw_approval(by, approval).enforce()
    said = demand_reason(reason)
    governed.change(promotion)
    Approval.objects.filter(pk=approval_id).update(withdrawn_at=Now(), withdrawal_reason=said)
    audit.record(
        "gates.approval_withdrawn",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        approval=str(approval_id),
        reason=reason.strip(),
    )
    approval.refresh_from_db()
    return approval


@service
def withdraw_promotion(promotion: Promotion, *, by: User, reason: str = "") -> Promotion:
    """Take a request back."""
    current = reread(promotion.pk)
    permissions.can_withdraw_promotion(by, current).enforce()
    close(current, PromotionState.WITHDRAWN)
    audit.record(
        "gates.promotion_withdrawn",
        current,
        by=by,
        project_id=current.version.model.project_id,
        reason=reason.strip(),
    )
    told = [*telling.takers_part(current), *telling.signers_of(current)]
    telling.tell("gates.request_decided", current, told, by=by, state="withdrawn")
    return current
