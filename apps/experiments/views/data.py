"""What the runs of a project used: datasets and features."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.experiments import usage
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_GET
def datasets(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the dataset versions of a project with the runs that used them."""
    project = project_for(request.user, slug)
    context = {
        "project": project,
        "page": page_of(request, usage.datasets_with_runs(project)),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "experiments/datasets.html", context)


@login_required
@require_GET
def feature_use(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show which features runs name, which none names, and which nobody registered."""
    project = project_for(request.user, slug)
    context = {
        "project": project,
        "use": usage.feature_use(project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "experiments/feature_use.html", context)
