"""Which runs used which datasets and features: the other end of what the app ``data`` registers."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.data.models import Feature
from apps.experiments.models import Run
from apps.projects.models import DatasetVersion, Project
from apps.projects.queries import datasets_of, project_ids_for

#: Of each dataset version on the page.
SHOWN_RUNS = 10
#: How many runs of a project name each feature: in the database, for a project may have 100,000 runs.
NAMED = """
SELECT feature, count(DISTINCT run.id) FROM experiments_run run
JOIN experiments_experiment experiment ON experiment.id = run.experiment_id,
jsonb_array_elements_text(run.features) feature
WHERE experiment.project_id = %s AND run.deleted_at IS NULL AND experiment.deleted_at IS NULL GROUP BY feature
"""


def dataset_for(user: User, pk: UUID) -> DatasetVersion:
    """Load a dataset version; raises Http404 for a stranger."""
    found = DatasetVersion.objects.filter(project__in=project_ids_for(user), pk=pk).first()
    if found is None:
        raise Http404
    return found


def datasets_with_runs(project: Project) -> QuerySet[DatasetVersion]:
    """Return the dataset versions of a project, newest first, each with its source.

    ``used`` is how many runs used it, ``newest_runs`` the newest of them.
    """
    runs = Run.objects.active().select_related("experiment").order_by("-id")[:SHOWN_RUNS]
    return (
        datasets_of(project)
        .annotate(used=Count("runs", filter=Q(runs__deleted_at=None, runs__experiment__deleted_at=None)))
        .select_related("source", "created_by", "created_by__owner")
        .prefetch_related(Prefetch("runs", queryset=runs, to_attr="newest_runs"))
    )


@dataclass(frozen=True)
class FeatureUse:
    """How many runs name each registered feature, the registered ones that none names, and names nobody registered."""

    used: list[tuple[Feature, int]]
    unused: list[Feature]
    unregistered: list[tuple[str, int]]


def feature_use(project: Project) -> FeatureUse:
    """Return which features the runs of a project name (M2.3); two queries. Retired features are left out of unused."""
    with connection.cursor() as cursor:
        cursor.execute(NAMED, [project.pk])
        counts = Counter(dict(cursor.fetchall()))
    registered = list(Feature.objects.filter(project=project).order_by("name"))
    known = {one.name for one in registered}
    return FeatureUse(
        [(one, counts[one.name]) for one in registered if counts[one.name]],
        [one for one in registered if not counts[one.name] and not one.retired],
        sorted((name, count) for name, count in counts.items() if name not in known),
    )
