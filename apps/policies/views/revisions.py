"""Read a policy: its rules as sentences."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.policies import queries
from apps.policies.permissions import can_draft


@login_required
@require_GET
def revision(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    """Show one revision of a policy; every signed-in person may read the rules."""
    found = queries.revision_for(slug, number)
    context = {
        "revision": found,
        "pack": queries.pack_of(found),
        "may_draft": can_draft(request.user),
        "is_newest": found.number == queries.current_revision(slug).number,
    }
    return page(request, "policies/revision.html", context)
