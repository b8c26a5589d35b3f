"""The rows of the gates, one module per subject."""

from apps.gates.models.conditions import Breach, Condition, Obligation
from apps.gates.models.delegations import Delegation
from apps.gates.models.exceptions import BreakGlass, Postmortem, Rollback, Suspension
from apps.gates.models.requests import Approval, Participant, Promotion, RequiredRole, Signer, Transition
from apps.gates.models.reviews import Review
from apps.gates.models.talk import Asked, Comment, Nudge
from apps.gates.models.waivers import Waiver, WaiverGrant, WaiverParty

__all__ = [
    "Approval",
    "Asked",
    "Breach",
    "BreakGlass",
    "Comment",
    "Condition",
    "Delegation",
    "Nudge",
    "Obligation",
    "Participant",
    "Postmortem",
    "Promotion",
    "RequiredRole",
    "Review",
    "Rollback",
    "Signer",
    "Suspension",
    "Transition",
    "Waiver",
    "WaiverGrant",
    "WaiverParty",
]
