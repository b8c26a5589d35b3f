"""The time from request to decision, and how long the open ones have waited."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.core.spreadsheets import csv_of
from apps.gates import times
from apps.projects.models import Project
from apps.projects.queries import project_for


@login_required
@require_GET
def of_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the times of one project."""
    return _times(request, project_for(request.user, slug))


@login_required
@require_GET
def of_all(request: SignedInRequest) -> HttpResponse:
    """Show the times of all projects that the user sees."""
    return _times(request, None)


def _times(request: SignedInRequest, project: Project | None) -> HttpResponse:
    if request.GET.get("format") == "csv":
        name = project.slug if project else "all"
        headers = {"Content-Disposition": f'attachment; filename="requests-{name}.csv"'}
        body = csv_of(times.as_rows(request.user, project))
        return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)
    stages = times.by_stage(request.user, project)
    context = {
        "project": project,
        "stages": stages,
        "chart": times.chart_of(stages),
        "page": page_of(request, times.ageing(request.user, project)),
    }
    return page(request, "gates/times.html", context)
