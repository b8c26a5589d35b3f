"""Getting things out: one job at a time is on each, and what fails waits longer and longer, about a day in all."""

import random
from datetime import timedelta

from django.db.models.functions import Now

from apps.core.db import service
from apps.core.errors import not_now
from apps.jobs import services as jobs
from apps.jobs.enums import FINISHED
from apps.notifications.enums import SEND_MOVES, SendState
from apps.notifications.models import Delivery, Mail, Sendable

SENDABLES: tuple[type[Sendable], ...] = (Mail, Delivery)
#: Rows that one sweep takes of a kind.
SWEPT = 200
#: Share by which a pause is longer or shorter, so that what failed together does not come back together.
JITTER = 0.2
JOB_LOST = "The worker that sent this did not come back."


def move(row: Sendable, state: SendState, **fields: object) -> None:
    """Bring a row into ``state``; the only assignment to it."""
    assert state in SEND_MOVES[row.state], f"{row.state} to {state}"
    fields = {"state": state, "due_at": None, **fields}
    type(row)._base_manager.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()


def start(row: Sendable) -> None:
    """Give a queued row its job, in the caller's transaction."""
    job = jobs.enqueue(row.JOB_KIND, {"row": str(row.pk)}, by=None)
    type(row)._base_manager.filter(pk=row.pk).update(job=job)
    row.job = job


def succeeded(row: Sendable) -> None:
    """Note that it got out."""
    move(row, SendState.SENT, tries=row.tries + 1, sent_at=Now(), error="")


def failed(row: Sendable, error: str) -> None:
    """Note a failure: it waits for the next try, or is given up after the last."""
    tries = row.tries + 1
    if tries > len(row.PAUSES):
        move(row, SendState.DEAD, tries=tries, error=error)
    else:
        due = Now() + pause_before(row, tries)
        move(row, SendState.WAITING, tries=tries, error=error, due_at=due)


def pause_before(row: Sendable, tries: int) -> timedelta:
    """Return how long to wait after so many tries, a little more or less by chance."""
    return row.PAUSES[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret


def skipped(row: Sendable, reason: str) -> None:
    """Note that it is not to be sent any more."""
    move(row, SendState.SKIPPED, error=reason)


@service
def again(row: Sendable) -> None:
    """Send what came to an end once more, with all its tries; raises Refused while it is still on its way."""
    row = type(row)._base_manager.select_for_update().get(pk=row.pk)
    if not row.is_ended:
        not_now(
            "It is still on its way. Wait until it is delivered or given up.", code="on_its_way"
        ).enforce()
    move(row, SendState.QUEUED, tries=0, error="", sent_at=None)
    start(row)


@service
def sweep() -> int:
    """Start what waited long enough, and put back what a dead worker left behind; returns how many were started."""
    count = 0
    for model in SENDABLES:
        free = model._base_manager.select_for_update(skip_locked=True, of=("self",))
        for row in free.filter(state=SendState.QUEUED, job__state__in=FINISHED)[:SWEPT]:
            failed(row, JOB_LOST)
        for row in free.filter(state=SendState.WAITING, due_at__lte=Now()).order_by("due_at")[:SWEPT]:
            move(row, SendState.QUEUED)
            start(row)
            count += 1
    return count
