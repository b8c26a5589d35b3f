"""What workers do at the gates."""

from typing import Any
from uuid import UUID

from apps.gates import due, services
from apps.jobs.running import RunningJob


def keep_time(job: RunningJob) -> dict[str, Any]:
    """Remind, escalate, expire, open re-reviews; note what has ended and say what is about to.

    Validity itself needs no job: it is compared with the clock. Comes again by itself (settings.PERIODIC_JOBS).
    """
    job.check()
    found = {**due.keep_time(), **services.watch_conditions()}
    with job.completing(found) as answer:
        answer["ended"] = services.note_ended()
        answer["ending"] = services.announce_ending()
        answer["overdue"] = services.announce_overdue()
        answer["obligations_overdue"] = services.remind_of_obligations()
    return answer


def judge_production(job: RunningJob) -> dict[str, Any]:
    """Judge the rollback rules on metrics that arrived. It is the policy that acts; ``started_by`` only reported."""
    assert job.started_by is not None, "production metrics are reported by somebody"
    with job.completing({}) as answer:
        answer |= services.judge_production(UUID(job.args["version"]), by=job.started_by)
    return answer


def judge_conditions(job: RunningJob) -> dict[str, Any]:
    """Judge the conditions of a version's approval: metrics arrived, or an evaluation is complete."""
    with job.completing({}) as answer:
        answer |= services.judge_conditions(UUID(job.args["version"]))
    return answer
