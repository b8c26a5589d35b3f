"""Read experiments and runs."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Mod, RowNumber
from django.http import Http404

from apps.accounts.models import User
from apps.experiments.enums import OPEN_RUN
from apps.experiments.models import Experiment, GivenVerdict, Metric, Run, RunMetric
from apps.experiments.tables import in_order
from apps.policies.queries import without_texts
from apps.projects.models import Project
from apps.projects.queries import project_ids_for

#: A curve is drawn from so many points at most: a screen shows no more.
MOST_POINTS = 200


def experiments_for(user: User) -> QuerySet[Experiment]:
    """Return the experiments of the user's projects that are not deleted, newest first, with the number of runs."""
    runs = Run.objects.active().filter(experiment=OuterRef("pk")).order_by().values("experiment")
    count = Subquery(runs.annotate(count=Count("pk")).values("count"))
    return (
        Experiment.objects.active()
        .filter(project__in=project_ids_for(user))
        .select_related("project", "created_by")
        .annotate(run_count=Coalesce(count, 0))
        .order_by("-id")
    )


def experiments_of(
    user: User, project: Project, *, verdict: str = "", words: str = ""
) -> QuerySet[Experiment]:
    """Return a project's experiments with the ``lowest`` and ``highest`` value of each one's primary metric."""
    values = RunMetric.objects.finite().filter(
        experiment=OuterRef("pk"), name=OuterRef("primary_metric"), run__deleted_at__isnull=True
    )
    found = experiments_for(user).filter(project=project)
    if verdict:
        found = found.filter(verdict=verdict)
    if words:
        named = Q(name__icontains=words) | Q(key__icontains=words)
        found = found.filter(named | Q(hypothesis__icontains=words) | Q(notes__icontains=words))
    return found.annotate(
        lowest=Subquery(values.order_by("value", "run").values("value")[:1]),
        highest=Subquery(values.order_by("-value", "-run").values("value")[:1]),
    )


def experiment_for(user: User, pk: UUID) -> Experiment:
    """Load an experiment; raises Http404 for a stranger."""
    found = experiments_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def runs_for(user: User) -> QuerySet[Run]:
    """Return the runs of the user's projects that are not deleted, newest first."""
    return (
        Run.objects.active()
        .filter(experiment__project__in=project_ids_for(user))
        .select_related("experiment__project", "started_by", "started_by__owner")
        .order_by("-id")
    )


def run_for(user: User, pk: UUID) -> Run:
    """Load a run; raises Http404 for a stranger."""
    runs = runs_for(user).select_related("experiment__project__policy_revision")
    found = runs.defer(*without_texts("experiment__project__policy_revision")).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def latest_metrics(run_ids: Iterable[Any]) -> dict[UUID, dict[str, float]]:
    """Return the value of each metric of each run, latest by step, then time, then value; one query.

    A metric whose latest value is NaN or infinite is left out.
    """
    found: dict[UUID, dict[str, float]] = {}
    kept = RunMetric.objects.finite().filter(run__in=list(run_ids)).order_by("run", "name")
    for run_id, name, value in kept.values_list("run_id", "name", "value"):
        found.setdefault(run_id, {})[name] = value
    return found


def ended_runs_of(project: Project) -> int:
    """Return how many runs of a project have ended."""
    return Run.objects.active().filter(experiment__project=project).exclude(state__in=OPEN_RUN).count()


def tried_approaches_of(project: Project) -> list[str]:
    """Return the different values of the tag ``approach`` of a project's runs."""
    tagged = Run.objects.active().filter(experiment__project=project, tags__has_key="approach")
    return sorted({str(one) for one in tagged.values_list("tags__approach", flat=True).distinct()})


def metric_names(run_ids: Iterable[Any]) -> list[str]:
    """Return the metrics of which a run logged more than one step, in order."""
    logged = Metric.objects.finite().filter(run__in=list(run_ids)).order_by()
    many = (
        logged.values("run", "name").annotate(first=Min("step"), last=Max("step")).filter(last__gt=F("first"))
    )
    return sorted(set(many.values_list("name", flat=True)))


def metric_curves(
    run_ids: Iterable[Any], names: Iterable[str], *, most: int = MOST_POINTS
) -> dict[str, dict[UUID, list[tuple[int, float]]]]:
    """Return metric -> run -> points by step; of longer curves every so many, and the last, ``most`` + 1 at most."""
    alike: dict[str, Any] = {"partition_by": [F("run_id"), F("name")]}
    points = (
        Metric.objects.finite()
        .filter(run__in=list(run_ids), name__in=list(names))
        .annotate(
            place=Window(RowNumber(), order_by=[F("step").asc(), F("at").asc(), F("value").asc()], **alike),
            total=Window(Count("pk"), **alike),
        )
        .annotate(kept=Mod(F("place") - 1, (F("total") + most - 1) / most))
        .filter(Q(kept=0) | Q(place=F("total")))
        .order_by("name", "run_id", "place")
        .values_list("name", "run_id", "step", "value")
    )
    found: dict[str, dict[UUID, list[tuple[int, float]]]] = {}
    for name, run_id, step, value in points:
        found.setdefault(name, {}).setdefault(run_id, []).append((step, value))
    return found


def verdicts_of(experiment: Experiment) -> QuerySet[GivenVerdict]:
    """Return what was decided about an experiment, newest first."""
    return experiment.verdicts.select_related("given_by").order_by("-id")


def runs_named(project: Project, ids: Sequence[UUID]) -> list[Run]:
    """Return runs of a project in the order of ``ids``; raises Http404 when one is not there."""
    runs = Run.objects.active().filter(experiment__project=project, pk__in=ids)
    found = in_order(runs.select_related("experiment", "started_by"), ids)
    if len(found) != len(ids):
        raise Http404
    return found
