"""What workers do about findings."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from apps.findings import services
from apps.findings.enums import FindingState
from apps.findings.models import Finding
from apps.jobs.running import RunningJob
from apps.projects.models import Project

#: Of projects in one pass; the next pass takes the others.
MOST = 200


def look(job: RunningJob) -> dict[str, Any]:
    """Judge the rules on one project."""
    project = Project.objects.select_related("policy_revision").get(pk=job.args["project"])
    with job.completing({}) as answer:
        answer |= services.look_at(project)
    return answer


def look_again(job: RunningJob) -> dict[str, Any]:
    """Judge the projects that were not looked at for a day, or where a finding's time is over; the oldest first.

    Rules that count days change their answer without any event.
    """
    over = Finding.objects.filter(
        project=OuterRef("pk"), state=FindingState.SET_ASIDE, until__lt=timezone.now().date()
    )
    due = (
        Project.objects.select_related("policy_revision")
        .filter(Q(judged__isnull=True) | Q(judged__at__lt=timezone.now() - timedelta(days=1)) | Exists(over))
        .order_by(F("judged__at").asc(nulls_first=True))[:MOST]
    )
    looked = 0
    for project in due:
        looked += 1
        job.check()
        with job.writing():
            services.look_at(project)
    with job.completing({"projects": looked}) as answer:
        return answer
