"""What a gate says about time: how long a request may wait, and how long an approval is valid. Whole days."""

from dataclasses import dataclass
from typing import Any

#: Days before the end of an approval's validity at which its re-review opens, unless the gate says another number.
REVIEW_OPENS_DAYS_BEFORE = 30


@dataclass(frozen=True)
class Timing:
    """Days of a gate; 0 means that it never happens."""

    expires_after_days: int = 0
    remind_after_days: int = 0
    escalate_after_days: int = 0
    valid_for_days: int = 0
    review_opens_days_before: int = REVIEW_OPENS_DAYS_BEFORE


def timing_of(entry: dict[str, Any]) -> Timing:
    """Return the days of a gate's entry in a pack."""
    named = {name: entry[name] for name in ("valid_for_days", "review_opens_days_before") if name in entry}
    return Timing(**entry.get("requests", {}), **named)
