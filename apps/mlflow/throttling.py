"""The same budget of requests a minute as the API has, counted in leases.

The API counts each request in the shared cache, which costs more than most calls of MLflow do. Here a process takes a
lease of some requests from the same count and uses it up by itself; what it has not used after a minute is lost to the caller.
"""

import time
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

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
    granted, seconds, wait = _take(key)
    if not granted:
        raise CallError(
            f"Too many requests. Wait {wait} seconds, or log in batches.",
            code="REQUEST_LIMIT_EXCEEDED",
            status=429,
            Retry_After=wait,
        )
    with _lock:
        if len(_leases) > 10_000:
            _leases.clear()
        _leases[key] = granted - 1, now + seconds


def _take(key: str) -> tuple[int, int, int]:
    """Return how many requests were granted, for how many seconds, and how long to wait if none.

    The count is a list of times, newest first, as the API's own throttle keeps it.
    """
    limit, seconds = _rate()
    now = time.time()
    history = [one for one in cache.get(key, []) if one > now - seconds]
    granted = min(LEASE, limit - len(history))
    if granted <= 0:
        return 0, seconds, int(history[-1] + seconds - now) + 1
    cache.set(key, [now] * granted + history, seconds)
    return granted, seconds, 0


def _rate() -> tuple[int, int]:
    framework: Any = settings.REST_FRAMEWORK
    number, period = framework["DEFAULT_THROTTLE_RATES"]["principal"].split("/")
    return int(number), _PERIODS[period[0]]
