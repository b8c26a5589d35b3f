"""Work that comes back by itself: a kind and its seconds in ``settings.PERIODIC_JOBS``, enqueued by the sweeper.

Any number of sweepers may run: each kind has one row, locked while it is looked at, so that a period gives one job.
A kind whose last job is not finished is not enqueued again, so that slow work does not pile up.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from apps.core.db import service
from apps.jobs import services
from apps.jobs.enums import FINISHED, JobState
from apps.jobs.models import Job, Period

#: What went well is of no interest after this; failures stay.
KEPT = timedelta(days=1)


def enqueue_due() -> list[str]:
    """Enqueue each kind whose period is over, in a transaction of its own; returns the kinds."""
    return [kind for kind, seconds in settings.PERIODIC_JOBS.items() if _enqueue_if_due(kind, seconds)]


@service
def _enqueue_if_due(kind: str, seconds: float) -> bool:
    Period.objects.bulk_create([Period(kind=kind)], ignore_conflicts=True)
    over = Q(enqueued_at__isnull=True) | Q(enqueued_at__lte=Now() - timedelta(seconds=seconds))
    idle = Q(job__isnull=True) | Q(job__state__in=FINISHED)
    period = (
        Period.objects.select_for_update(skip_locked=True, of=("self",)).filter(over, idle, kind=kind).first()
    )
    if period is None:
        return False
    job = services.enqueue(kind, {}, by=None)
    Period.objects.filter(kind=kind).update(job=job, enqueued_at=Now())
    old = Job.objects.filter(kind=kind, state=JobState.SUCCEEDED, started_by__isnull=True)
    old.filter(finished_at__lt=Now() - KEPT).delete()
    return True


def pause(every: float) -> float:
    """Return how many seconds a sweeper may sleep: until the next sweep or the shortest period, whichever is less."""
    return min([every, *settings.PERIODIC_JOBS.values()])
