"""The cost page of a project."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.costs import alerts, queries, services
from apps.costs.forms import BudgetForm, CostForm, ImportForm, TargetForm
from apps.costs.models import Target
from apps.costs.queries import MonthSummary, Sums
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_http_methods(["GET", "POST"])
def project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what a project costs; set budget and targets, enter an amount or import a file of them."""
    found = project_for(request.user, slug)
    summary, target = queries.month_summary(found), queries.target_of(found)
    forms = _forms(request, found, summary, target)
    posted = request.POST.get("form", "") if request.method == "POST" else ""
    if posted in forms and forms[posted].is_valid():
        done = _do(posted, forms[posted], found, request)
        if done is not None:
            messages.success(request, f"Saved: {done}.")
            return redirect("costs:project", slug=slug)
    context = _context(request, found, summary) | {f"{name}_form": form for name, form in forms.items()}
    bad = any(form.errors for form in forms.values())
    context |= {"target": target, "reduction": queries.reduction(found, target)}
    return page(request, "costs/project.html", context, status=422 if bad else 200)


def _forms(
    request: SignedInRequest, found: Project, summary: MonthSummary, target: Target | None
) -> dict[str, Form]:
    posted = request.POST.get("form") if request.method == "POST" else None

    def data(name: str) -> dict[str, Any]:
        mine = posted == name
        return {
            "data": request.POST if mine else None,
            "files": request.FILES if mine else None,
            "prefix": name,
        }

    goals = {
        name: getattr(target, name, None)
        for name in ("per_1000_predictions", "reduction_percent", "reduction_from")
    }
    allowed = {"currency": summary.currency, "monthly_amount": summary.budget}
    choices = queries.attribution_choices(found)
    return {
        "budget": BudgetForm(**data("budget"), initial=allowed),
        "target": TargetForm(**data("target"), initial=goals),
        "cost": CostForm(**data("cost"), **choices, initial={"currency": summary.currency}),
        "import": ImportForm(**data("import")),
    }


def _do(posted: str, form: Form, found: Project, request: SignedInRequest) -> object | None:
    fields = form.cleaned_data
    if posted == "budget":
        return attempt(form, services.set_budget, found, by=request.user, **fields)
    if posted == "target":
        return attempt(form, services.set_targets, found, by=request.user, **fields)
    if posted == "cost":
        return attempt(form, services.record_cost, found, by=request.user, source="form", **fields)
    return attempt(form, services.import_costs, found, stream=fields["file"].file, by=request.user)


def _context(request: SignedInRequest, found: Project, summary: MonthSummary) -> dict[str, object]:
    sums = queries.sums_of(found)
    return {
        "project": found,
        "summary": summary,
        "levels": alerts.levels(found, summary),
        "figures": sums.figures,
        "charts": _charts(summary, sums),
        "page": page_of(request, queries.entries_of(found)),
        "may_manage": can(request.user, Right.MANAGE, found),
        "may_record": can(request.user, Right.CONTRIBUTE, found),
    }


def _charts(summary: MonthSummary, sums: Sums) -> dict[str, charts.Chart]:
    months = [(month, float(total)) for month, total in sums.months]
    if not months:
        return {}
    ahead = summary.forecast
    drawn = {
        "months": charts.cost_bars(
            months,
            currency=summary.currency,
            budget=float(summary.budget) if summary.budget else None,
            forecast=(ahead.value, ahead.low, ahead.high) if ahead else None,
        )
    }
    for name, title, column, rows in (
        ("kinds", "This month by kind", "Kind", [(one.label, one.amount) for one in summary.by_kind]),
        (
            "versions",
            "All time by version",
            "Version",
            [(one.title, one.amount) for one in sums.figures.versions],
        ),
    ):
        if rows:
            drawn[name] = charts.amount_bars(
                [(label, float(amount)) for label, amount in rows],
                title=title,
                column=column,
                currency=summary.currency,
            )
    return drawn
