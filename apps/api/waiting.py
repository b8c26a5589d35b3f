"""``Prefer: wait=30`` (RFC 7240): an answer that waits until work is done, or the time is over.

A waiting request holds a thread of the web server and nothing else: between two looks its database connection is back
in the pool. So that the waiting leave threads for everybody else, a process has so many seats (MLGOV_API_WAITERS).
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.db import connection
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

#: Seconds that nobody waits longer than, and those between two looks: the first is soon, the later ones are rarer.
LONGEST = 60
FIRST_LOOK = 0.1
LAST_LOOK = 1.0
_WAIT = re.compile(r'^wait\s*=\s*"?(\d{1,9})"?$', re.IGNORECASE)

PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=f"``wait=30``: answer when the work is done, after so many seconds at the latest (at most {LONGEST})",
)


class TooManyWaiting(APIException):
    """Every seat is taken (503); asked without the preference, the answer comes at once."""

    status_code = 503
    default_detail = "As many requests wait here as may wait at once. Ask again after Retry-After, or without “Prefer: wait”."
    wait = 2


class _Seats:
    """How many requests of this process may wait; made at the first request, when settings are final."""

    def __init__(self) -> None:
        self._free: BoundedSemaphore | None = None

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Take a seat for the block, and tell whether there was one."""
        if self._free is None:
            self._free = BoundedSemaphore(settings.API_WAITERS)
        free = self._free
        if not free.acquire(blocking=False):
            yield False
            return
        try:
            yield True
        finally:
            free.release()


seats = _Seats()


def asked_seconds(request: Request) -> int | None:
    """Return for how many seconds the caller would wait, at most LONGEST; None without the preference.

    A preference that is not understood is ignored, as RFC 7240 demands (section 2).
    """
    for one in request.headers.get("Prefer", "").split(","):
        found = _WAIT.match(one.split(";")[0].strip())
        if found:
            return min(int(found[1]), LONGEST)
    return None


def wait_to_read(request: Request, done: Callable[[], bool]) -> int | None:
    """Wait as the caller asks; returns the seconds that were granted, or None. Raises TooManyWaiting."""
    seconds = asked_seconds(request)
    if seconds is None or done():
        return seconds
    with seats.one() as seated:
        if not seated:
            raise TooManyWaiting
        _look_until(done, seconds)
    return seconds


def wait_after(request: Request, done: Callable[[], bool]) -> int | None:
    """Wait as the caller asks after something was started; returns the seconds, or None where there is no seat.

    What was asked is done, so that no error may be answered: a preference may be ignored. So it is beside an
    ``Idempotency-Key``, which is held by the database connection until the answer is given.
    """
    seconds = asked_seconds(request)
    if seconds is None or request.headers.get("Idempotency-Key"):
        return None
    with seats.one() as seated:
        if not seated:
            return None
        _look_until(done, seconds)
    return seconds


def applied(response: Response, seconds: int | None) -> Response:
    """Say in an answer which preference was heeded."""
    patch_vary_headers(response, ["Prefer"])
    if seconds is not None:
        response["Preference-Applied"] = f"wait={seconds}"
    return response


def _look_until(done: Callable[[], bool], seconds: float) -> None:
    ends, pause = time.monotonic() + seconds, FIRST_LOOK
    while not done():
        left = ends - time.monotonic()
        if left <= 0:
            return
        give_back()
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LAST_LOOK)


def give_back() -> None:
    """Return the database connection to the pool, or close it; inside a transaction there is none to return."""
    if not connection.in_atomic_block:
        connection.close()
