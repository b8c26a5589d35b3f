"""How a worker runs a job: claim, keep the lease, write only while the claim is still its own (guarantees 19–22)."""

import importlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.canonical import digest
from apps.core.errors import MlgovError
from apps.jobs.enums import JOB_MOVES, JobState
from apps.jobs.models import Job

logger = logging.getLogger(__name__)
Handler = Callable[["RunningJob"], dict[str, Any] | None]


class JobStopped(Exception):
    """The job must not go on: it was cancelled, or the lease is lost, or its starter lost the right to it."""


class JobCancelled(JobStopped):
    """Somebody asked to stop it."""


class LeaseLost(JobStopped):
    """Another worker has it now; nothing may be written any more."""


@cache
def handler_of(kind: str) -> tuple[Handler, Callable[[dict[str, Any], User], bool] | None]:
    """Return the function of a kind, and its check of rights (``authorise_<function>`` beside it) if there is one."""
    module_name, _, name = settings.JOB_KINDS[kind][0].partition(":")
    module = importlib.import_module(module_name)
    return getattr(module, name), getattr(module, f"authorise_{name}", None)


class RunningJob:
    """What a handler gets: the arguments, and the means to report, to be stopped, and to finish."""

    def __init__(self, job: Job, *, worker: str) -> None:
        self.job_id: UUID = job.pk
        self.kind = job.kind
        self.args: dict[str, Any] = job.args
        self.attempt = job.attempt
        self.started_by = job.started_by
        self.project_id = job.project_id
        self._fence = job.fence
        self._worker = worker
        self._finished = False

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job_id, fence=self._fence, state=JobState.RUNNING)

    def progress(self, fraction: float, step: str) -> None:
        """Say how far it is (0 to 1) and what it does; raises like ``check``."""
        if not self._mine().update(progress=min(max(fraction, 0.0), 1.0), step=step[:200]):
            raise LeaseLost
        self.check()

    def check(self) -> None:
        """Extend the lease; raise JobCancelled or LeaseLost when the work must stop."""
        if not self._mine().update(lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)):
            raise LeaseLost
        if self._mine().filter(cancel_requested_at__isnull=False).exists():
            raise JobCancelled
        self._demand_rights()

    def _demand_rights(self) -> None:
        """A job has its starter's rights of now, not of when it was started (guarantee 22)."""
        _, authorise = handler_of(self.kind)
        if self.started_by is None:
            return
        starter = User.objects.select_related("owner").get(pk=self.started_by.pk)
        may = authorise is None or authorise(self.args, starter)
        if not (may and starter.is_active and starter.person.is_active):
            raise MlgovError("Whoever started this has no right to it any more.", code="rights_lost")

    @contextmanager
    def completing(self, result: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """One transaction for the handler's writes and the end of the job: both, or neither.

        The row is locked and the fence compared first, so that of two workers one writes.
        """
        with transaction.atomic():
            if not self._mine().select_for_update().exists():
                raise LeaseLost
            self._demand_rights()
            answer = result if result is not None else {}
            yield answer
            self._end(
                JobState.SUCCEEDED, result=answer, result_digest=digest(answer), progress=1.0, step="done"
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes only while the job is this worker's own, and does not end it."""
        with transaction.atomic():
            if not self._mine().select_for_update().exists():
                raise LeaseLost
            yield

    def _end(self, state: JobState, **fields: Any) -> None:
        if not self._mine().update(
            state=state, finished_at=Now(), lease_until=None, lease_owner="", **fields
        ):
            raise LeaseLost
        self._finished = True


def claim(job_id: str | UUID, *, worker: str) -> RunningJob | None:
    """Take a job that waits, or whose worker let its lease run out; None when there is nothing to take.

    After the last attempt allowed, the job goes to quarantine instead.
    """
    with transaction.atomic():
        free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=Now())
        job = Job.objects.select_for_update(skip_locked=True, of=("self",)).filter(free, pk=job_id).first()
        if job is None:
            return None
        if job.cancel_requested_at is not None:
            _finish_unclaimed(job, JobState.CANCELLED, "jobs.cancelled", error="Stopped before it began.")
            return None
        if job.attempt >= settings.JOB_MAX_ATTEMPTS:
            _finish_unclaimed(
                job,
                JobState.QUARANTINED,
                "jobs.quarantined",
                error=job.error or f"The worker died {job.attempt} times while it ran this.",
            )
            return None
        Job.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            lease_owner=worker,
            lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            claimed_at=Now(),
            step="starting",
        )
    job = Job.objects.select_related("started_by", "started_by__owner").get(pk=job.pk)
    return RunningJob(job, worker=worker)


