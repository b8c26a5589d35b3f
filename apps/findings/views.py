"""Pages of findings."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.findings import queries, services
from apps.findings.forms import DecisionForm
from apps.findings.permissions import can_decide
from apps.projects.queries import project_for


@login_required
@require_GET
def project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what is wrong with a project, what to do about it, and what every rule says now."""
    found = project_for(request.user, slug)
    context = {
        "project": found,
        "standing": queries.standing_of(found, with_gone=True),
        "decision": can_decide(request.user, found),
    }
    return page(request, "findings/project.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def finding(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a finding with the facts behind it; decide about it."""
    found = queries.finding_for(request.user, pk)
    form = DecisionForm(request.POST or None, initial={"lock_version": found.lock_version})
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        expect = fields.pop("lock_version")
        choice = request.POST.get("choice", "")
        decided = attempt(
            form, services.decide, found, choice=choice, by=request.user, expect=expect, **fields
        )
        if decided is not None:
            messages.success(request, "The decision is recorded.")
            return redirect("findings:project", slug=found.project.slug)
    context = {
        "finding": found,
        "project": found.project,
        "form": form,
        "decision": can_decide(request.user, found.project),
    }
    return page(request, "findings/finding.html", context, status=422 if form.errors else 200)
