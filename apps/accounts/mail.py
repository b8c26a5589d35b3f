"""Letters to a person about their own account. They go out after the change is committed, or not at all."""

from functools import partial

from django.core.mail import send_mail
from django.db import transaction

from apps.accounts.models import User

_LETTERS = {
    "password_reset": (
        "Your mlgov password was set by an administrator",
        "{by} gave you a new, temporary password. You will choose your own when you next sign in, and you can "
        "sign nothing until {until}. If you did not ask for this, tell your security people now.",
    ),
    "second_factors_removed": (
        "Your second factors were removed from mlgov",
        "{by} removed your codes and passkeys, and ended your sessions. You can sign nothing until {until}. "
        "If you did not ask for this, tell your security people now.",
    ),
}


def write_to(person: User, letter: str, *, by: User) -> None:
    """Send one of the letters above once the transaction commits; a mail server that is down stops nothing."""
    subject, text = _LETTERS[letter]
    until = f"{person.signing_held_until:%Y-%m-%d %H:%M} UTC" if person.signing_held_until else "then"
    body = f"Hello {person.full_name},\n\n{text.format(by=by.full_name, until=until)}\n"
    transaction.on_commit(partial(send_mail, subject, body, None, [person.email], fail_silently=True))
