"""What is common to everything that must get out, and may have to be tried for a day."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.core.models import Row
from apps.jobs.models import Job
from apps.notifications.enums import SendState


class Sendable(Row):
    """Something to send. While it is queued exactly one job is on it; while it waits, ``due_at`` says until when.

    ``tries`` counts since somebody last asked for it; ``error`` is why the last one failed.
    """

    #: The kind of job that sends it, and the pauses before each further try.
    JOB_KIND: ClassVar[str]
    PAUSES: ClassVar[tuple[timedelta, ...]]

    state = models.CharField(max_length=10, choices=SendState, default=SendState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens by itself, so that a person may send it again."""
        return self.state not in {SendState.QUEUED, SendState.WAITING}


def send_constraints(table: str) -> list[Any]:
    """Return the constraints of a table of things to send."""
    return [
        models.CheckConstraint(condition=Q(state__in=SendState.values), name=f"{table}_state_known"),
        models.CheckConstraint(
            condition=Q(state=SendState.WAITING, due_at__isnull=False)
            | (~Q(state=SendState.WAITING) & Q(due_at__isnull=True)),
            name=f"{table}_due_while_waiting",
        ),
        models.CheckConstraint(
            condition=~Q(state=SendState.SENT) | Q(sent_at__isnull=False), name=f"{table}_sent_has_time"
        ),
    ]


def send_indexes(table: str) -> list[Any]:
    """Return the index by which the sweep finds what is not at its end."""
    unfinished = Q(state__in=[SendState.QUEUED, SendState.WAITING])
    return [models.Index(fields=["state", "due_at"], condition=unfinished, name=f"{table}_open")]
