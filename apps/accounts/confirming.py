"""What a person is asked for to confirm that it is them: only what they have."""

from dataclasses import dataclass

from apps.accounts import factors
from apps.accounts.models import User


@dataclass(frozen=True)
class ConfirmationAsked:
    """Which fields a form has, whether a second factor is demanded, and whether the person has nothing to show."""

    password: bool
    code: bool
    passkey: bool
    demanded: bool = False

    @property
    def must_set_up(self) -> bool:
        """The person cannot confirm anything before they set something up."""
        return (self.demanded or not self.password) and not (self.code or self.passkey)


ANYTHING = ConfirmationAsked(password=True, code=True, passkey=True)


def confirmation_of(user: User, *, demanded: bool = False) -> ConfirmationAsked:
    """Return what this person is asked for; ``demanded`` says that a password alone does not do."""
    kinds = factors.kinds_of(user)
    has_password = user.has_usable_password()
    return ConfirmationAsked(
        # Where a second factor is demanded, a password counts only together with a code.
        password=has_password and (not demanded or "totp" in kinds),
        # Where a password suffices it is asked for alone; a code stands in for who has none.
        code="totp" in kinds and (demanded or not has_password),
        passkey="webauthn" in kinds,
        demanded=demanded,
    )
