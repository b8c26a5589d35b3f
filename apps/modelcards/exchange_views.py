"""Exports of a card with what each loses, and import of a card with a look at it before it is written."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.canonical import digest_bytes
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.modelcards import exchange, queries
from apps.modelcards.fields import card_part
from apps.modelcards.forms import CardForm, CardImportForm
from apps.projects.permissions import Right, can
from apps.registry.models import Version
from apps.registry.queries import version_for


@login_required
@require_GET
def exports(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """List the formats and what of this card each does not carry."""
    version = version_for(request.user, pk)
    return page(
        request,
        "modelcards/exports.html",
        _context(request, version, CardImportForm()) | {"exports": exchange.export_all(version)},
    )


@login_required
@require_GET
def export(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Send the card in one format."""
    found = exchange.export_card(version_for(request.user, pk), key)
    if found is None:
        raise Http404
    name = f'attachment; filename="{found.file_name}"'
    return HttpResponse(found.content, content_type=found.media_type, headers={"Content-Disposition": name})


@login_required
@require_http_methods(["GET", "POST"])
def take_over(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what a file would write as a part of the card's form; the card changes when that is sent."""
    version = version_for(request.user, pk)
    sent = request.method == "POST"
    form = CardImportForm(request.POST, request.FILES) if sent else CardImportForm()
    context = _context(request, version, form)
    if sent and form.is_valid():
        content = form.cleaned_data["file"].read()
        found = attempt(form, exchange.preview_import, version, content=content, by=request.user)
        if found is not None:
            context |= {"found": found, "rows": _filled(version, found.fields, digest_bytes(content))}
    return page(request, "modelcards/import.html", context, status=422 if form.errors else 200)


def _filled(version: Version, fields: dict[str, str], file_digest: str) -> list[Any]:
    """Return the fields of the form that writes what was read, with the card's number to be changed."""
    card = queries.card_of(version)
    initial = {**fields, "lock_version": card.lock_version if card else 1, "imported": file_digest}
    form = CardForm(card_part(version.model.project), initial=initial)
    now = card.fields if card else {}
    return [{"field": form[key], "now": now.get(key, "")} for key in ["lock_version", "imported", *fields]]


def _context(request: SignedInRequest, version: Version, form: CardImportForm) -> dict[str, Any]:
    project = version.model.project
    return {
        "version": version,
        "project": project,
        "form": form,
        "decision": can(request.user, Right.ANSWER, project),
    }
