"""What people must say when they decide: in enough words that somebody else can follow it later."""

import unicodedata

from apps.core.errors import Invalid

SHORTEST = 10


def demand_reason(
    said: str,
    *,
    shortest: int = SHORTEST,
    ask: str = "Say why,",
    code: str = "reason_missing",
    field: str = "reason",
) -> str:
    """Return what was said, stripped, if it has ``shortest`` characters; raises Invalid with what ``ask`` asks for."""
    kept = said.strip()
    # What nobody sees, such as joiners and zero-width spaces, says nothing.
    if sum(not unicodedata.category(one).startswith("C") for one in kept) < shortest:
        raise Invalid(f"{ask} in {shortest} characters or more.", code=code, field=field)
    return kept
