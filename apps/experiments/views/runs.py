"""Pages of runs: all of a project, one, and up to twenty beside each other."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.errors import Invalid
from apps.core.htmx import page
from apps.experiments import comparing, queries
from apps.experiments.advice import advice_for, hints_of
from apps.experiments.deltas import run_delta
from apps.experiments.tables import Among
from apps.experiments.views.tables import runs_context
from apps.projects.queries import project_for

#: A run's page draws so many curves; the comparison draws any.
MOST_CURVES = 12


@login_required
@require_GET
def of_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """List all runs of a project."""
    project = project_for(request.user, slug)
    context, fine = runs_context(request, Among(project))
    context["project"] = project
    return page(
        request,
        "experiments/runs.html",
        context,
        fragment="experiments/_runs.html",
        status=200 if fine else 422,
    )


@login_required
@require_GET
def compare(request: SignedInRequest, slug: str) -> HttpResponse:
    """Compare up to twenty runs of a project."""
    project = project_for(request.user, slug)
    try:
        ids = comparing.ids_of(request.GET.getlist("run"))
    except Invalid as error:
        context = {"project": project, "fault": error.sentence}
        return page(request, "experiments/compare.html", context, status=error.status)
    comparison = comparing.compare(project, ids)
    every = queries.metric_names(ids)
    asked = [name for name in request.GET.getlist("curve") if name in every]
    drawn = (asked or every)[: comparing.MOST_CURVES]
    whole = request.GET.get("rows") == "all"
    context = {
        "project": project,
        "comparison": comparison,
        "rows": comparison.rows if whole else comparison.different,
        "whole": whole,
        "parallel": comparing.coordinates(comparison),
        "curves": comparing.curves(comparison, drawn),
        "curve_names": every,
        "drawn": drawn,
    }
    return page(request, "experiments/compare.html", context)


@login_required
@require_GET
def run(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a run: what went in, what came out, what is unusual."""
    found = queries.run_for(request.user, pk)
    project = found.experiment.project
    metrics = queries.latest_metrics([found.pk]).get(found.pk, {})
    hints = hints_of(found, project)
    names = queries.metric_names([found.pk])[:MOST_CURVES]
    curves = queries.metric_curves([found.pk], names)
    context = {
        "run": found,
        "experiment": found.experiment,
        "project": project,
        "metrics": metrics,
        "delta": run_delta(found.experiment, metrics),
        "hints": hints,
        "hinted": {hint.param for hint in hints},
        "advice": advice_for(found.experiment, "run"),
        "series": [charts.series(curves[name][found.pk], name=name) for name in names],
        "artifacts": found.artifacts.standing().select_related("blob").order_by("path"),
        "datasets": found.datasets.all(),
        "versions": found.versions.select_related("model").order_by("number"),
    }
    return page(request, "experiments/run.html", context)
