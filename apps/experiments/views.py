"""Pages of experiments and runs."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.experiments import queries


@login_required
@require_GET
def experiment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show an experiment with its runs side by side."""
    found = queries.experiment_for(request.user, pk)
    runs = page_of(request, queries.runs_for(request.user).filter(experiment=found))
    metrics = queries.latest_metrics([run.pk for run in runs])
    names = sorted({name for values in metrics.values() for name in values})[:6]
    rows = [(run, [metrics.get(run.pk, {}).get(name) for name in names]) for run in runs]
    context = {"experiment": found, "project": found.project, "page": runs, "names": names, "rows": rows}
    return page(request, "experiments/experiment.html", context)


@login_required
@require_GET
def run(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a run: what went in, what came out."""
    found = queries.run_for(request.user, pk)
    context = {
        "run": found,
        "project": found.experiment.project,
        "metrics": queries.latest_metrics([found.pk]).get(found.pk, {}),
        "series": [charts.series(points, name=name) for name, points in queries.metric_series(found).items()],
        "artifacts": found.artifacts.select_related("blob").order_by("path"),
        "datasets": found.datasets.all(),
        "versions": found.versions.select_related("model").order_by("number"),
    }
    return page(request, "experiments/run.html", context)
