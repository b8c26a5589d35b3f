"""What levers would save, and what a task costs on a GPU: forms that only read, so their address can be shared."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.costs import estimating
from apps.costs.converting import books_currency
from apps.costs.forms import GpuForm, SavingsForm
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_GET
def savings(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show each lever of the policy, and what the chosen ones would save of the project's inference cost."""
    found = project_for(request.user, slug)
    known = estimating.known_costs(found)
    currency = books_currency(found)
    form = SavingsForm(
        request.GET or None,
        levers=estimating.levers_of(found),
        currency=currency,
        initial={f"cost_{kind}": cost for kind, cost in known.items()},
    )
    result = None
    if form.is_bound and form.is_valid():
        result = attempt(form, estimating.estimate_savings, found, chosen=form.chosen, costs=form.costs)
    context = {
        "project": found,
        "currency": currency,
        "form": form,
        "known": known,
        "rows": list(form.rows({one.lever.key: one for one in result.each if one.lever} if result else {})),
        "result": result,
        "may_manage": can(request.user, Right.MANAGE, found),
    }
    return page(request, "costs/savings.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def gpus(request: SignedInRequest, slug: str) -> HttpResponse:
    """Choose a GPU by task and size, and show what a run and a month cost."""
    found = project_for(request.user, slug)
    listed = estimating.gpus_of(found)
    form = GpuForm(request.GET or None, gpus=listed)
    result = None
    if form.is_bound and form.is_valid():
        result = attempt(form, estimating.estimate_gpu, found, **form.cleaned_data)
    context = {
        "project": found,
        "form": form,
        "listed": listed,
        "result": result,
        "may_manage": can(request.user, Right.MANAGE, found),
    }
    return page(request, "costs/gpus.html", context, status=422 if form.errors else 200)
