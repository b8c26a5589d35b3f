"""Texts that the database can keep, and compare with."""

from collections.abc import Mapping
from typing import Any


def asked(given: Mapping[str, Any], name: str, *, most: int = 100) -> str:
    """Return a text of an address or form that is not validated, as far as the database can compare with it."""
    return str(given.get(name, "")).replace("\x00", "")[:most]


def printable(text: str, *, most: int) -> str:
    """Return what a stranger wrote as it can be kept and shown: cut, and � for whatever cannot be seen."""
    return "".join(one if one.isprintable() else "�" for one in text[:most])


def whole_number(text: str, *, digits: int = 9) -> int | None:
    """Return the number that up to so many ASCII digits write, or None: ``isdigit`` also takes ², and ``int`` does not."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def is_storable(value: Any) -> bool:
    """Tell whether every text in a JSON value can be kept: PostgreSQL takes neither NUL nor half a surrogate pair."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(one) for key, one in value.items())
    return not isinstance(value, list) or all(map(is_storable, value))
