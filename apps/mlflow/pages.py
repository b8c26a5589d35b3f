"""Tokens of pages; those of logged models go on only with the search that they came from."""

import base64
import binascii
import hashlib
import re
from typing import Any

import msgspec

from apps.core.errors import Invalid

_OFFSET = re.compile(r"^from:(\d{1,12})$")
#: What is said of each mark that does not fit, in the protocol's words.
_SAID = (
    "Experiment IDs in the page token do not match those of the search.",
    "Order by in the page token does not match that of the search.",
    "Filter string in the page token does not match that of the search.",
)
_LENGTH = 8


def token_of(offset: int) -> str:
    """Return the token of the page that begins there."""
    return base64.urlsafe_b64encode(f"from:{offset}".encode()).decode()


def offset_of(token: str) -> int:
    """Return where the page of a token begins; raises Invalid for what is none."""
    if not token:
        return 0
    try:
        match = _OFFSET.match(base64.urlsafe_b64decode(token.encode()).decode())
    except (binascii.Error, ValueError):
        match = None
    if match is None:
        raise Invalid(
            "Invalid page token: send the next_page_token of the answer before, as it is.",
            code="bad_page_token",
        )
    return int(match[1])


def marks_of(experiments: Any, order: Any, text: str | None) -> tuple[str, ...]:
    """Return a mark of each part of a search."""
    parts = (experiments or [], order or [], text or "")
    return tuple(hashlib.sha256(msgspec.json.encode(one)).hexdigest()[:_LENGTH] for one in parts)


def sealed(token: str, marks: tuple[str, ...]) -> str:
    """Return the token of a page with the marks of its search."""
    return ".".join((token, *marks))


def opened(token: str, marks: tuple[str, ...]) -> str:
    """Return the token without its marks; raises Invalid for one of another search."""
    plain, *given = token.split(".")
    for said, mark, now in zip(_SAID, given, marks, strict=False):
        if mark != now:
            raise Invalid(
                f"{said} Send the same search again, or begin at its first page.", code="bad_page_token"
            )
    return plain
