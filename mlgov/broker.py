"""kombu's PGMQ transport for a role that may not create tables: the queue is made by a migration."""

from typing import Any

from kombu.transport import pgmq


class Channel(pgmq.Channel):
    """Reads and deletes messages; leaves the schema alone."""

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        self._maybe_enable_notify(queue)

    def _maybe_enable_notify(self, queue: str, queue_name: str | None = None) -> None:
        if self.use_notify:
            # The trigger that notifies is part of the migration; here we only listen.
            self.connection._register_notify_queue(queue_name or self._queue_name(queue))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        self._new_queue(queue)


class Transport(pgmq.Transport):
    """The transport that Celery is pointed at when no other broker is named."""

    Channel = Channel
