"""The guides of a policy: what the method advises, searchable."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.htmx import page
from apps.core.texts import asked
from apps.policies.queries import guides_of, revision_named

MOST_WORDS = 120


@login_required
@require_GET
def guides(request: SignedInRequest) -> HttpResponse:
    """Show the guides of the policy that new projects follow, or of another; those that have the words of a search."""
    words = asked(request.GET, "q", most=MOST_WORDS)
    named = asked(request.GET, "policy") or settings.DEFAULT_POLICY_PACK
    revision = revision_named(named, request.GET.get("revision", ""))
    context = {"revision": revision, "guides": guides_of(revision, words=words), "q": words}
    return page(request, "policies/guides.html", context, fragment="policies/_guides.html")
