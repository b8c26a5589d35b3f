"""The model card: page, form and PDF."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.requests import SignedInRequest
from apps.core import blobs
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.jobs.queries import can_change
from apps.modelcards import queries, services
from apps.modelcards.content import CardContent, assemble
from apps.modelcards.enums import Origin
from apps.modelcards.exchange import source_of
from apps.modelcards.forms import CardForm
from apps.modelcards.starting import prefill
from apps.projects.permissions import Right, can
from apps.registry.models import Version
from apps.registry.queries import version_for


@login_required
@require_GET
def card(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the card as it stands."""
    version = version_for(request.user, pk)
    content = assemble(version)
    export = queries.export_of(version, content.digest)
    context = {
        "version": version,
        "project": version.model.project,
        "card": content,
        "export": export,
        "may_change_job": can_change(request.user, export.job) if export and export.job else None,
        "decision": can(request.user, Right.ANSWER, version.model.project),
        "published": queries.standing_publication(content.card),
        "open_comments": queries.open_comments_of(version),
    }
    return page(request, "modelcards/card.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Write the card's fields; ``group`` opens one group of them."""
    version = version_for(request.user, pk)
    content = assemble(version)
    initial: dict[str, object] = {section.field.key: section.text for section in content.sections}
    if content.card is None:
        initial |= prefill(version).fields
    initial["lock_version"] = content.card.lock_version if content.card else 1
    stale = [section.field.key for section in content.stale]
    form = CardForm(content.policy, request.POST or None, initial=initial, stale=stale)
    if request.method == "POST" and form.is_valid() and _save(form, version, request.user):
        messages.success(request, "The card is saved.")
        return redirect("modelcards:card", pk=pk)
    context = {
        "version": version,
        "project": version.model.project,
        "form": form,
        "groups": _groups(content, form, request.GET.get("group", "")),
        "card": content,
        "decision": can(request.user, Right.ANSWER, version.model.project),
    }
    return page(request, "modelcards/edit.html", context, status=422 if form.errors else 200)


def _save(form: CardForm, version: Version, user: User) -> bool:
    saved = attempt(
        form,
        services.change_card,
        version,
        fields=form.written(),
        confirm=form.confirmed(),
        by=user,
        **_origin(form.cleaned_data["imported"]),
        expect=form.cleaned_data["lock_version"],
    )
    return saved is not None


def _origin(file_digest: str) -> dict[str, Any]:
    """Return where the texts come from, when they were read from a file of that SHA-256."""
    return {"kind": Origin.IMPORTED, "source": source_of(file_digest)} if file_digest else {}


def _groups(content: CardContent, form: CardForm, wanted: str) -> list[dict[str, Any]]:
    """Return the fields by group. Open are the one that was asked for, and those with something to do or to mend."""
    found = []
    for part in content.parts:
        rows: list[dict[str, Any]] = []
        for section in part.sections:
            key = section.field.key
            confirm = form[f"confirm_{key}"] if f"confirm_{key}" in form.fields else None
            rows.append({"section": section, "field": form[key], "confirm": confirm})
        to_do = any(one.missing or one.state == "stale" for one in part.sections)
        faulty = any(row["field"].errors for row in rows)
        opened = part.key == wanted or faulty or (to_do and not wanted)
        found.append({"part": part, "rows": rows, "open": opened})
    return found


@login_required
@require_POST
def request_pdf(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Let a worker make the PDF."""
    services.request_pdf(version_for(request.user, pk), by=request.user)
    return redirect("modelcards:card", pk=pk)


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Send the PDF of the card as it stands."""
    version = version_for(request.user, pk)
    export = queries.export_of(version, assemble(version).digest)
    if export is None or export.blob_id is None:
        raise Http404
    name = f"{version.model.slug}-v{version.number}-card.pdf"
    return blobs.download(export.blob_id, name=name, media_type="application/pdf")
