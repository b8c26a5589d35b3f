"""Pages of re-reviews."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.gates import forms, permissions, queries, services


@login_required
@require_GET
def review(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show until when an approval is valid, and what renews it."""
    return page(request, "gates/review.html", _context(request, pk) | {"form": forms.FindingForm()})


def _context(request: SignedInRequest, pk: UUID) -> dict[str, object]:
    found = queries.review_for(request.user, pk)
    return {
        "review": found,
        "version": found.version,
        "project": found.version.model.project,
        "decision": permissions.can_review(request.user, found),
        "requests": queries.promotions_of(found.version).filter(purpose="review"),
    }


@login_required
@require_POST
def start(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Judge the gate on the evidence of today and open the request that confirms the approval."""
    made = services.start_review(queries.review_for(request.user, pk), by=request.user)
    return redirect("gates:promotion", pk=made.pk)


@login_required
@require_http_methods(["POST"])
def finding(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Close a re-review with what was found."""
    context = _context(request, pk)
    form = forms.FindingForm(request.POST)
    if form.is_valid():
        words = form.cleaned_data["finding"]
        if attempt(form, services.record_finding, context["review"], finding=words, by=request.user):
            messages.success(request, "The finding is recorded; the next re-review is open.")
            return redirect("gates:review", pk=pk)
    return page(request, "gates/review.html", context | {"form": form}, status=422)
