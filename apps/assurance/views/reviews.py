"""Access review, time travel, evidence packs."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.assurance import queries, services
from apps.assurance.access import access_on
from apps.assurance.forms import MomentForm
from apps.assurance.past import production_on
from apps.core import blobs
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.projects.queries import project_for
from apps.registry.queries import version_for


def _query(request: HttpRequest) -> str:
    """Return the query string that other pages of the same list keep."""
    given = request.GET.copy()
    given.pop("page", None)
    return given.urlencode()


@login_required
@require_GET
def access_site(request: SignedInRequest) -> HttpResponse:
    """Review who could do what in all projects and over the site, to auditors and administrators."""
    queries.demand_site_reader(request.user)
    form = MomentForm(request.GET or None)
    moment = form.moment()
    rows = page_of(request, access_on(moment), size=200)
    return page(
        request,
        "assurance/access.html",
        {"form": form, "moment": moment, "page": rows, "query": _query(request)},
    )


@login_required
@require_GET
def access_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Review who could do what in a project."""
    project = project_for(request.user, slug)
    form = MomentForm(request.GET or None)
    moment = form.moment()
    rows = page_of(request, access_on(moment, project=project), size=200)
    context = {"form": form, "moment": moment, "page": rows, "project": project, "query": _query(request)}
    return page(request, "assurance/access.html", context)


@login_required
@require_GET
def past(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show what was in production, who had approved it, and on what evidence."""
    project = project_for(request.user, slug)
    form = MomentForm(request.GET or None)
    moment = form.moment()
    context = {
        "form": form,
        "moment": moment,
        "stood": production_on(project, moment),
        "project": project,
    }
    return page(request, "assurance/past.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def packs(request: SignedInRequest, slug: str) -> HttpResponse:
    """List a project's evidence packs, and ask for one of a moment."""
    project = project_for(request.user, slug)
    form = MomentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, services.request_pack, project, by=request.user, as_of=form.moment())
        if made is not None and made.job is not None:
            return redirect("jobs:job", pk=made.job.pk)
    context = {"form": form, "page": page_of(request, queries.packs_of(project)), "project": project}
    return page(request, "assurance/packs.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def pack_version(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask for the evidence pack of a version."""
    version = version_for(request.user, pk)
    made = services.request_pack(version.model.project, by=request.user, version=version)
    messages.success(request, "A worker makes the evidence pack.")
    assert made.job is not None
    return redirect("jobs:job", pk=made.job.pk)


@login_required
@require_GET
def pack_download(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Send a finished pack."""
    pack = queries.pack_for(request.user, pk)
    if pack.blob_id is None:
        raise Http404
    return blobs.download(pack.blob_id, name=pack.file_name, media_type="application/zip")
