"""Up to twenty runs beside each other: where they differ, and their numbers and curves as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.core.charts import Chart, Strand, Trail, overlay, parallel
from apps.core.errors import Invalid
from apps.experiments import queries
from apps.experiments.deltas import Delta, run_delta
from apps.experiments.models import Run
from apps.policies.method.experiments import Hint
from apps.policies.queries import pack_of
from apps.projects.models import Project

MOST_COMPARED = 20
#: More axes, or more curves at once, are no longer read.
MOST_AXES, MOST_CURVES = 8, 4


@dataclass(frozen=True)
class Row:
    """A parameter or metric with its value in each run; None where a run has none."""

    kind: str
    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        return any(value != self.values[0] for value in self.values[1:])


@dataclass(frozen=True)
class Compared:
    """A run with what is shown above its column."""

    run: Run
    metrics: Mapping[str, float]
    delta: Delta | None
    hints: tuple[Hint, ...]
    number: int

    @property
    def label(self) -> str:
        return f"{self.number} {self.run.name}"


@dataclass(frozen=True)
class Comparison:
    """The runs in the order in which they were asked for, and a row for each parameter and metric."""

    runs: tuple[Compared, ...]
    rows: tuple[Row, ...]

    @property
    def different(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.differs)

    @property
    def best(self) -> Compared | None:
        """The run that is furthest over its baseline, or has the best primary metric where all share one experiment."""
        experiments = {one.run.experiment_id for one in self.runs}
        if len(experiments) != 1:
            return None
        experiment = self.runs[0].run.experiment
        valued = [one for one in self.runs if experiment.primary_metric in one.metrics]
        sign = 1 if experiment.higher_is_better else -1
        return max(valued, key=lambda one: sign * one.metrics[experiment.primary_metric], default=None)


def ids_of(given: Sequence[str]) -> list[UUID]:
    """Return the ids of runs in an address, each once.

    Raises Invalid for more than MOST_COMPARED, and for what is no id.
    """
    wanted = list(dict.fromkeys(given))
    if len(wanted) > MOST_COMPARED:
        raise Invalid(
            f"{len(wanted)} runs are too many to compare at once; choose {MOST_COMPARED} at the most.",
            code="too_many_runs",
        )
    try:
        return [UUID(one) for one in wanted]
    except ValueError:
        raise Invalid("run: this is no id of a run. Choose runs from the table.", code="no_run") from None


def compare(project: Project, ids: Sequence[UUID]) -> Comparison:
    """Return runs of a project beside each other; raises Http404 when one is not of it."""
    runs = queries.runs_named(project, ids)
    metrics = queries.latest_metrics(ids)
    part = pack_of(project.policy_revision).method.experiments
    compared = tuple(
        Compared(
            run,
            metrics.get(run.pk, {}),
            run_delta(run.experiment, metrics.get(run.pk, {})),
            part.hints(run.model_type, run.params),
            number,
        )
        for number, run in enumerate(runs, 1)
    )
    return Comparison(compared, _rows(compared))


def _rows(runs: Sequence[Compared]) -> tuple[Row, ...]:
    found = [Row("run", "model type", tuple(one.run.model_type or None for one in runs))]
    found.append(Row("run", "seed", tuple(one.run.seed for one in runs)))
    for kind, held in (
        ("param", [one.run.params for one in runs]),
        ("metric", [one.metrics for one in runs]),
    ):
        names = sorted({name for values in held for name in values})
        found += [Row(kind, name, tuple(values.get(name) for values in held)) for name in names]
    return tuple(found)


def coordinates(comparison: Comparison) -> Chart | None:
    """Draw the numbers in which the runs differ; None where there are not two such numbers."""
    numeric = [row for row in comparison.different if row.kind != "run" and _numbers(row)]
    primary = comparison.runs[0].run.experiment.primary_metric if comparison.runs else ""
    numeric.sort(key=lambda row: (row.kind == "metric", row.name == primary))
    # The primary metric comes last, and stays when there are too many.
    shown = numeric[-MOST_AXES:]
    if len(shown) < 2:
        return None
    best = comparison.best
    strands = [
        Strand(one.label, tuple(_number(row.values[place]) for row in shown), one is best)
        for place, one in enumerate(comparison.runs)
    ]
    marking = f"{best.label} has the best {primary}" if best else ""
    return parallel([row.name for row in shown], strands, marking=marking)


def curves(comparison: Comparison, names: Sequence[str]) -> list[Chart]:
    """Draw the curves of each of these metrics over each other."""
    points = queries.metric_curves([one.run.pk for one in comparison.runs], names)
    best = comparison.best
    charts = []
    for name in names:
        of_runs = points.get(name, {})
        trails = [
            Trail(one.label, tuple(of_runs[one.run.pk]), one is best)
            for one in comparison.runs
            if one.run.pk in of_runs
        ]
        if trails:
            charts.append(overlay(name, trails))
    return charts


def _numbers(row: Row) -> bool:
    return all(value is None or _number(value) is not None for value in row.values)


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
