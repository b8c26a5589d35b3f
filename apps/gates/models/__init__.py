"""The rows of the gates, one module per subject."""

from apps.gates.models.exceptions import BreakGlass, Postmortem, Rollback, Suspension
from apps.gates.models.requests import Approval, Participant, Promotion, RequiredRole, Transition
from apps.gates.models.waivers import Waiver, WaiverGrant, WaiverParty

__all__ = [
    "Approval",
    "BreakGlass",
    "Participant",
    "Postmortem",
    "Promotion",
    "RequiredRole",
    "Rollback",
    "Suspension",
    "Transition",
    "Waiver",
    "WaiverGrant",
    "WaiverParty",
]
