"""The exchange rates that hold for every project."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.costs import queries, services
from apps.costs.forms import RateForm, RatesFileForm
from apps.costs.permissions import can_enter_rates


@login_required
@require_http_methods(["GET", "POST"])
def rates(request: SignedInRequest) -> HttpResponse:
    """List the rates, newest day first; an administrator enters one or imports a file of them."""
    posted = request.POST.get("form") if request.method == "POST" else None
    rate_form = RateForm(request.POST if posted == "rate" else None, prefix="rate")
    sent = posted == "import"
    file_form = RatesFileForm(
        request.POST if sent else None, request.FILES if sent else None, prefix="import"
    )
    said = _enter(request, rate_form, file_form)
    if said:
        messages.success(request, said)
        return redirect("costs:rates")
    context = {
        "page": page_of(request, queries.rates()),
        "rate_form": rate_form,
        "file_form": file_form,
        "may_enter": can_enter_rates(request.user),
    }
    bad = rate_form.errors or file_form.errors
    return page(request, "costs/rates.html", context, status=422 if bad else 200)


def _enter(request: SignedInRequest, rate_form: RateForm, file_form: RatesFileForm) -> str:
    """Do what was posted and return what to say of it; nothing where it was refused."""
    if rate_form.is_bound and rate_form.is_valid():
        rate = attempt(rate_form, services.enter_rate, by=request.user, **rate_form.cleaned_data)
        return f"Entered: {rate}." if rate else ""
    if file_form.is_bound and file_form.is_valid():
        stream = file_form.cleaned_data["file"].file
        new = attempt(file_form, services.import_rates, stream=stream, by=request.user)
        return "" if new is None else f"Entered: {len(new):,} rates that were not known."
    return ""
