"""What breaks beneath us and passes again: the database is away or busy, the disk is full. A sentence, not a fault."""

import errno

from django.db import DatabaseError, InterfaceError, OperationalError

from apps.core.db import sqlstate
from apps.core.errors import MlgovError

#: Waits and locks that ended before the work did: serialization_failure, deadlock_detected, lock_not_available,
#: query_canceled (PostgreSQL, appendix A).
_BUSY_STATES = frozenset({"40001", "40P01", "55P03", "57014"})
_DISK_FULL = "53100"
#: Classes of SQLSTATE: connection exception, insufficient resources, operator intervention.
_AWAY_CLASSES = ("08", "53", "57")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Outage(MlgovError):
    """Something beneath us does not work now; ``retry_after`` is in seconds (503)."""

    status = 503
    retry_after = 10


class DatabaseAway(Outage):
    """The database does not answer, or closed the connection in the middle; who was ``reading`` lost nothing."""

    def __init__(self, *, reading: bool = False) -> None:
        super().__init__(
            "The database does not answer at the moment. Wait a minute, and look again."
            if reading
            else "The database does not answer at the moment, so it cannot be said whether what you sent was done. "
            "Wait a minute, look whether it was, and send it again if not.",
            code="database_unavailable",
        )


class Busy(Outage):
    """Somebody else held what was needed for longer than we wait."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__(
            "Somebody else is changing the same thing, and it took too long. Nothing was changed; send it again.",
            code="busy",
        )


class DiskFull(Outage):
    """There is no room for what was sent (507, RFC 4918)."""

    status = 507
    retry_after = 300

    def __init__(self) -> None:
        super().__init__(
            "The disk of the server is full. Nothing was kept. Tell an administrator, and send it again when there is room.",
            code="disk_full",
        )


def outage_of(error: BaseException | None, *, method: str = "POST") -> Outage | None:
    """Return what an error means to a person when it is an outage, else None; ``method`` is what they asked with."""
    away = DatabaseAway(reading=method in ("GET", "HEAD", "OPTIONS"))
    if isinstance(error, Outage):
        return error
    if isinstance(error, InterfaceError):
        return away
    if isinstance(error, OperationalError):
        return _of_the_database(error, away)
    if isinstance(error, OSError) and error.errno in _FULL:
        return DiskFull()
    return None


def _of_the_database(error: DatabaseError, away: DatabaseAway) -> Outage | None:
    state = sqlstate(error)
    if state in _BUSY_STATES:
        return Busy()
    if state == _DISK_FULL:
        return DiskFull()
    # libpq names no state where the server could not be reached or went away in the middle.
    return away if state is None or state.startswith(_AWAY_CLASSES) else None
