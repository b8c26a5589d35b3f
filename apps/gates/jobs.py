"""What a worker does at the gates."""

from typing import Any

from apps.gates import due
from apps.jobs.running import RunningJob


def keep_time(job: RunningJob) -> dict[str, Any]:
    """Remind, escalate, expire, and open re-reviews; comes again by itself (settings.PERIODIC_JOBS)."""
    job.check()
    return dict(due.keep_time())
