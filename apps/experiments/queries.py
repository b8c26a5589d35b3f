"""Read experiments and runs."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.experiments.enums import RunState
from apps.experiments.models import Experiment, Metric, Run
from apps.projects.models import Project
from apps.projects.queries import project_ids_for


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


def ended_runs_of(project: Project) -> int:
    """Return how many runs of a project have ended."""
    return Run.objects.filter(experiment__project=project).exclude(state=RunState.RUNNING).count()


def tried_approaches_of(project: Project) -> list[str]:
    """Return the different values of the tag ``approach`` of a project's runs."""
    tagged = Run.objects.filter(experiment__project=project, tags__has_key="approach")
    return sorted({str(one) for one in tagged.values_list("tags__approach", flat=True).distinct()})
