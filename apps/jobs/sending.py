"""The one place that wakes workers: a message with nothing in it but a job id.

With the queue in the database (the default) the message is written by the caller's own transaction, so that a job and
its message exist together or not at all. Other brokers get it after the commit; the sweeper sends again what got lost.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kombu import Connection, Exchange, Producer, Queue
from kombu.transport import memory

from apps.core import statements
from apps.jobs import tasks
from apps.jobs.models import Job

QUEUE = "jobs"


@dataclass(frozen=True)
class Message:
    """What wakes a worker for a job, signed: to write it takes longer than to send it."""

    job: UUID
    written: str


_SEND = "pgmq.send(%s, %s::jsonb)"


def message_for(job_id: UUID) -> Message:
    """Return the message for a job; an empty one for brokers that write it themselves."""
    return Message(job_id, json.dumps(envelope(job_id)) if _in_database() else "")


def insert(job: Job, message: Message) -> Job:
    """Insert a job and send its message; one statement where the queue is in the database."""
    if _in_database():
        return statements.insert(job, then=_SEND, given_then=[QUEUE, message.written])
    statements.insert(job)
    wake(job.pk)
    return job


def _in_database() -> bool:
    return bool(settings.CELERY_BROKER_URL.startswith("pgmq"))


def wake(job_id: UUID) -> None:
    """Send the message for a job that is there."""
    if _in_database():
        statements.rows(f"SELECT {_SEND}", [QUEUE, message_for(job_id).written])
    else:
        transaction.on_commit(
            lambda: tasks.run.apply_async((str(job_id),), queue=QUEUE, retry=False), robust=True
        )


class _Paper(memory.Channel):
    """A channel that keeps the one message published on it, as a transport would be handed it."""

    written: dict[str, Any]

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        self.written = message


class _PaperTransport(memory.Transport):
    Channel = _Paper


def envelope(job_id: UUID) -> dict[str, Any]:
    """Return the message as Celery and kombu would put it on the queue, signed.

    Built by kombu itself on a transport that sends nothing, so that it is right for whatever version is installed.
    """
    app = tasks.run.app
    message = app.amqp.as_task_v2(str(job_id), tasks.run.name, (str(job_id),), {})
    with (
        Connection(transport=_PaperTransport) as connection_on_paper,
        connection_on_paper.channel() as channel,
    ):
        app.amqp.send_task_message(
            Producer(channel, auto_declare=False),
            tasks.run.name,
            message,
            queue=Queue(QUEUE, Exchange(""), routing_key=QUEUE),
            serializer=app.conf.task_serializer,
            retry=False,
            declare=[],
        )
        return channel.written
