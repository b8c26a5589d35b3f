"""What a signer is asked for to confirm that it is them."""

from apps.accounts.confirming import ConfirmationAsked, confirmation_of
from apps.accounts.models import User
from apps.gates.models import Promotion


def asked_of(user: User, promotion: Promotion) -> ConfirmationAsked:
    """Return what this person is asked for when they sign this request."""
    return confirmation_of(user, demanded=promotion.needs_second_factor)
