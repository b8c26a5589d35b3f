"""Read experiments and runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.data.models import Feature
from apps.experiments.models import Experiment, Metric, Run
from apps.projects.models import DatasetVersion, Project
from apps.projects.queries import datasets_of, project_ids_for


def experiments_for(user: User) -> QuerySet[Experiment]:
    """Return the experiments of the user's projects, newest first, with the number of runs."""
    return (
        Experiment.objects.filter(project__in=project_ids_for(user))
        .select_related("project", "created_by")
        .annotate(run_count=Count("runs"))
        .order_by("-id")
    )


def experiment_for(user: User, pk: UUID) -> Experiment:
    """Load an experiment; raises Http404 for a stranger."""
    found = experiments_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def runs_for(user: User) -> QuerySet[Run]:
    """Return the runs of the user's projects, newest first."""
    return (
        Run.objects.filter(experiment__project__in=project_ids_for(user))
        .select_related("experiment__project", "started_by", "started_by__owner")
        .order_by("-id")
    )


def run_for(user: User, pk: UUID) -> Run:
    """Load a run; raises Http404 for a stranger."""
    found = runs_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def latest_metrics(run_ids: Iterable[Any]) -> dict[UUID, dict[str, float]]:
    """Return the value of each metric of each run, latest by step, then time, then value; one query."""
    found: dict[UUID, dict[str, float]] = {}
    newest = (
        Metric.objects.filter(run__in=list(run_ids))
        .order_by("run_id", "name", "-step", "-at", "-value")
        .distinct("run_id", "name")
        .values_list("run_id", "name", "value")
    )
    for run_id, name, value in newest:
        found.setdefault(run_id, {})[name] = value
    return found


def metric_series(run: Run) -> dict[str, list[tuple[int, float]]]:
    """Return the points of each metric that has more than one, by step."""
    series: dict[str, list[tuple[int, float]]] = {}
    for name, step, value in run.metrics.order_by("name", "step", "at").values_list("name", "step", "value"):
        series.setdefault(name, []).append((step, value))
    return {name: points for name, points in series.items() if len(points) > 1}


def dataset_for(user: User, pk: UUID) -> DatasetVersion:
    """Load a dataset version; raises Http404 for a stranger."""
    found = DatasetVersion.objects.filter(project__in=project_ids_for(user), pk=pk).first()
    if found is None:
        raise Http404
    return found


def datasets_with_runs(project: Project) -> QuerySet[DatasetVersion]:
    """Return the dataset versions of a project, newest first, each with its source and the runs that used it."""
    runs = Run.objects.select_related("experiment").order_by("-id")
    return (
        datasets_of(project)
        .select_related("source", "created_by", "created_by__owner")
        .prefetch_related(Prefetch("runs", queryset=runs))
    )


@dataclass(frozen=True)
class FeatureUse:
    """How many runs name each registered feature, the registered ones that none names, and names nobody registered."""

    used: list[tuple[Feature, int]]
    unused: list[Feature]
    unregistered: list[tuple[str, int]]


def feature_use(project: Project) -> FeatureUse:
    """Return which features the runs of a project name (M2.3); two queries. Retired features are left out of unused."""
    counts: Counter[str] = Counter()
    for names in Run.objects.filter(experiment__project=project).values_list("features", flat=True):
        counts.update({name for name in names if isinstance(name, str)})
    registered = list(Feature.objects.filter(project=project).order_by("name"))
    known = {one.name for one in registered}
    return FeatureUse(
        [(one, counts[one.name]) for one in registered if counts[one.name]],
        [one for one in registered if not counts[one.name] and not one.retired],
        sorted((name, count) for name, count in counts.items() if name not in known),
    )
