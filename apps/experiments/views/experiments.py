"""Pages of experiments: a project's list, one of them with its runs, writing one down, its verdict."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.experiments import queries, services
from apps.experiments.advice import advice_for
from apps.experiments.deltas import delta_of
from apps.experiments.forms import ExperimentFilterForm, ExperimentForm, VerdictForm
from apps.experiments.models import Experiment
from apps.experiments.permissions import can_give_verdict
from apps.experiments.tables import Among
from apps.experiments.views.tables import runs_context, without_page
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_GET
def of_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """List a project's experiments; by verdict, and by words."""
    project = project_for(request.user, slug)
    form = ExperimentFilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {"verdict": "", "q": ""}
    found = queries.experiments_of(request.user, project, verdict=asked["verdict"], words=asked["q"])
    shown = page_of(request, found)
    rows = []
    for one in shown:
        best = one.highest if one.higher_is_better else one.lowest
        rows.append((one, best, delta_of(one, best)))
    context = {
        "project": project,
        "form": form,
        "page": shown,
        "rows": rows,
        "query": without_page(request),
        "may_contribute": can(request.user, Right.CONTRIBUTE, project),
    }
    return page(request, "experiments/list.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest, slug: str) -> HttpResponse:
    """Begin an experiment."""
    project = project_for(request.user, slug)
    form = ExperimentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form, services.create_experiment, project, by=request.user, **form.fields_for_service()
        )
        if made is not None:
            messages.success(request, f"{made.key} has begun. Its runs are logged by your pipeline.")
            return redirect("experiments:experiment", pk=made.pk)
    context = {"project": project, "form": form, "decision": can(request.user, Right.CONTRIBUTE, project)}
    return page(request, "experiments/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Change what an experiment says of itself."""
    found = queries.experiment_for(request.user, pk)
    form = ExperimentForm(request.POST or None, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        expect = form.cleaned_data["lock_version"]
        fields = form.fields_for_service()
        if attempt(form, services.change_experiment, found, by=request.user, expect=expect, **fields):
            messages.success(request, "The experiment is saved.")
            return redirect("experiments:experiment", pk=pk)
    context = {
        "project": found.project,
        "experiment": found,
        "form": form,
        "decision": can(request.user, Right.CONTRIBUTE, found.project),
    }
    return page(request, "experiments/edit.html", context, status=422 if form.errors else 200)


def _initial(found: Experiment) -> dict[str, object]:
    return {
        **found.__dict__,
        "direction": "yes" if found.higher_is_better else "no",
        "secondary_metrics": ", ".join(found.secondary_metrics),
    }


@login_required
@require_GET
def experiment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show an experiment: its verdict, what it tries, and its runs side by side."""
    found = queries.experiment_for(request.user, pk)
    form = VerdictForm(initial={"lock_version": found.lock_version})
    return _experiment(request, found, form)


@login_required
@require_POST
def verdict(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give an experiment its verdict, with a reason."""
    found = queries.experiment_for(request.user, pk)
    form = VerdictForm(request.POST)
    if form.is_valid():
        fields = dict(form.cleaned_data)
        expect = fields.pop("lock_version")
        if attempt(form, services.give_verdict, found, by=request.user, expect=expect, **fields):
            messages.success(request, "The verdict is recorded.")
            return redirect("experiments:experiment", pk=pk)
    return _experiment(request, found, form)


def _experiment(request: SignedInRequest, found: Experiment, form: VerdictForm) -> HttpResponse:
    context, fine = runs_context(request, Among(found.project, found))
    context |= {
        "experiment": found,
        "project": found.project,
        "verdicts": list(queries.verdicts_of(found)[:10]),
        "verdict_form": form,
        "may_decide": can_give_verdict(request.user, found),
        "may_contribute": can(request.user, Right.CONTRIBUTE, found.project),
        "advice": advice_for(found, "experiment"),
    }
    status = 422 if form.errors or not fine else 200
    return page(
        request, "experiments/experiment.html", context, fragment="experiments/_runs.html", status=status
    )
