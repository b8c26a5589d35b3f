"""What is done with jobs: start, stop, try again."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.canonical import canonical_json
from apps.core.db import joining, service
from apps.core.errors import not_now
from apps.core.ids import new_id
from apps.jobs import running, sending
from apps.jobs.enums import JobState
from apps.jobs.models import Job
from apps.jobs.queries import can_change
from apps.jobs.sending import Message


def message_ahead() -> Message:
    """Return the message of a job to come, for whoever holds a lock when they enqueue it and should not write it there."""
    return sending.message_for(new_id())


@joining
def enqueue(
    kind: str,
    args: dict[str, Any],
    *,
    by: User | None,
    project_id: UUID | None = None,
    subject_url: str = "",
    message: Message | None = None,
) -> Job:
    """Write a job and wake a worker, both with the caller's transaction. ``subject_url`` is where the result is seen.

    ``message`` is one of ``message_ahead``, where there is one.
    """
    if kind not in settings.JOB_KINDS:
        raise LookupError(f"There is no kind of job called {kind!r}; add it to settings.JOB_KINDS.")
    canonical_json(args)
    message = message or message_ahead()
    job = Job(
        id=message.job,
        kind=kind,
        args=args,
        started_by=by,
        project_id=project_id,
        subject_url=subject_url,
        woken_at=Now(),
    )
    return sending.insert(job, message)


@service
def request_cancel(job: Job, *, by: User) -> Job:
    """Ask a job to stop; one that waits stops at once, one that runs at its next breath."""
    job = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    can_change(by, job).enforce()
    if job.is_finished:
        not_now(f"This job is {job.get_state_display().lower()} already.", code="finished").enforce()
    audit.record("jobs.cancel_requested", job, by=by, project_id=job.project_id)
    if job.state == JobState.QUEUED:
        Job.objects.filter(pk=job.pk).update(
            state=JobState.CANCELLED,
            finished_at=Now(),
            cancel_requested_at=Now(),
            error="Stopped before it began.",
        )
    else:
        Job.objects.filter(pk=job.pk).update(cancel_requested_at=Now())
    job.refresh_from_db()
    return job


@service
def retry(job: Job, *, by: User) -> Job:
    """Start a failed or quarantined job again, with all its attempts."""
    job = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    can_change(by, job).enforce()
    if job.state not in {JobState.FAILED, JobState.QUARANTINED}:
        not_now(
            f"Only a failed job can be started again; this one is {job.get_state_display().lower()}."
        ).enforce()
    Job.objects.filter(pk=job.pk).update(
        state=JobState.QUEUED, attempt=0, finished_at=None, error="", progress=0, step="", woken_at=Now()
    )
    audit.record("jobs.retried", job, by=by, project_id=job.project_id)
    sending.wake(job.pk)
    job.refresh_from_db()
    return job


@service
def sweep() -> int:
    """Wake the jobs that nobody took, or whose worker died; returns how many."""
    found = running.sweep()
    for job_id in found:
        sending.wake(job_id)
    return len(found)
