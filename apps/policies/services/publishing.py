"""Publish policies: what the server itself loads, and the revision of an approved draft."""

from functools import lru_cache

from apps.accounts.models import Reauthentication, User
from apps.audit import services as audit
from apps.core.canonical import digest
from apps.core.db import service
from apps.core.errors import Invalid, Refused, denied
from apps.policies.loading import standard_text, vocabulary
from apps.policies.models import AllowedTransition, Draft, Pack, Revision
from apps.policies.pack import Pack as ParsedPack
from apps.policies.pack import PackInvalid, document_of, parse_pack


def read(source: str) -> ParsedPack:
    """Return the pack that a text is; raises Invalid with the line of every fault."""
    try:
        return parse_pack(source, vocabulary())
    except PackInvalid as error:
        problems = [
            {"line": one.line, "column": one.column, "sentence": one.sentence} for one in error.problems
        ]
        first = error.problems[0]
        raise Invalid(
            f"The policy has {len(problems)} fault(s); the first: {first}", code="policy", problems=problems
        ) from error


@lru_cache(maxsize=32)
def content_hash_of(text: str) -> str:
    """Return the digest of the text's plain data, by which revisions are told apart; call it after ``read``."""
    return digest(document_of(text))


@service
def publish(source: str, *, by: User | None, note: str = "") -> Revision:
    """Load ``source`` on the server as the newest revision of its pack; content that was there returns its revision.

    Whoever has the server has this; ``by`` is None. A person publishes somebody else's draft instead. Raises Invalid
    with the line of every fault.
    """
    if by is not None:
        denied("A person publishes a draft that another person proposed.", code="needs_draft").enforce()
    parsed = read(source)
    known = locked_pack(parsed).revisions.filter(content_hash=content_hash_of(source)).first()
    if known is not None:
        return known
    return _write(source, parsed, note=note)


def publish_proposed(draft: Draft, *, by: User, confirmed: Reauthentication) -> Revision:
    """Write the revision of a proposed draft. The content of an older one may come again, that of the newest not."""
    parsed = read(draft.source)
    newest = locked_pack(parsed).revisions.order_by("-number").first()
    if newest is not None and newest.content_hash == content_hash_of(draft.source):
        raise Refused(f"{newest} says exactly this already; there is nothing to publish.", code="no_change")
    return _write(draft.source, parsed, note=draft.reason, draft=draft, by=by, confirmed=confirmed)


def locked_pack(parsed: ParsedPack) -> Pack:
    """Return the row of a pack under a lock, so that its numbers have no gap; a new one is begun."""
    pack, _ = Pack.objects.get_or_create(slug=parsed.slug, defaults={"title": parsed.title})
    return Pack.objects.select_for_update().get(pk=pack.pk)


def _write(
    source: str,
    parsed: ParsedPack,
    *,
    note: str,
    draft: Draft | None = None,
    by: User | None = None,
    confirmed: Reauthentication | None = None,
) -> Revision:
    pack = Pack.objects.get(slug=parsed.slug)
    newest = pack.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    revision = Revision.objects.create(
        pack=pack,
        number=newest + 1,
        content_hash=content_hash_of(source),
        source=source,
        document=document_of(source),
        note=note,
        draft=draft,
        proposed_by=draft.proposed_by if draft else None,
        published_by=by,
        reauthentication=confirmed,
    )
    AllowedTransition.objects.bulk_create(
        AllowedTransition(
            revision=revision,
            from_stage=rule.from_stage,
            to_stage=rule.to_stage,
            kind=rule.kind,
            gate_key=rule.gate,
        )
        for rule in parsed.transitions
    )
    audit.record(
        "policies.revision_published",
        revision,
        by=by,
        content_hash=revision.content_hash,
        proposed_by=str(draft.proposed_by) if draft else "",
    )
    return revision


def load_standard() -> Revision:
    """Publish the built-in pack; does nothing when this revision is there already."""
    return publish(standard_text(), by=None, note="built in")
