"""Read jobs."""

from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import Http404

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied
from apps.jobs.enums import FINISHED
from apps.jobs.models import Job


def may_see(user: User, job: Job) -> bool:
    """Its starter sees a job, and whoever sees its project (settings.JOB_READERS asks the app above)."""
    if job.started_by_id in {user.id, user.person_id}:
        return True
    module, _, name = settings.JOB_READERS.partition(":")
    return job.project_id is not None and bool(getattr(import_module(module), name)(user, job.project_id))


def can_change(user: User, job: Job) -> Decision:
    """Its starter stops and repeats a job, and whoever writes in its project (settings.JOB_CHANGERS asks above)."""
    if job.started_by_id in {user.id, user.person_id}:
        return ALLOWED
    if job.project_id is None:
        return denied("Only who started this job stops it or starts it again.")
    module, _, name = settings.JOB_CHANGERS.partition(":")
    decision: Decision = getattr(import_module(module), name)(user, job.project_id)
    return decision


def job_for(user: User, pk: UUID) -> Job:
    """Load a job; raises Http404 for a stranger."""
    job = Job.objects.select_related("started_by").filter(pk=pk).first()
    if job is None or not may_see(user, job):
        raise Http404
    return job


def is_finished(pk: UUID) -> bool:
    """Tell whether a job has ended, or is gone."""
    return not Job.objects.filter(pk=pk).exclude(state__in=FINISHED).exists()


def recent_for(user: User, *, limit: int = 5) -> list[Job]:
    """Return the jobs that a person, or their service accounts, started last."""
    mine = Q(started_by=user) | Q(started_by__owner=user)
    return list(Job.objects.filter(mine).defer("result").order_by("-id")[:limit])
