"""The evaluation report."""

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.evaluations import presenting, queries, services


@login_required
@require_GET
def evaluation(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a report, or how far its job is."""
    found = queries.evaluation_for(request.user, pk)
    context = {
        "evaluation": found,
        "version": found.version,
        "project": found.version.model.project,
        "report": found.report,
        "picture": presenting.picture(found.report) if found.report else None,
    }
    return page(request, "evaluations/evaluation.html", context)


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send the report as JSON."""
    found = queries.evaluation_for(request.user, pk)
    if found.report is None:
        raise Http404
    body = json.dumps(found.report, indent=2, ensure_ascii=False)
    name = f"evaluation-{found.report_digest[:12]}.json"
    return HttpResponse(
        body,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@require_POST
def retry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Evaluate the same predictions again."""
    again = services.retry_evaluation(queries.evaluation_for(request.user, pk), by=request.user)
    return redirect("evaluations:evaluation", pk=again.pk)
