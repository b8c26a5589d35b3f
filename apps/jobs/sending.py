"""The one place that wakes workers: a message with nothing in it but a job id.

With the queue in the database (the default) the message is written by the caller's own transaction, so that a job and
its message exist together or not at all. Other brokers get it after the commit; the sweeper sends again what got lost.
"""

import json
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from kombu import Connection, Exchange, Producer, Queue

from apps.jobs import tasks

QUEUE = "jobs"


def wake(job_id: UUID) -> None:
    """Send the message for a job."""
    if settings.CELERY_BROKER_URL.startswith("pgmq"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgmq.send(%s, %s::jsonb)", [QUEUE, json.dumps(envelope(job_id))])
    else:
        transaction.on_commit(
            lambda: tasks.run.apply_async((str(job_id),), queue=QUEUE, retry=False), robust=True
        )


def envelope(job_id: UUID) -> dict[str, object]:
    """Return the message as Celery and kombu would put it on the queue, signed.

    Built by kombu itself on its in-memory transport, so that it is right for whatever version is installed.
    """
    queue = Queue(QUEUE, Exchange(""), routing_key=QUEUE)
    with Connection("memory://") as memory, memory.channel() as channel:
        bound = queue(channel)
        bound.queue_declare()
        try:
            producer = Producer(channel, auto_declare=False)
            app = tasks.run.app
            message = app.amqp.as_task_v2(str(job_id), tasks.run.name, (str(job_id),), {})
            app.amqp.send_task_message(
                producer,
                tasks.run.name,
                message,
                exchange="",
                routing_key=QUEUE,
                serializer=app.conf.task_serializer,
                retry=False,
                declare=[],
            )
            return dict(channel._get(QUEUE))
        finally:
            bound.purge()
