"""Checks for leakage between train and test."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.data import presenting, queries, services
from apps.data.forms import LeakageForm
from apps.jobs.queries import can_change
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_http_methods(["GET", "POST"])
def leakage(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the checks of a project, the newest in full; send two tables to be compared."""
    project = project_for(request.user, slug)
    form = LeakageForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        job = attempt(form, services.request_leakage, project, by=request.user, **form.cleaned_data)
        if job is not None:
            messages.success(request, "A worker compares the tables.")
            return redirect("data:leakage", slug=slug)
    part = queries.method_of(project).leakage
    shown = page_of(request, queries.leakage_reports_of(project), size=10)
    job = queries.open_job(project, "data.leakage")
    context = {
        "project": project,
        "form": form,
        "part": part,
        "checks": [(one, presenting.findings_of(one, part)) for one in shown],
        "page": shown,
        "job": job,
        "may_change_job": can_change(request.user, job) if job else None,
        "may_check": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "data/leakage.html", context, status=422 if form.errors else 200)
