"""Budgets of requests: so many in a window of time for a key, counted across processes in one statement.

A window begins with the first request after the last one ended; what a key spent is one number, however much it is.
The numbers are rows of the cache's table, so that they are forgotten and culled as entries of the cache are. Django's
own ``incr`` reads and then writes there, so that of two at once only one would count.
"""

import math
from dataclasses import dataclass

from django.db import connection

_SPEND = """
INSERT INTO core_cache AS kept (cache_key, value, expires)
VALUES (%(key)s, %(wanted)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE WHEN kept.expires > clock_timestamp()
        THEN (least(kept.value::bigint, %(limit)s) + excluded.value::bigint)::text ELSE excluded.value END,
    expires = CASE WHEN kept.expires > clock_timestamp() THEN kept.expires ELSE excluded.expires END
RETURNING value::bigint, extract(epoch FROM expires - clock_timestamp())
"""


@dataclass(frozen=True)
class Spent:
    """How many requests were granted, and in how many seconds the window ends."""

    granted: int
    seconds: int


def spend(key: str, wanted: int, *, limit: int, seconds: int) -> Spent:
    """Grant up to ``wanted`` of the ``limit`` requests that ``key`` has in ``seconds``."""
    values: dict[str, str | int] = {
        "key": f"budget:{key}",
        "wanted": str(wanted),
        "limit": limit,
        "seconds": seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, values)
        total, left = cursor.fetchone()
    before = total - wanted
    return Spent(max(0, min(wanted, limit - before)), max(1, math.ceil(left)))
