"""What is done at the gates, one module per group of verbs. The database keeps the promises; this says them in words."""

from apps.gates.services.delegating import delegate, revoke_delegation
from apps.gates.services.requesting import request_promotion
from apps.gates.services.reviews import record_finding, start_review
from apps.gates.services.signing import approve
from apps.gates.services.talking import ask_for_seat, comment
from apps.gates.services.withdrawing import withdraw_approval, withdraw_promotion

__all__ = [
    "approve",
    "ask_for_seat",
    "comment",
    "delegate",
    "record_finding",
    "request_promotion",
    "revoke_delegation",
    "start_review",
    "withdraw_approval",
    "withdraw_promotion",
]
