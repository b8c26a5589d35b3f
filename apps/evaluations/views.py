"""The evaluation report."""

import json
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.evaluations import exports, forms, presenting, queries, services
from apps.jobs.printouts import file_of
from apps.jobs.queries import can_change
from apps.policies.method.guides import Advice
from apps.policies.queries import advice_on
from apps.projects.models import Project
from apps.projects.queries import brief_of


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
    project = found.version.model.project
    printout = queries.printout_of_report(found)
    job = (printout.job if printout else None) if found.report else found.job
    context = {
        "evaluation": found,
        "version": found.version,
        "project": project,
        "report": found.report,
        "advice": _advice(project, found.report) if found.report else (),
        "picture": picture,
        "form": chosen,
        "may_change_job": can_change(request.user, job) if job else None,
        "printout": printout,
        "others": queries.comparable_with(request.user, found) if found.report else [],
    }
    return page(request, "evaluations/evaluation.html", context)


def _advice(project: Project, report: dict[str, Any]) -> tuple[Advice, ...]:
    """Return what the policy's guides advise on a report: the metric for its task, and what it hides."""
    brief = brief_of(project)
    figures = {name: report.get(name) for name in ("task", "n", "positives")}
    facts = {"brief": {"task": (brief.task if brief else "") or None}, "evaluation": figures}
    return advice_on(project.policy_revision, "evaluation", facts)


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


@login_required
@require_POST
def request_pdf(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Let a worker make the validation report."""
    services.request_pdf(queries.evaluation_for(request.user, pk), by=request.user)
    return redirect("evaluations:evaluation", pk=pk)


@login_required
@require_GET
def download_pdf(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Send the validation report as it was made."""
    found = queries.evaluation_for(request.user, pk)
    return file_of(queries.printout_of_report(found), name=queries.report_name(found))
