"""The rows of the gates, one module per subject."""

from apps.gates.models.requests import Approval, Participant, Promotion, RequiredRole, Transition

__all__ = ["Approval", "Participant", "Promotion", "RequiredRole", "Transition"]
