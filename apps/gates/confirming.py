"""What a signer is asked for to confirm that it is them."""

from dataclasses import dataclass

from apps.accounts import factors
from apps.accounts.models import User
from apps.gates.models import Promotion


@dataclass(frozen=True)
class ConfirmationAsked:
    """Which fields the form has, whether the gate demands a second factor, and whether the signer has none."""

    password: bool
    code: bool
    passkey: bool
    demanded: bool = False

    @property
    def must_set_up(self) -> bool:
        """The signer cannot confirm anything before they set something up."""
        return (self.demanded or not self.password) and not (self.code or self.passkey)


ANYTHING = ConfirmationAsked(password=True, code=True, passkey=True)


def asked_of(user: User, promotion: Promotion) -> ConfirmationAsked:
    """Return what this person is asked for when they sign this request."""
    kinds = factors.kinds_of(user)
    has_password = user.has_usable_password()
    return ConfirmationAsked(
        # Where a second factor is demanded, a password counts only together with a code.
        password=has_password and (not promotion.needs_second_factor or "totp" in kinds),
        # Where a password suffices it is asked for alone; a code stands in for who has none.
        code="totp" in kinds and (promotion.needs_second_factor or not has_password),
        passkey="webauthn" in kinds,
        demanded=promotion.needs_second_factor,
    )
