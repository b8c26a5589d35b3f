"""Notice when what is known of a project changes, without any app having to say so: by the events of the audit log.

Every act writes an event, so a new event is the one sign that evidence may have changed. Transactions are followed up to
the oldest that still runs: one that began early and commits late is neither missed nor taken twice.
"""

from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.audit.models import Event
from apps.evidence.models import Followed
from apps.jobs import services as jobs
from apps.jobs.enums import FINISHED, JobState
from apps.jobs.models import Job
from apps.jobs.periodic import KEPT
from apps.projects.models import Project
from apps.registry.queries import watched_versions_of


def follow() -> dict[str, int]:
    """Enqueue, for each project with new events, the work that depends on its evidence; call it in a transaction."""
    changed = _changed_projects()
    counts = {"projects": len(changed), "jobs": 0}
    _forget_old_jobs()
    for project in Project.objects.filter(pk__in=changed).order_by("pk"):
        counts["jobs"] += _enqueue_for(project)
    return counts


def _forget_old_jobs() -> None:
    """Clear away what went well a day ago: it is of no interest, and there is much of it. Failures stay."""
    kinds = [*settings.PROJECT_EVIDENCE_JOBS, *settings.VERSION_EVIDENCE_JOBS]
    old = Job.objects.filter(kind__in=kinds, state=JobState.SUCCEEDED, started_by__isnull=True)
    old.filter(finished_at__lt=Now() - KEPT).delete()


def _changed_projects() -> list[UUID]:
    assert transaction.get_connection().in_atomic_block, "the horizon moves with what it leads to"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    followed = Followed.objects.select_for_update().first() or Followed(pk=1, horizon=oldest)
    if followed.horizon > oldest:
        # Restored into another cluster, whose transactions are counted anew: everything is looked at once more.
        followed.horizon = 0
    silent = Q()
    for kind in settings.SILENT_EVENTS:
        silent |= Q(kind__startswith=kind)
    changed = (
        Event.objects.filter(transaction_id__gte=followed.horizon, transaction_id__lt=oldest)
        .exclude(silent)
        .exclude(project_id=None)
        .order_by()
        .values_list("project_id", flat=True)
        .distinct()
    )
    found = [project_id for project_id in changed if project_id is not None]
    followed.horizon = oldest
    followed.save()
    return found


def _enqueue_for(project: Project) -> int:
    """Enqueue what waits for no other job already; returns how many were written."""
    wanted: list[tuple[str, dict[str, str]]] = [
        (kind, {"project": str(project.pk)}) for kind in settings.PROJECT_EVIDENCE_JOBS
    ]
    wanted += [
        (kind, {"version": str(version.pk)})
        for version in watched_versions_of(project)
        for kind in settings.VERSION_EVIDENCE_JOBS
    ]
    known = {
        (kind, tuple(sorted(args.items())))
        for kind, args in Job.objects.filter(project_id=project.pk, attempt=0)
        .exclude(state__in=FINISHED)
        .values_list("kind", "args")
    }
    fresh = [(kind, args) for kind, args in wanted if (kind, tuple(sorted(args.items()))) not in known]
    for kind, args in fresh:
        jobs.enqueue(kind, args, by=None, project_id=project.pk)
    return len(fresh)
