"""The rows of the gates, one module per subject."""

from apps.gates.models.delegations import Delegation
from apps.gates.models.requests import Approval, Participant, Promotion, RequiredRole, Signer, Transition
from apps.gates.models.reviews import Review
from apps.gates.models.talk import Asked, Comment, Nudge

__all__ = [
    "Approval",
    "Asked",
    "Comment",
    "Delegation",
    "Nudge",
    "Participant",
    "Promotion",
    "RequiredRole",
    "Review",
    "Signer",
    "Transition",
]
