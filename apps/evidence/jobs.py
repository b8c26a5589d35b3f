"""What workers do when evidence changes."""

from typing import Any

from apps.evidence import following
from apps.jobs.running import RunningJob


def follow(job: RunningJob) -> dict[str, Any]:
    """Enqueue what depends on evidence for each project where something happened. Comes again by itself."""
    with job.completing({}) as answer:
        answer |= following.follow()
    return answer
