"""Read policies."""

from functools import lru_cache

from django.db.models import QuerySet
from django.http import Http404

from apps.core.errors import Invalid
from apps.policies.models import Revision
from apps.policies.pack import Pack, from_document


@lru_cache(maxsize=256)
def _pack(content_hash: str, revision_id: str) -> Pack:
    return from_document(Revision.objects.only("document").get(pk=revision_id).document)


def pack_of(revision: Revision) -> Pack:
    """Return the pack of a revision; kept by content hash, as revisions never change."""
    return _pack(revision.content_hash, str(revision.pk))


def current_revision(slug: str) -> Revision:
    """Return the newest revision of a pack; raises Http404 when there is none."""
    revision = Revision.objects.select_related("pack").filter(pack__slug=slug).order_by("-number").first()
    if revision is None:
        raise Http404
    return revision


def revision_for(slug: str, number: int) -> Revision:
    """Return one revision; every signed-in person may read the rules."""
    revision = (
        Revision.objects.select_related("pack", "published_by").filter(pack__slug=slug, number=number).first()
    )
    if revision is None:
        raise Http404
    return revision


def revisions() -> QuerySet[Revision]:
    """Return every revision of every pack, newest first; every signed-in person may read the rules."""
    return Revision.objects.select_related("pack").order_by("pack__slug", "-number")


def revision_named(slug: str, number: str = "") -> Revision:
    """Return a revision by the names that a person or pipeline gave, the newest without a number; raises Invalid."""
    found = revisions().filter(pack__slug=slug[:60])
    if number:
        found = found.filter(number=int(number) if number.isdecimal() and len(number) < 10 else 0)
    revision = found.first()
    if revision is None:
        known = ", ".join(f"{one.pack.slug} {one.number}" for one in revisions()[:20]) or "none"
        wanted = f"{slug} {number}".strip()[:80]
        raise Invalid(f"There is no policy revision “{wanted}”. There are: {known}.", code="unknown_revision")
    return revision