def _finish_unclaimed(job: Job, state: JobState, event: str, *, error: str) -> None:
    assert state in JOB_MOVES[job.state]
    Job.objects.filter(pk=job.pk).update(
        state=state, finished_at=Now(), lease_until=None, lease_owner="", error=error
    )
    audit.record(event, job, by=None, project_id=job.project_id, attempts=job.attempt, error=error)


def run(job_id: str | UUID, *, worker: str) -> None:
    """Claim and run one job to an end, whatever its handler does."""
    running = claim(job_id, worker=worker)
    if running is None:
        return
    heart = _Heartbeat(running)
    heart.start()
    try:
        _execute(running)
    finally:
        heart.stop()


def _execute(running: RunningJob) -> None:
    try:
        running.check()
        answer = handler_of(running.kind)[0](running)
        if not running._finished:
            with running.completing(answer or {}):
                pass
    except LeaseLost:
        logger.warning("job %s: the lease went to another worker; nothing was written", running.job_id)
    except JobCancelled:
        _close(running, JobState.CANCELLED, "jobs.cancelled", error="Stopped on request.")
    except MlgovError as error:
        _close(running, JobState.FAILED, "jobs.failed", error=error.sentence)
    except Exception as error:
        logger.exception("job %s crashed in attempt %s", running.job_id, running.attempt)
        _crash(running, f"{type(error).__name__}: {str(error)[:300]}")


def _close(running: RunningJob, state: JobState, event: str, *, error: str) -> None:
    try:
        with transaction.atomic():
            running._end(state, error=error)
            job = Job.objects.get(pk=running.job_id)
            audit.record(event, job, by=running.started_by, project_id=running.project_id, error=error)
    except LeaseLost:
        logger.warning("job %s: the lease went to another worker before it could be closed", running.job_id)


def _crash(running: RunningJob, error: str) -> None:
    if running.attempt >= settings.JOB_MAX_ATTEMPTS:
        with transaction.atomic():
            running._end(JobState.QUARANTINED, error=error)
            job = Job.objects.get(pk=running.job_id)
            audit.record(
                "jobs.quarantined",
                job,
                by=None,
                project_id=running.project_id,
                attempts=running.attempt,
                error=error,
            )
        return
    running._mine().update(
        state=JobState.QUEUED,
        lease_until=None,
        lease_owner="",
        error=error,
        step="waits to be tried again",
        woken_at=None,
    )


class _Heartbeat(threading.Thread):
    """Extends the lease while the handler is busy elsewhere; has a database connection of its own."""

    def __init__(self, running: RunningJob) -> None:
        super().__init__(daemon=True, name=f"lease-{running.job_id}")
        self._running = running
        self._stop_asked = threading.Event()

    def run(self) -> None:
        try:
            while not self._stop_asked.wait(settings.JOB_LEASE_SECONDS / 3):
                extended = self._running._mine().update(
                    lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
                )
                if not extended:
                    return
        finally:
            connection.close()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(timeout=5)


def sweep() -> list[UUID]:
    """Return the jobs that need waking: never claimed within the sweep time, or with a lease that ran out."""
    late = Now() - timedelta(seconds=settings.JOB_SWEEP_SECONDS)
    waiting = Q(state=JobState.QUEUED) & (Q(woken_at__isnull=True) | Q(woken_at__lt=late))
    lost = Q(state=JobState.RUNNING, lease_until__lt=Now())
    with transaction.atomic():
        found = list(
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(waiting | lost)
            .order_by("created_at")
            .values_list("pk", flat=True)[:200]
        )
        Job.objects.filter(pk__in=found).update(woken_at=Now())
    return found
