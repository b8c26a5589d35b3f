"""One entry of the ledger, and all of them as a file."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.spreadsheets import csv_of
from apps.costs import queries, services
from apps.costs.forms import AttributionForm, ReversalForm
from apps.costs.models import CostEntry
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_http_methods(["GET", "POST"])
def entry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show an entry with the rate that converted it; reverse it, or say what it was for."""
    found = queries.entry_for(request.user, pk)
    posted = request.POST.get("form") if request.method == "POST" else None
    reversal = ReversalForm(request.POST if posted == "reverse" else None, prefix="reverse")
    attribution = AttributionForm(
        request.POST if posted == "attribute" else None,
        prefix="attribute",
        **queries.attribution_choices(found.project),
    )
    done: CostEntry | None = None
    if posted == "reverse" and reversal.is_valid():
        done = attempt(reversal, services.reverse_cost, found, by=request.user, **reversal.cleaned_data)
    elif posted == "attribute" and attribution.is_valid():
        done = attempt(
            attribution, services.attribute_cost, found, by=request.user, **attribution.cleaned_data
        )
    if done is not None:
        messages.success(request, f"Entered: {done}.")
        return redirect("costs:entry", pk=done.pk)
    context = {
        "project": found.project,
        "entry": found,
        "reversal_form": reversal,
        "attribution_form": attribution,
        "forms": [reversal, attribution],
        "may_record": can(request.user, Right.CONTRIBUTE, found.project),
        "may_manage": can(request.user, Right.MANAGE, found.project),
        "reversed_by": getattr(found, "reversal", None),
    }
    bad = reversal.errors or attribution.errors
    return page(request, "costs/entry.html", context, status=422 if bad else 200)


@login_required
@require_GET
def export(request: SignedInRequest, slug: str) -> HttpResponse:
    """Send the whole ledger as CSV, newest day first."""
    found = project_for(request.user, slug)
    answer = HttpResponse(csv_of(queries.export_rows(found)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="costs-{found.slug}.csv"'
    return answer
