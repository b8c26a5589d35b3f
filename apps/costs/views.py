"""The cost page of a project."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.costs import queries, services
from apps.costs.forms import BudgetForm, CostForm, ImportForm
from apps.costs.importing import Sheet
from apps.costs.models import Budget, CostEntry
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_http_methods(["GET", "POST"])
def project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what a project costs; set the budget, enter an amount or import a file of them."""
    found = project_for(request.user, slug)
    posted = request.POST.get("form") if request.method == "POST" else None
    budget_form = BudgetForm(request.POST if posted == "budget" else None, prefix="budget")
    cost_form = CostForm(request.POST if posted == "cost" else None, prefix="cost")
    importing = posted == "import"
    import_form = ImportForm(
        request.POST if importing else None, request.FILES if importing else None, prefix="import"
    )
    done: Budget | CostEntry | Sheet | None = None
    if posted == "budget" and budget_form.is_valid():
        done = attempt(budget_form, services.set_budget, found, by=request.user, **budget_form.cleaned_data)
    elif posted == "cost" and cost_form.is_valid():
        done = attempt(
            cost_form, services.record_cost, found, by=request.user, source="form", **cost_form.cleaned_data
        )
    elif posted == "import" and import_form.is_valid():
        stream = import_form.cleaned_data["file"].file
        done = attempt(import_form, services.import_costs, found, stream=stream, by=request.user)
    if done is not None:
        messages.success(request, f"Saved: {done}.")
        return redirect("costs:project", slug=slug)
    context = _context(request, found) | {
        "budget_form": budget_form,
        "cost_form": cost_form,
        "import_form": import_form,
    }
    bad = bool(budget_form.errors or cost_form.errors or import_form.errors)
    return page(request, "costs/project.html", context, status=422 if bad else 200)


def _context(request: SignedInRequest, found: Project) -> dict[str, object]:
    summary = queries.month_summary(found)
    months = [(month, float(total)) for month, total in queries.by_month(found)]
    chart = charts.cost_bars(
        months,
        currency=summary.currency,
        budget=float(summary.budget) if summary.budget else None,
        forecast=float(summary.forecast) if summary.forecast else None,
    )
    return {
        "project": found,
        "summary": summary,
        "chart": chart if months else None,
        "page": page_of(request, queries.entries_of(found)),
        "may_manage": can(request.user, Right.MANAGE, found),
        "may_record": can(request.user, Right.CONTRIBUTE, found),
    }
