"""States of a promotion request, and the only moves between them."""

from django.db.models import TextChoices


class PromotionState(TextChoices):
    OPEN = "open", "Waiting for approval"
    REFUSED = "refused", "Refused by the gate"
    PROMOTED = "promoted", "Promoted"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    STALE = "stale", "Stale"
    EXPIRED = "expired", "Expired"


#: A refused request is born refused: the gate said no, and the row keeps the reasons.
PROMOTION_MOVES: dict[str, frozenset[str]] = {
    PromotionState.OPEN: frozenset(
        {
            PromotionState.PROMOTED,
            PromotionState.REJECTED,
            PromotionState.WITHDRAWN,
            PromotionState.STALE,
            PromotionState.EXPIRED,
        }
    ),
    PromotionState.REFUSED: frozenset(),
    PromotionState.PROMOTED: frozenset(),
    PromotionState.REJECTED: frozenset(),
    PromotionState.WITHDRAWN: frozenset(),
    PromotionState.STALE: frozenset(),
    PromotionState.EXPIRED: frozenset(),
}


class Purpose(TextChoices):
    """What a request is for: a move, or confirming an approval whose validity ends."""

    PROMOTE = "promote", "Promotion"
    REVIEW = "review", "Re-review"


class ReviewState(TextChoices):
    SCHEDULED = "scheduled", "Valid"
    OPEN = "due", "Re-review is open"
    OVERDUE = "overdue", "Re-review is overdue"
    CONFIRMED = "confirmed", "Confirmed"
    FINDING = "finding", "Closed with a finding"
    MOOT = "moot", "Left the stage"


REVIEW_LIVE = frozenset({ReviewState.SCHEDULED, ReviewState.OPEN, ReviewState.OVERDUE})
#: After a finding the next review of the same date is open at once: the finding does not renew the approval.
REVIEW_MOVES: dict[str, frozenset[str]] = {
    ReviewState.SCHEDULED: frozenset({ReviewState.OPEN, ReviewState.OVERDUE, ReviewState.MOOT}),
    ReviewState.OPEN: frozenset(
        {ReviewState.OVERDUE, ReviewState.CONFIRMED, ReviewState.FINDING, ReviewState.MOOT}
    ),
    ReviewState.OVERDUE: frozenset({ReviewState.CONFIRMED, ReviewState.FINDING, ReviewState.MOOT}),
    ReviewState.CONFIRMED: frozenset(),
    ReviewState.FINDING: frozenset(),
    ReviewState.MOOT: frozenset(),
}


class NudgeKind(TextChoices):
    REMIND = "remind", "Reminder"
    ESCALATE = "escalate", "Escalation"


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
    ROLLED_BACK = "rolled_back", "Rolled back"
    SUSPENDED = "suspended", "Suspended"


class WaiverState(TextChoices):
    ASKED = "asked", "Waits to be granted"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVOKED = "revoked", "Revoked"
    ENDED = "ended", "Ended"


#: A granted waiver is over when its time is, whether or not its row has been marked as ended yet.
WAIVER_MOVES: dict[str, frozenset[str]] = {
    WaiverState.ASKED: frozenset(
        {WaiverState.GRANTED, WaiverState.REFUSED, WaiverState.WITHDRAWN, WaiverState.ENDED}
    ),
    WaiverState.GRANTED: frozenset({WaiverState.REVOKED, WaiverState.ENDED}),
    WaiverState.REFUSED: frozenset(),
    WaiverState.WITHDRAWN: frozenset(),
    WaiverState.REVOKED: frozenset(),
    WaiverState.ENDED: frozenset(),
}


class WaiverPart(TextChoices):
    """One person is one of these to a waiver, by primary key."""

    ASKER = "asker", "Asker"
    CONTRIBUTOR = "contributor", "Contributor"
    GRANTER = "granter", "Granter"


class PromotionKind(TextChoices):
    ORDINARY = "ordinary", "Through the gate"
    BREAK_GLASS = "break_glass", "Past the gate (break-glass)"


class PostmortemState(TextChoices):
    OPEN = "open", "To be reviewed"
    CLOSED = "closed", "Reviewed"


#: A review is closed once, by somebody else than who caused it.
POSTMORTEM_MOVES: dict[str, frozenset[str]] = {
    PostmortemState.OPEN: frozenset({PostmortemState.CLOSED}),
    PostmortemState.CLOSED: frozenset(),
}


class ConditionState(TextChoices):
    PROPOSED = "proposed", "Comes into force with the promotion"
    IN_FORCE = "in_force", "In force"
    OVER = "over", "Over"
    DROPPED = "dropped", "Never came into force"


#: It is over when the version leaves the stage or a newer approval takes the place of its own; a rollback revives it.
CONDITION_MOVES: dict[str, frozenset[str]] = {
    ConditionState.PROPOSED: frozenset({ConditionState.IN_FORCE, ConditionState.DROPPED}),
    ConditionState.IN_FORCE: frozenset({ConditionState.OVER}),
    ConditionState.OVER: frozenset({ConditionState.IN_FORCE}),
    ConditionState.DROPPED: frozenset(),
}


class BreachState(TextChoices):
    OPEN = "open", "Does not hold"
    CLEARED = "cleared", "Cleared"


#: One breach is one episode: the next time is another row.
BREACH_MOVES: dict[str, frozenset[str]] = {
    BreachState.OPEN: frozenset({BreachState.CLEARED}),
    BreachState.CLEARED: frozenset(),
}


class ObligationState(TextChoices):
    PROPOSED = "proposed", "Comes into force with the promotion"
    OPEN = "open", "To be fulfilled"
    FULFILLED = "fulfilled", "Waits for confirmation"
    CONFIRMED = "confirmed", "Confirmed"
    DROPPED = "dropped", "Never came into force"


#: What is said to be fulfilled counts once an approver confirms it; one sent back is open again.
OBLIGATION_MOVES: dict[str, frozenset[str]] = {
    ObligationState.PROPOSED: frozenset({ObligationState.OPEN, ObligationState.DROPPED}),
    ObligationState.OPEN: frozenset({ObligationState.FULFILLED}),
    ObligationState.FULFILLED: frozenset({ObligationState.CONFIRMED, ObligationState.OPEN}),
    ObligationState.CONFIRMED: frozenset(),
    ObligationState.DROPPED: frozenset(),
}
OBLIGATION_OWED = frozenset({ObligationState.OPEN, ObligationState.FULFILLED})
