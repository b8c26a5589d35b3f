"""How often somebody may ask: so many requests in a window of time, counted once for all processes.

The count is a row in the database. So that not each request writes it, a process takes a lease of some requests from it,
at most a hundredth of the budget, and uses that up by itself; what it has not used when the window ends is lost to whoever
asks. The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

import time
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.core.texts import whole_number

MOST_LEASED = 50
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
#: So many keys are remembered by a process; beyond it all leases are given up.
_MOST_KEYS = 10_000
#: Rows older than the longest window count nothing; so many go whenever one comes.
_SWEPT = 20

_SPEND = """
    INSERT INTO core_spentbudget AS kept (key, since, used) VALUES (%(key)s, clock_timestamp(), %(lease)s)
    ON CONFLICT (key) DO UPDATE SET
        since = CASE WHEN kept.since + %(window)s::interval <= excluded.since THEN excluded.since ELSE kept.since END,
        used = CASE WHEN kept.since + %(window)s::interval <= excluded.since THEN excluded.used
               ELSE LEAST(kept.used + excluded.used, %(limit)s + %(lease)s) END
    RETURNING used, EXTRACT(EPOCH FROM since + %(window)s::interval - clock_timestamp()), xmax = 0
"""
_SWEEP = """
    DELETE FROM core_spentbudget WHERE key IN (
        SELECT key FROM core_spentbudget WHERE since < clock_timestamp() - interval '1 day'
        ORDER BY since LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """``limit`` requests in each window of ``seconds``."""

    name: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a budget after a request, as far as this process knows: others may have used of it meanwhile."""

    budget: Budget
    allowed: bool
    requests: int
    #: Until the budget is whole again, at least 1.
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers that say so, and Retry-After where the request was refused."""
        budget = self.budget
        said = {
            "RateLimit-Policy": f'"{budget.name}";q={budget.limit};w={budget.seconds}',
            "RateLimit": f'"{budget.name}";r={self.requests};t={self.seconds}',
        }
        return said if self.allowed else {**said, "Retry-After": str(self.seconds)}


@dataclass(slots=True)
class _Lease:
    requests: int
    #: What the count had left when the lease was taken, without the lease.
    beyond: int
    #: Monotonic seconds.
    ends: float


_leases: dict[str, _Lease] = {}
_lock = Lock()


def budget_of(name: str) -> Budget:
    """Return a budget of the settings, written as in 6000/min; raises ImproperlyConfigured."""
    written = settings.API_RATES[name]
    number, slash, period = written.partition("/")
    limit = whole_number(number)
    if not limit or not slash or period[:1] not in _PERIODS:
        raise ImproperlyConfigured(
            f"The rate “{written}” of {name} cannot be read. Write requests, a slash and s, min, h or d, as in 6000/min."
        )
    return Budget(name, limit, _PERIODS[period[0]])


def spend(budget: Budget, who: str) -> Left:
    """Count a request of somebody and return what is left."""
    key = f"{budget.name}:{who}"
    with _lock:
        kept = _leases.get(key)
        # A lease of none is good as well while the budget has nothing more to give: whoever floods is refused from memory.
        if kept is not None and time.monotonic() < kept.ends and (kept.requests or not kept.beyond):
            return _use(budget, kept)
    lease = _take(budget, key)
    with _lock:
        _merge(lease, _leases.get(key))
        if len(_leases) >= _MOST_KEYS:
            _leases.clear()
        _leases[key] = lease
        return _use(budget, lease)


def _merge(lease: _Lease, other: _Lease | None) -> None:
    """Add to a lease what another thread took for the same window meanwhile: both are counted already."""
    if other is not None and abs(lease.ends - other.ends) < 0.5:
        lease.requests += other.requests
        lease.beyond = min(lease.beyond, other.beyond)


def forget() -> None:
    """Give up every lease of this process."""
    with _lock:
        _leases.clear()


def _use(budget: Budget, lease: _Lease) -> Left:
    allowed = lease.requests > 0
    lease.requests -= allowed
    seconds = int(max(0.0, lease.ends - time.monotonic())) + 1
    return Left(budget, allowed, lease.requests + lease.beyond, seconds)


def _take(budget: Budget, key: str) -> _Lease:
    size = max(1, min(MOST_LEASED, budget.limit // 100))
    values: dict[str, str | int] = {
        "key": key,
        "lease": size,
        "limit": budget.limit,
        "window": f"{budget.seconds} seconds",
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        used, seconds, is_new = cursor.fetchone()
        if is_new:
            cursor.execute(_SWEEP, [_SWEPT])
    before = used - size
    granted = max(0, min(size, budget.limit - before))
    beyond = max(0, budget.limit - used)
    return _Lease(granted, beyond, time.monotonic() + float(seconds))
