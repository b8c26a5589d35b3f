"""The ledger of a project's exceptions: what it owes, to whom, until when."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.gates import queries_conditions as conditions
from apps.gates import queries_exceptions as queries
from apps.projects.queries import project_for


@login_required
@require_GET
def exceptions(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show open waivers, and what is closed below them."""
    found = project_for(request.user, slug)
    waivers = queries.waivers_for(request.user).filter(version__model__project=found)
    waiting = list(queries.open_waivers(waivers))
    context = {
        "project": found,
        "open_waivers": waiting,
        "postmortems": queries.postmortems_for(request.user).filter(version__model__project=found)[:30],
        "obligations": conditions.obligations_of_project(request.user, found)[:30],
        "debt": queries.debt_of(waiting),
        "page": page_of(request, waivers.exclude(pk__in=[one.pk for one in waiting])),
    }
    return page(request, "gates/exceptions.html", context)
