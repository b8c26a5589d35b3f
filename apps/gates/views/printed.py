"""The approval record of a request as a PDF."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core import blobs
from apps.gates import queries, services
from apps.gates.services.printing import printout_of_request


@login_required
@require_POST
def request_pdf(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Let a worker make the record as it stands."""
    services.request_record(queries.promotion_for(request.user, pk), by=request.user)
    return redirect("gates:promotion", pk=pk)


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Send the record of the request as it stands."""
    found = queries.promotion_for(request.user, pk)
    printout = printout_of_request(found)
    if printout is None or printout.blob_id is None:
        raise Http404
    version = found.version
    name = f"approval-{version.model.slug}-v{version.number}-{found.to_stage}.pdf"
    return FileResponse(
        blobs.open_blob(printout.blob_id), as_attachment=True, filename=name, content_type="application/pdf"
    )
