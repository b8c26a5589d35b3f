"""Who may enter exchange rates, which hold for every project."""

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied


def can_enter_rates(user: User) -> Decision:
    """Decide whether this user may enter rates: administrators alone, since they move every project's figures."""
    if user.is_administrator:
        return ALLOWED
    return denied(
        "Exchange rates hold for every project, so an administrator of the site enters them. Ask one."
    )
