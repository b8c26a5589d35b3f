"""Tables of runs: filtered, sorted by any metric, parameter or time in the database, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, FloatField, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower

from apps.experiments.columns import METRIC, PARAM, Column, Wanted
from apps.experiments.models import Experiment, Run, RunMetric
from apps.projects.models import Project

#: Names of metrics that are offered; parameters are offered from so many of the newest runs.
MOST_NAMES = 200
RUNS_LOOKED_AT = 200
#: Text that is a number, and small enough for one.
_NUMBER = r"^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?$"
#: A skip through the index by name: as many steps as there are names, however many runs have each.
_NAMES = """
WITH RECURSIVE names AS (
    (SELECT name FROM experiments_runmetric WHERE {scope} = %s ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT m.name FROM experiments_runmetric m WHERE m.{scope} = %s AND m.name > names.name ORDER BY m.name LIMIT 1)
    FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names WHERE name IS NOT NULL LIMIT %s
"""


@dataclass(frozen=True)
class Among:
    """The runs of a project, or of one of its experiments."""

    project: Project
    experiment: Experiment | None = None

    @property
    def runs(self) -> QuerySet[Run]:
        if self.experiment is not None:
            return Run.objects.active().filter(experiment=self.experiment)
        return Run.objects.active().filter(experiment__project=self.project)

    @property
    def values(self) -> QuerySet[RunMetric]:
        """The values by which these runs are sorted and chosen: the finite ones."""
        values = RunMetric.objects.finite().filter(
            run__deleted_at__isnull=True, experiment__deleted_at__isnull=True
        )
        if self.experiment is not None:
            return values.filter(experiment=self.experiment)
        return values.filter(project=self.project)

    @cached_property
    def metrics(self) -> list[str]:
        """The names of the metrics, in order; MOST_NAMES at the most."""
        scope, key = (
            ("experiment_id", self.experiment.pk) if self.experiment else ("project_id", self.project.pk)
        )
        with connection.cursor() as cursor:
            cursor.execute(_NAMES.format(scope=scope), [key, key, MOST_NAMES])
            return [name for (name,) in cursor.fetchall()]

    @cached_property
    def params(self) -> list[str]:
        """The names of the parameters of the newest runs, in order."""
        newest = self.runs.order_by("-id").values_list("params", flat=True)[:RUNS_LOOKED_AT]
        return sorted({name for params in newest for name in params})[:MOST_NAMES]

    def has(self, column: Column) -> bool:
        """Tell whether any run has a value for the column."""
        if column.kind == METRIC:
            return column.name in self.metrics or self.values.filter(name=column.name).exists()
        if column.kind == PARAM:
            return column.name in self.params or self.runs.filter(params__has_key=column.name).exists()
        return True


def matching(among: Among, wanted: Wanted) -> QuerySet[Run]:
    """Return the runs that a reader asks for, in no order."""
    runs = among.runs
    if wanted.state:
        runs = runs.filter(state=wanted.state)
    if wanted.model:
        runs = runs.filter(model_type__icontains=wanted.model)
    if wanted.words:
        runs = runs.filter(
            Q(name__icontains=wanted.words)
            | Q(notes__icontains=wanted.words)
            | Q(code_commit__istartswith=wanted.words)
        )
    for one in wanted.conditions:
        held = among.values.filter(name=one.metric, **{f"value__{one.relation}": one.number})
        runs = runs.filter(pk__in=held.values("run"))
    return runs


@dataclass(frozen=True)
class OrderedRuns:
    """Runs in an order, a page at a time: the ids of the page first, so that no wide row is sorted."""

    runs: QuerySet[Run]
    ids_at: Callable[[int, int], list[UUID]]

    def count(self) -> int:
        """Return how many there are."""
        return self.runs.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Run]:
        ids = self.ids_at(part.start or 0, part.stop)
        return in_order(Run.objects.select_related("experiment", "started_by").filter(pk__in=ids), ids)


def sorted_runs(among: Among, wanted: Wanted) -> OrderedRuns:
    """Return the runs in the reader's order, those without a value last; equal ones the newest first."""
    runs = matching(among, wanted)
    if wanted.sort.kind == METRIC:
        return OrderedRuns(runs, _by_metric(among, runs, wanted))
    ordered = _by_param(runs, wanted) if wanted.sort.kind == PARAM else _by_field(runs, wanted)

    def ids_at(start: int, stop: int) -> list[UUID]:
        return list(ordered.values_list("pk", flat=True)[start:stop])

    return OrderedRuns(runs, ids_at)


def _by_metric(among: Among, runs: QuerySet[Run], wanted: Wanted) -> Callable[[int, int], list[UUID]]:
    """Read a page from the index of values, and what has no value after it.

    One sort over all would have to read every run and its value: 100,000 for a page of 25.
    """
    valued = among.values.filter(name=wanted.sort.name)
    if wanted.narrows:
        valued = valued.filter(run__in=runs.values("pk"))
    valued = valued.order_by(*(("-value", "-run") if wanted.descending else ("value", "run")))

    def ids_at(start: int, stop: int) -> list[UUID]:
        ids = list(valued.values_list("run_id", flat=True)[start:stop])
        if len(ids) < stop - start:
            before = valued.count()
            rest = runs.exclude(pk__in=valued.order_by().values("run")).order_by("-id")
            ids += rest.values_list("pk", flat=True)[max(start - before, 0) : stop - before]
        return ids

    return ids_at


def _by_field(runs: QuerySet[Run], wanted: Wanted) -> QuerySet[Run]:
    if wanted.sort.kind == "started":
        # Ids grow with time, and the index has them in order.
        return runs.order_by("-id" if wanted.descending else "id")
    by: Any = {
        "name": Lower("name"),
        "state": F("state"),
        "model": Lower("model_type"),
        "duration": F("ended_at") - F("started_at"),
    }[wanted.sort.kind]
    return runs.order_by(_ordered(by, wanted), "-id")


def _by_param(runs: QuerySet[Run], wanted: Wanted) -> QuerySet[Run]:
    """Order by a parameter: numbers as numbers, also those that were logged as text, before other text."""
    name = wanted.sort.name
    as_number = Cast("param_text", FloatField())
    # A logged number may have more digits than a double holds; it then stands among the text.
    number = Case(When(param_text__regex=_NUMBER, then=as_number))
    return (
        runs.annotate(param_text=KeyTextTransform(name, "params"))
        .annotate(param_number=number)
        .order_by(_ordered(F("param_number"), wanted), _ordered(F("param_text"), wanted), "-id")
    )


def _ordered(by: Any, wanted: Wanted) -> Any:
    return by.desc(nulls_last=True) if wanted.descending else by.asc(nulls_last=True)


def in_order(runs: QuerySet[Run], ids: Sequence[UUID]) -> list[Run]:
    """Return the runs in the order of ``ids``."""
    found = {run.pk: run for run in runs}
    return [found[pk] for pk in ids if pk in found]
