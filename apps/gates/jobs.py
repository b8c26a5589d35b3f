"""What workers do at the gates."""

from apps.gates import services
from apps.jobs.running import RunningJob


def keep_time(job: RunningJob) -> dict[str, int]:
    """Note what has ended and say what is about to. Validity itself needs no job: it is compared with the clock."""
    with job.completing({}) as answer:
        answer["ended"] = services.note_ended()
        answer["ending"] = services.announce_ending()
    return answer
