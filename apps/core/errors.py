"""What can go wrong in ways that a person must be told: each carries one sentence saying what, where, what to do."""

from dataclasses import dataclass
from typing import Any


class MlgovError(Exception):
    """Base of all errors meant for people. ``code`` is stable and for machines, ``details`` go into the answer."""

    status = 400

    def __init__(self, sentence: str, *, code: str = "refused", **details: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.details = details


class Refused(MlgovError):
    """The state of things does not allow it (409)."""

    status = 409


class Forbidden(Refused):
    """A member without the right (403)."""

    status = 403


class Conflict(Refused):
    """Somebody else changed the row first (412)."""

    status = 412


class Invalid(MlgovError):
    """The input cannot be used (422). ``problems`` lists every fault, not the first alone."""

    status = 422

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "invalid",
        problems: list[dict[str, Any]] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(sentence, code=code, **details)
        self.problems = problems or []


@dataclass(frozen=True)
class Decision:
    """May this be done, and if not, why not. A button shows ``reason``; a service calls ``enforce``."""

    allowed: bool
    reason: str = ""
    code: str = "refused"
    forbidden: bool = False

    def __bool__(self) -> bool:
        return self.allowed

    def enforce(self) -> None:
        """Raise Forbidden (the person lacks the right) or Refused (the state does not allow it)."""
        if not self.allowed:
            raise (Forbidden if self.forbidden else Refused)(self.reason, code=self.code)


ALLOWED = Decision(allowed=True)


def denied(reason: str, *, code: str = "forbidden") -> Decision:
    """Return the decision that this person lacks the right."""
    return Decision(allowed=False, reason=reason, code=code, forbidden=True)


def not_now(reason: str, *, code: str = "refused") -> Decision:
    """Return the decision that the state of things does not allow it."""
    return Decision(allowed=False, reason=reason, code=code)
