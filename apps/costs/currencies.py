"""Currencies by ISO 4217; the list is the package ``iso4217``'s, which carries the standard's own table."""

import difflib
from functools import cache

from iso4217 import Currency

from apps.core.errors import Invalid


@cache
def names() -> dict[str, str]:
    """Return code -> English name of each currency that one pays with (metals, funds' units and tests have no cents)."""
    found = {one.code: one.currency_name for one in Currency if one.exponent is not None}
    return dict(sorted(found.items()))


def currency_code(text: str) -> str:
    """Return the code in upper case; raises Invalid with the nearest code or name where there is no such currency."""
    code = text.strip().upper()
    if code in names():
        return code
    near = _near(text.strip())
    hint = f" Did you mean {near} ({names()[near]})?" if near else " Use a code of three letters such as EUR."
    raise Invalid(
        f"“{text[:20]}” is no currency of ISO 4217.{hint}", code="unknown_currency", field="currency"
    )


def _near(text: str) -> str | None:
    """Return the code whose name holds ``text`` (the shortest such name), or that is spelt most like it."""
    wanted = text.lower()
    if len(wanted) > 3:
        holding = [code for code, name in names().items() if wanted.rstrip("s") in name.lower()]
        if holding:
            return min(holding, key=lambda code: len(names()[code]))
    found = difflib.get_close_matches(text.upper()[:20], list(names()), n=1, cutoff=0.6)
    return found[0] if found else None
