"""Methods of addresses that will go: their answers say since when, until when and what to use instead."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.http import http_date

#: Nothing goes earlier after it was called deprecated.
SHORTEST_NOTICE = timedelta(days=365)


@dataclass(frozen=True)
class Retirement:
    """Deprecated from the one day on, there until the other at least (UTC); ``instead`` is the address of what to read.

    Raises ValueError where that is less than SHORTEST_NOTICE.
    """

    since: date
    until: date
    instead: str

    def __post_init__(self) -> None:
        if self.until - self.since < SHORTEST_NOTICE:
            raise ValueError(f"Who uses it has {SHORTEST_NOTICE.days} days at least from {self.since} on.")

    def headers(self) -> dict[str, str]:
        """Return Deprecation (RFC 9745, section 2.1), Sunset (RFC 8594, section 3) and the link to what to use."""
        return {
            "Deprecation": f"@{calendar.timegm(self.since.timetuple())}",
            "Sunset": http_date(calendar.timegm(self.until.timetuple())),
            "Link": f'<{self.instead}>; rel="deprecation"',
        }
