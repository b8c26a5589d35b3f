"""The rows of the gates, one module per subject."""

from apps.gates.models.requests import Approval, Participant, Promotion, RequiredRole, Transition
from apps.gates.models.waivers import Waiver, WaiverGrant, WaiverParty

__all__ = [
    "Approval",
    "Participant",
    "Promotion",
    "RequiredRole",
    "Transition",
    "Waiver",
    "WaiverGrant",
    "WaiverParty",
]
