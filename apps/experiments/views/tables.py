"""The table of runs, as a project's and an experiment's page share it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.core.paging import page_of
from apps.experiments.columns import FIXED, METRIC, PARAM, Column, Wanted
from apps.experiments.deltas import Delta, run_delta
from apps.experiments.forms import RunsForm
from apps.experiments.models import Run
from apps.experiments.queries import latest_metrics
from apps.experiments.tables import Among, sorted_runs

#: Columns of metrics and parameters that a table has before anybody chose.
USUAL = 6


@dataclass(frozen=True)
class Head:
    """The head of a column: where it leads, and how the table is sorted by it (ascending, descending, or not)."""

    column: Column
    query: str
    sorted: str


@dataclass(frozen=True)
class RunRow:
    """A run with its cells, in the order of the heads."""

    run: Run
    cells: tuple[Any, ...]
    delta: Delta | None


def runs_context(request: HttpRequest, among: Among) -> tuple[dict[str, Any], bool]:
    """Return what the table needs, and whether the address could be read; what cannot leaves the table whole."""
    form = RunsForm(request.GET, among=among)
    fine = form.is_valid()
    wanted = form.wanted if fine else Wanted()
    columns = wanted.columns or _usual(among)
    shown = page_of(request, sorted_runs(among, wanted))  # type: ignore[arg-type]
    runs = list(shown.object_list)
    metrics = latest_metrics([run.pk for run in runs])
    rows = [
        RunRow(
            run,
            tuple(_cell(run, metrics.get(run.pk, {}), column) for column in columns),
            run_delta(run.experiment, metrics.get(run.pk, {})),
        )
        for run in runs
    ]
    context = {
        "among": among,
        "runs_form": form,
        "fixed": [_head(request, Column(kind), wanted) for kind in FIXED],
        "heads": [_head(request, column, wanted) for column in columns],
        "rows": rows,
        "page": shown,
        "query": without_page(request),
        "narrowed": wanted.narrows,
        "has_delta": any(row.delta for row in rows),
    }
    return context, fine


def without_page(request: HttpRequest) -> str:
    """Return the query of an address without its page, for links to other pages of the list."""
    given = request.GET.copy()
    given.pop("page", None)
    return given.urlencode()


def _usual(among: Among) -> tuple[Column, ...]:
    first: list[str] = []
    if among.experiment is not None:
        first = [among.experiment.primary_metric, *among.experiment.secondary_metrics]
    names = [name for name in dict.fromkeys([*first, *among.metrics]) if name in among.metrics]
    return tuple(Column(METRIC, name) for name in names[:USUAL])


def _cell(run: Run, metrics: dict[str, float], column: Column) -> Any:
    return metrics.get(column.name) if column.kind == METRIC else run.params.get(column.name)


def _head(request: HttpRequest, column: Column, wanted: Wanted) -> Head:
    here = column == wanted.sort
    given = request.GET.copy()
    given.pop("page", None)
    # The first press shows the highest, the newest or the longest; names begin with A.
    down = not wanted.descending if here else column.kind in (METRIC, PARAM, "started", "duration")
    given["sort"] = f"{'-' if down else ''}{column.key}"
    return Head(
        column, given.urlencode(), ("descending" if wanted.descending else "ascending") if here else ""
    )
