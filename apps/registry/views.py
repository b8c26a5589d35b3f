"""Pages of models."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.policies.queries import pack_of
from apps.registry import queries


@login_required
@require_GET
def model(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a model: which version is where."""
    found = queries.model_for(request.user, pk)
    versions = page_of(request, queries.versions_for(request.user).filter(model=found))
    stages = pack_of(found.project.policy_revision).stages
    strip = queries.by_stage(stages, found.versions.only("number", "stage", "model_id"))
    return page(
        request,
        "registry/model.html",
        {"model": found, "project": found.project, "page": versions, "strip": strip},
    )
