"""The progress of a job: a page, and the fragment that htmx polls."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.jobs import queries, services


@login_required
@require_GET
def job(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show how far a job is; the fragment asks for itself until it is finished."""
    found = queries.job_for(request.user, pk)
    context = {"job": found, "may_change_job": queries.can_change(request.user, found)}
    response = page(request, "jobs/job.html", context, fragment="jobs/_progress.html")
    if found.is_finished and request.headers.get("HX-Request"):
        # The page around it has something new to show now.
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask a job to stop."""
    found = services.request_cancel(queries.job_for(request.user, pk), by=request.user)
    return redirect("jobs:job", pk=found.pk)


@login_required
@require_POST
def retry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Start a failed job again."""
    found = services.retry(queries.job_for(request.user, pk), by=request.user)
    return redirect("jobs:job", pk=found.pk)
