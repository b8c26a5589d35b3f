"""States of a promotion request, and the only moves between them."""

from django.db.models import TextChoices


class PromotionState(TextChoices):
    OPEN = "open", "Waiting for approval"
    REFUSED = "refused", "Refused by the gate"
    PROMOTED = "promoted", "Promoted"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    STALE = "stale", "Stale"


#: A refused request is born refused: the gate said no, and the row keeps the reasons.
PROMOTION_MOVES: dict[str, frozenset[str]] = {
    PromotionState.OPEN: frozenset(
        {PromotionState.PROMOTED, PromotionState.REJECTED, PromotionState.WITHDRAWN, PromotionState.STALE}
    ),
    PromotionState.REFUSED: frozenset(),
    PromotionState.PROMOTED: frozenset(),
    PromotionState.REJECTED: frozenset(),
    PromotionState.WITHDRAWN: frozenset(),
    PromotionState.STALE: frozenset(),
}


class ParticipantKind(TextChoices):
    """One person is one of these in a request, by primary key."""

    REQUESTER = "requester", "Requester"
    CONTRIBUTOR = "contributor", "Contributor"
    APPROVER = "approver", "Approver"


class ApprovalDecision(TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"
    ASK_CHANGES = "ask_changes", "Ask for changes"


class TransitionKind(TextChoices):
    PROMOTED = "promoted", "Promoted by a request"
    REPLACED = "replaced", "Replaced by a newer version"
