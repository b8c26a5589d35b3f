"""What a person shows to prove that it is them, at this moment."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Proof:
    """A password, a code of an authenticator app, an answer of a passkey; or a password and a code together.

    ``assertion`` is the browser's answer (PublicKeyCredential as JSON) and ``challenge`` the state that was kept
    on the server when the question was asked; both or neither.
    """

    password: str = ""
    code: str = ""
    assertion: dict[str, Any] | None = None
    challenge: dict[str, Any] | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.password or self.code or self.assertion)
