"""The model card: page, form and PDF."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core import blobs
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.jobs.queries import can_change
from apps.modelcards import queries, services
from apps.modelcards.content import assemble
from apps.modelcards.forms import CardForm
from apps.modelcards.starting import prefill
from apps.projects.permissions import Right, can
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
    """Write the card's fields."""
    version = version_for(request.user, pk)
    content = assemble(version)
    initial: dict[str, object] = {section.field.key: section.text for section in content.sections}
    if content.card is None:
        initial |= prefill(version).fields
    initial["lock_version"] = content.card.lock_version if content.card else 1
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        expect = fields.pop("lock_version")
        if (
            attempt(form, services.change_card, version, fields=fields, by=request.user, expect=expect)
            is not None
        ):
            messages.success(request, "The card is saved.")
            return redirect("modelcards:card", pk=pk)
    decision = can(request.user, Right.ANSWER, version.model.project)
    context = {
        "version": version,
        "project": version.model.project,
        "form": form,
        "card": content,
        "decision": decision,
    }
    return page(request, "modelcards/edit.html", context, status=422 if form.errors else 200)


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
    return FileResponse(
        blobs.open_blob(export.blob_id), as_attachment=True, filename=name, content_type="application/pdf"
    )
