"""States of a job, and the only moves between them."""

from django.db.models import TextChoices


class JobState(TextChoices):
    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    QUARANTINED = "quarantined", "Quarantined"
    CANCELLED = "cancelled", "Cancelled"


JOB_MOVES: dict[str, frozenset[str]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.QUARANTINED}),
    #: Running to running: the lease ran out and another worker claimed it.
    JobState.RUNNING: frozenset(
        {
            JobState.RUNNING,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.QUARANTINED,
            JobState.CANCELLED,
            JobState.QUEUED,
        }
    ),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.QUARANTINED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset(),
}
FINISHED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.QUARANTINED, JobState.CANCELLED})
