"""One entry of the ledger, and all of them as a file."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
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
    forms = _forms(request, found)
    done = _correct(request, found, forms)
    if done is not None:
        messages.success(request, f"Entered: {done}.")
        return redirect("costs:entry", pk=done.pk)
    context = {
        "project": found.project,
        "entry": found,
        "reversed_by": getattr(found, "reversal", None),
        "forms": list(forms.values()),
        "reversal_form": forms["reverse"],
        "attribution_form": forms["attribute"],
        "may_record": can(request.user, Right.CONTRIBUTE, found.project),
        "may_manage": can(request.user, Right.MANAGE, found.project),
    }
    bad = any(form.errors for form in forms.values())
    return page(request, "costs/entry.html", context, status=422 if bad else 200)


def _forms(request: SignedInRequest, found: CostEntry) -> dict[str, Form]:
    posted = request.POST.get("form") if request.method == "POST" else None
    return {
        "reverse": ReversalForm(request.POST if posted == "reverse" else None, prefix="reverse"),
        "attribute": AttributionForm(
            request.POST if posted == "attribute" else None,
            prefix="attribute",
            **queries.attribution_choices(found.project),
        ),
    }


def _correct(request: SignedInRequest, found: CostEntry, forms: dict[str, Form]) -> CostEntry | None:
    form = forms.get(request.POST.get("form", ""))
    if form is None or not form.is_valid():
        return None
    act = services.reverse_cost if form is forms["reverse"] else services.attribute_cost
    return attempt(form, act, found, by=request.user, **form.cleaned_data)


@login_required
@require_GET
def export(request: SignedInRequest, slug: str) -> HttpResponse:
    """Send the whole ledger as CSV, newest day first."""
    found = project_for(request.user, slug)
    answer = HttpResponse(csv_of(queries.export_rows(found)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="costs-{found.slug}.csv"'
    return answer
