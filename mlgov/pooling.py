"""When a connection of the pool is asked whether it still works."""

import select
import time
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

#: For so many seconds after it answered a connection is believed, unless its socket has something to say.
BELIEVED_SECONDS = 1.0
_ANSWERED = "mlgov_answered_at"


def demand_alive(connection: Connection[Any]) -> None:
    """Raise OperationalError for a connection that is broken, which the pool then replaces.

    To ask is a round trip of every request. A server that ends a connection says so on its socket, which is looked at each
    time; what ends in silence (a network that drops it) is found by asking, once a second.
    """
    now = time.monotonic()
    if now - getattr(connection, _ANSWERED, 0.0) < BELIEVED_SECONDS and not _has_word(connection):
        return
    ConnectionPool.check_connection(connection)
    setattr(connection, _ANSWERED, now)


def _has_word(connection: Connection[Any]) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
