"""The approval record of a request as a PDF."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.gates import queries, services
from apps.gates.services.printing import printout_of_request
from apps.jobs.printouts import file_of


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
    return file_of(printout_of_request(found), name=queries.record_name(found))
