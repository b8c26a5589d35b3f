"""Publish policies."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.canonical import digest
from apps.core.db import service
from apps.core.errors import Invalid, denied
from apps.policies.loading import PACKS, vocabulary
from apps.policies.models import AllowedTransition, Pack, Revision
from apps.policies.pack import PackInvalid, document_of, parse_pack


@service
def publish(source: str, *, by: User | None, note: str = "") -> Revision:
    """Make ``source`` the newest revision of its pack; the same content again returns the revision there is.

    ``by`` is None for the built-in pack alone. Raises Invalid with the line of every fault.
    """
    if by is not None and not (by.is_person and by.is_administrator):
        denied("Only an administrator can publish a policy; a token cannot.").enforce()
    try:
        parsed = parse_pack(source, vocabulary())
    except PackInvalid as error:
        problems = [
            {"line": one.line, "column": one.column, "sentence": one.sentence} for one in error.problems
        ]
        first = error.problems[0]
        raise Invalid(
            f"The policy has {len(problems)} fault(s); the first: {first}", code="policy", problems=problems
        ) from error
    document = document_of(source)
    content_hash = digest(document)
    pack, _ = Pack.objects.get_or_create(slug=parsed.slug, defaults={"title": parsed.title})
    pack = Pack.objects.select_for_update().get(pk=pack.pk)
    known = pack.revisions.filter(content_hash=content_hash).first()
    if known is not None:
        return known
    newest = pack.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    revision = Revision.objects.create(
        pack=pack,
        number=newest + 1,
        content_hash=content_hash,
        source=source,
        document=document,
        note=note,
        published_by=by,
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
    audit.record("policies.revision_published", revision, by=by, content_hash=content_hash)
    return revision


def load_standard() -> Revision:
    """Publish the built-in pack; does nothing when this revision is there already."""
    return publish((PACKS / "standard.yaml").read_text(), by=None, note="built in")
