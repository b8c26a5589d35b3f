"""Read policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.errors import Invalid
from apps.policies.enums import DraftState
from apps.policies.loading import vocabulary
from apps.policies.method.guides import Advice, Guide, catalogue_guide, found_in
from apps.policies.models import Draft, Revision
from apps.policies.models import Pack as PackRow
from apps.policies.pack import Pack, PackInvalid, from_document, parse_pack
from apps.policies.permissions import can_draft, may_read_drafts


def without_texts(place: str = "") -> tuple[str, ...]:
    """Return what a query defers that joins a revision at ``place``, or that reads revisions themselves.

    Its texts are a hundred kilobytes a row, and rules are read from ``pack_of``, which keeps them."""
    return tuple(f"{place}__{name}" if place else name for name in ("document", "source"))


@lru_cache(maxsize=256)
def _pack(content_hash: str, revision_id: str) -> Pack:
    return from_document(Revision.objects.only("document").get(pk=revision_id).document)


def pack_of(revision: Revision) -> Pack:
    """Return the pack of a revision; kept by content hash, as revisions never change.

    That of a draft is a row that was never saved, and is built each time.
    """
    if revision._state.adding:
        return from_document(revision.document)
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
        Revision.objects.select_related("pack", "published_by", "proposed_by")
        .filter(pack__slug=slug, number=number)
        .first()
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


def guides_of(revision: Revision, *, words: str = "") -> tuple[Guide, ...]:
    """Return the guides of a revision, the feature catalogue among them (M2.2); of each what has all ``words``."""
    method = pack_of(revision).method
    features = catalogue_guide(method.data.catalogue)
    return found_in((*method.guides.guides, *((features,) if features else ())), words)


def advice_on(revision: Revision, place: str, facts: Mapping[str, Any]) -> tuple[Advice, ...]:
    """Return the entries of guides that a page called ``place`` shows for these facts; two at the most."""
    return pack_of(revision).method.guides.fitting(place, facts)


def drafts_for(user: User) -> QuerySet[Draft]:
    """Return the drafts, newest first; for who neither writes nor audits them there are none."""
    if not may_read_drafts(user):
        return Draft.objects.none()
    return Draft.objects.select_related(
        "pack", "base__pack", "author", "proposed_by", "revision__pack"
    ).order_by("-id")


def draft_for(user: User, pk: UUID) -> Draft:
    """Load a draft; raises Http404 for a stranger."""
    draft = drafts_for(user).filter(pk=pk).first()
    if draft is None:
        raise Http404
    return draft


def packs() -> QuerySet[PackRow]:
    """Return the packs with their number of revisions; every signed-in person may read the rules."""
    return PackRow.objects.annotate(newest=Max("revisions__number")).order_by("slug")


def drafts_to_publish_for(user: User) -> QuerySet[Draft]:
    """Return the proposed drafts that wait for this administrator: those of others, oldest first."""
    found = Draft.objects.filter(state=DraftState.PROPOSED)
    if not can_draft(user):
        return found.none()
    return (
        found.exclude(author=user.person_id)
        .exclude(proposed_by=user.person_id)
        .exclude(committed_by__icontains=f"<{user.email}>")
        .select_related("author", "proposed_by")
        .order_by("id")
    )


def live_revision(draft: Draft) -> Revision | None:
    """Return the newest revision of the pack that a draft would change, or None for a new pack."""
    pack_id = draft.pack_id or (draft.base.pack_id if draft.base else None)
    if pack_id is None:
        return None
    return Revision.objects.select_related("pack").filter(pack_id=pack_id).order_by("-number").first()


@dataclass(frozen=True)
class FaultyLine:
    """A line of a text with what is wrong in it."""

    number: int
    text: str
    sentences: tuple[str, ...]


def faulty_lines(source: str) -> list[FaultyLine]:
    """Return the lines of a policy's text that have faults, with a sentence for each; empty when it is good."""
    try:
        parse_pack(source, vocabulary())
    except PackInvalid as error:
        problems = error.problems
    else:
        return []
    lines = source.splitlines()
    found: dict[int, list[str]] = {}
    for one in problems:
        found.setdefault(one.line, []).append(one.sentence)
    return [
        FaultyLine(number, lines[number - 1].strip() if number <= len(lines) else "", tuple(sentences))
        for number, sentences in sorted(found.items())
    ]


def parsed(draft: Draft) -> Pack:
    """Return the pack that a draft without faults is."""
    return parse_pack(draft.source, vocabulary())


def names_of(barred: dict[UUID, str]) -> list[tuple[str, str]]:
    """Return people with a sentence about each, by name."""
    people = User.objects.filter(pk__in=barred).order_by("full_name")
    return [(str(one), barred[one.pk]) for one in people]
