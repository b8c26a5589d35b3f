"""Pages of models."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core import blobs
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.policies.queries import pack_of
from apps.registry import permissions, queries, services
from apps.registry.enums import CheckSource
from apps.registry.forms import ReasonForm


@login_required
@require_GET
def model(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a model: which version is where."""
    found = queries.model_for(request.user, pk)
    versions = page_of(request, queries.versions_for(request.user).filter(model=found))
    stages = pack_of(found.project.policy_revision).stages
    strip = queries.by_stage(stages, found.versions.live().only("number", "stage", "model_id"))
    return page(
        request,
        "registry/model.html",
        {
            "model": found,
            "project": found.project,
            "page": versions,
            "strip": strip,
            "may_retire": permissions.can_retire(request.user, found),
            "may_reinstate": permissions.can_reinstate(request.user, found),
            "reason_form": ReasonForm(),
        },
    )


@login_required
@require_GET
def check(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what a check found, and whether it still counts."""
    found = queries.check_for(request.user, pk)
    version = found.version
    return page(
        request,
        "registry/check.html",
        {
            "check": found,
            "standing": queries.standing_of(found),
            "version": version,
            "project": version.model.project,
        },
    )


@login_required
@require_GET
def report(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Download the file that a check was reported by, as an attachment."""
    found = queries.check_for(request.user, pk)
    if found.report_id is None:
        raise Http404
    ending = "xml" if found.source == CheckSource.JUNIT else "sarif"
    return blobs.download(found.report_id, name=f"{found.name}.{ending}")


@login_required
@require_POST
def retirement(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Retire a model, or reinstate a retired one."""
    found = queries.model_for(request.user, pk)
    form = ReasonForm(request.POST)
    act = services.retire_model if found.retired_at is None else services.reinstate_model
    done = attempt(form, act, found, by=request.user, **form.cleaned_data) if form.is_valid() else None
    if done is not None:
        messages.success(request, f"{done} is {'retired' if done.retired_at else 'reinstated'}.")
    for problems in form.errors.get_json_data().values():
        messages.error(request, " ".join(one["message"] for one in problems))
    return redirect("registry:model", pk=pk)
