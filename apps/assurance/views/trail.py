"""The audit trail: lists, a record with its proof, an object's story, exports, verify now."""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.requests import SignedInRequest
from apps.assurance import exporting, queries, records, services
from apps.assurance.forms import TrailForm
from apps.audit import proofs
from apps.audit import queries as audit
from apps.audit.models import Event
from apps.core.errors import not_now
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.projects.models import Project
from apps.projects.queries import project_for, projects_for

VERIFIER = Path(settings.BASE_DIR) / "docs" / "mlgov_verify.py"
FORMATS: dict[str, tuple[Callable[[QuerySet[Event]], Iterator[str]], str]] = {
    "csv": (exporting.as_csv, "text/csv; charset=utf-8"),
    "jsonl": (exporting.as_lines, "application/jsonl; charset=utf-8"),
}


@login_required
@require_GET
def audit_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the audit trail of a project."""
    found = project_for(request.user, slug)
    return _list(request, audit.events_of_project(found.pk), found)


@login_required
@require_GET
def audit_site(request: SignedInRequest) -> HttpResponse:
    """Show the whole audit trail, to auditors and administrators."""
    queries.demand_site_reader(request.user)
    return _list(request, audit.site_events(), None)


def _list(request: HttpRequest, events: QuerySet[Event], project: Project | None) -> HttpResponse:
    form = TrailForm(request.GET or None)
    filters = form.filters()
    given = request.GET.copy()
    given.pop("page", None)
    shown = page_of(request, audit.narrowed(events, **filters), size=50, long=True)
    context = {
        "page": shown,
        "events": [audit.shown(event) for event in shown],
        "form": form,
        "filtered": any(filters.values()),
        "query": given.urlencode(),
        "chain": audit.chain_state(),
        "project": project,
    }
    return page(request, "portal/audit.html", context)


@login_required
@require_GET
def export_project(request: SignedInRequest, slug: str, form: str) -> HttpResponseBase:
    """Send a project's trail as CSV or JSON Lines, filtered as the page is."""
    found = project_for(request.user, slug)
    return _export(request, audit.events_of_project(found.pk), form, f"audit-{found.slug}")


@login_required
@require_GET
def export_site(request: SignedInRequest, form: str) -> HttpResponseBase:
    """Send the whole trail as CSV or JSON Lines, filtered as the page is."""
    queries.demand_site_reader(request.user)
    return _export(request, audit.site_events(), form, "audit")


def _export(request: HttpRequest, events: QuerySet[Event], form: str, name: str) -> HttpResponseBase:
    if form not in FORMATS:
        raise Http404
    write, media_type = FORMATS[form]
    rows = audit.narrowed(events, **TrailForm(request.GET).filters()).order_by("id")
    response = StreamingHttpResponse(write(rows), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _project_of(event: Event, user: User) -> Project | None:
    """Return the project that a record belongs to, where the user still sees it, for the way back to its trail."""
    return projects_for(user).filter(pk=event.project_id).first() if event.project_id else None


@login_required
@require_GET
def event(request: SignedInRequest, number: int) -> HttpResponse:
    """Show one record: sentence, data, leaf, place in the tree, signed head."""
    found = queries.event_for(request.user, number)
    proof = proofs.proof_files([found], proofs.newest_seal()).get(found.pk)
    context = {
        "project": _project_of(found, request.user),
        "shown": audit.shown(found),
        "proof": proof,
        "leaf": proofs.leaves_of([found])[found.pk],
        "history": [
            audit.shown(one)
            for one in audit.history_of(found)
            .filter(sequence__lte=found.sequence + 3)
            .order_by("-sequence")[:7]
        ],
    }
    return page(request, "assurance/event.html", context)


@login_required
@require_GET
def event_proof(request: SignedInRequest, number: int) -> JsonResponse:
    """Send the record's proof for the offline verifier."""
    found = queries.event_for(request.user, number)
    return _download(records.proof_of(found), f"proof-{found.pk}.json")


def _download(document: dict[str, object], name: str) -> JsonResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(document, headers=headers, json_dumps_params={"indent": 1, "ensure_ascii": False})


@login_required
@require_GET
def story(request: SignedInRequest, number: int) -> HttpResponse:
    """Tell everything that happened to the object of a record, oldest first."""
    found = queries.event_for(request.user, number)
    shown = page_of(request, audit.history_of(found), size=100)
    context = {
        "project": _project_of(found, request.user),
        "subject": found,
        "page": shown,
        "events": [audit.shown(one) for one in shown],
    }
    return page(request, "assurance/story.html", context)


@login_required
@require_GET
def verifier(request: SignedInRequest) -> FileResponse:
    """Send the offline verifier."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, content_type="text/x-python; charset=utf-8")


@login_required
@require_GET
def head(request: SignedInRequest) -> HttpResponse:
    """Send the newest signed head as it is."""
    seal = proofs.newest_seal()
    if seal is None:
        not_now(
            "Nothing is sealed yet. The sealer signs the first head within seconds.", code="not_sealed"
        ).enforce()
        raise Http404
    return HttpResponse(seal.note, content_type="text/plain; charset=utf-8")


@login_required
@require_POST
def verify_now(request: SignedInRequest) -> HttpResponse:
    """Let a worker recompute the whole log, and show its progress."""
    queries.demand_site_reader(request.user)
    return redirect("jobs:job", pk=services.request_verification(by=request.user).pk)
