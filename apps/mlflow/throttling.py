"""The same budget of requests a minute as the API has, counted in leases.

The API counts each request in the database, which costs as much as many a call of MLflow does. Here a process takes a
lease of some requests from the same count and uses it up by itself; what it has not used when the window ends is lost to the
caller.
"""

import time
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import budget
from apps.mlflow.errors import CallError

LEASE = 50
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: Principal -> how many requests are left of the lease, and until when it is good (monotonic seconds).
_leases: dict[str, tuple[int, float]] = {}
_lock = Lock()


def count(principal: UUID) -> None:
    """Count a request; raises CallError (429) with Retry-After when the budget is spent."""
    key = f"throttle:{principal}"
    now = time.monotonic()
    with _lock:
        left, until = _leases.get(key, (0, 0.0))
        if left > 0 and now < until:
            _leases[key] = left - 1, until
            return
    limit, seconds = _rate()
    spent = budget.spend(key, LEASE, limit=limit, seconds=seconds)
    if not spent.granted:
        raise CallError(
            f"Too many requests. Wait {spent.seconds} seconds, or log in batches.",
            code="REQUEST_LIMIT_EXCEEDED",
            status=429,
            Retry_After=spent.seconds,
        )
    with _lock:
        if len(_leases) > 10_000:
            _leases.clear()
        _leases[key] = spent.granted - 1, now + spent.seconds


def _rate() -> tuple[int, int]:
    framework: Any = settings.REST_FRAMEWORK
    number, period = framework["DEFAULT_THROTTLE_RATES"]["principal"].split("/")
    return int(number), _PERIODS[period[0]]
