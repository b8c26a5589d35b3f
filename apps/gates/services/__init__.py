"""What is done at the gates, one module per group of verbs. The database keeps the promises; this says them in words."""

from apps.gates.services.requesting import request_promotion
from apps.gates.services.signing import approve
from apps.gates.services.withdrawing import withdraw_approval, withdraw_promotion

__all__ = ["approve", "request_promotion", "withdraw_approval", "withdraw_promotion"]
