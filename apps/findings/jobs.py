"""What workers do about findings."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from apps.findings import services
from apps.findings.enums import FindingState
from apps.findings.models import Finding
from apps.jobs import services as jobs
from apps.jobs.enums import JobState
from apps.jobs.models import Job
from apps.jobs.running import RunningJob
from apps.projects.models import Project

LOOK = "findings.look"
A_DAY = timedelta(days=1)
#: Of projects in one pass; the next pass takes the others.
MOST = 200


def look(job: RunningJob) -> dict[str, Any]:
    """Judge the rules on one project."""
    project = Project.objects.select_related("policy_revision").get(pk=job.args["project"])
    with job.completing({}) as answer:
        answer |= services.look_at(project)
    return answer


def look_again(job: RunningJob) -> dict[str, Any]:
    """Have the projects judged that were not looked at for a day, or where a finding's time is over; the oldest first.

    Rules that count days change their answer without any event. A project whose look failed today is left alone until
    tomorrow, so that it holds up no other.
    """
    now = timezone.now()
    over = Finding.objects.filter(project=OuterRef("pk"), state=FindingState.SET_ASIDE, until__lt=now.date())
    tried = Job.objects.filter(kind=LOOK, project_id=OuterRef("pk"), created_at__gt=now - A_DAY).exclude(
        state=JobState.SUCCEEDED
    )
    due = (
        Project.objects.filter(Q(judged__at=None) | Q(judged__at__lt=now - A_DAY) | Exists(over))
        .exclude(Exists(tried))
        .order_by(F("judged__at").asc(nulls_first=True))
        .values_list("pk", flat=True)[:MOST]
    )
    with job.completing({}) as answer:
        for pk in due:
            jobs.enqueue(LOOK, {"project": str(pk)}, by=None, project_id=pk)
        answer["projects"] = len(due)
    return answer
