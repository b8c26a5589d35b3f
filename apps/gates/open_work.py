"""Work that may still change what a gate says about a version."""

from django.db.models import Q, QuerySet

from apps.jobs.enums import FINISHED
from apps.jobs.models import Job
from apps.registry.models import Version

#: Kinds of jobs that are about a whole project and change the evidence of its versions.
OF_PROJECT = ("data.leakage", "data.profile")


def open_jobs_of(version: Version) -> QuerySet[Job]:
    """Return the jobs that wait or run and are about the version: its evaluations, scans of its files, suggestions."""
    own = Q(pk__in=version.evaluations.values("job")) | Q(args__version=str(version.pk))
    of_project = Job.objects.filter(project_id=version.model.project_id)
    return of_project.exclude(state__in=FINISHED).filter(own | Q(kind__in=OF_PROJECT))
