"""The evaluation report."""

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.evaluations import exports, forms, presenting, queries, services
from apps.jobs.queries import can_change


@login_required
@require_GET
def evaluation(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a report, or how far its job is."""
    found = queries.evaluation_for(request.user, pk)
    chosen = forms.ReportForm(request.GET)
    options = chosen.cleaned_data if chosen.is_valid() else {}
    picture = None
    if found.report:
        picture = presenting.picture(
            found.report, threshold=options.get("threshold"), sort=options.get("sort", "")
        )
    context = {
        "evaluation": found,
        "version": found.version,
        "project": found.version.model.project,
        "report": found.report,
        "picture": picture,
        "form": chosen,
        "may_change_job": can_change(request.user, found.job) if found.job and not found.report else None,
        "others": queries.comparable_with(request.user, found) if found.report else [],
    }
    return page(request, "evaluations/evaluation.html", context)


@login_required
@require_GET
def data(request: SignedInRequest, pk: UUID, name: str) -> HttpResponse:
    """Send the data behind a chart or a table as CSV."""
    found = queries.evaluation_for(request.user, pk)
    body = exports.csv_of(found.report, name) if found.report else None
    if body is None:
        raise Http404
    file = f"evaluation-{found.report_digest[:12]}-{slugify(name)}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)


@login_required
@require_GET
def beside(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show two reports side by side; ``?with=`` names the other."""
    found = queries.evaluation_for(request.user, pk)
    form = forms.BesideForm(request.GET)
    if not form.is_valid() or found.report is None:
        raise Http404
    other = queries.evaluation_for(request.user, form.cleaned_data["with"])
    if other.report is None:
        raise Http404
    context = {
        "evaluation": found,
        "other": other,
        "version": found.version,
        "project": found.version.model.project,
        "pair": presenting.beside(found.report, other.report),
    }
    return page(request, "evaluations/beside.html", context)


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
