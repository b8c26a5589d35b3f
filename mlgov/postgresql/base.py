"""The backend: where Django asks each connection that it takes from the pool, this one believes it for a second.

To ask is a round trip of every request. A server that ends a connection says so on its socket, which is looked at each
time; what ends in silence (a network that drops it) is found by asking.
"""

import select
import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

#: For so many seconds after it answered a connection is believed, unless its socket has something to say.
BELIEVED_SECONDS = 1.0
_ANSWERED = "mlgov_answered_at"


class DatabaseWrapper(base.DatabaseWrapper):
    """Needs ``CONN_HEALTH_CHECKS`` off where there is a pool: that would ask each time."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that works, as far as one can know; the pool replaces those that do not."""
        connection = super().get_new_connection(conn_params)
        while self.pool is not None and not is_alive(connection):
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: "psycopg.Connection[Any]") -> bool:
    """Tell whether a connection works; one that does not is closed."""
    now = time.monotonic()
    if now - getattr(connection, _ANSWERED, 0.0) < BELIEVED_SECONDS and not _has_word(connection):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        connection.close()
        return False
    setattr(connection, _ANSWERED, now)
    return True


def _has_word(connection: "psycopg.Connection[Any]") -> bool:
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
