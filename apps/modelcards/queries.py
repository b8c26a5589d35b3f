"""Read cards and their exports."""

from apps.core.memory import once
from apps.modelcards.models import Card, CardExport
from apps.registry.models import Version


@once
def card_of(version: Version) -> Card | None:
    """Return what people wrote of a version, if anybody did."""
    return Card.objects.filter(version=version).first()


def export_of(version: Version, content_digest: str) -> CardExport | None:
    """Return the PDF of the card as it stands, made or under way."""
    return (
        CardExport.objects.select_related("job", "blob")
        .filter(version=version, content_digest=content_digest)
        .first()
    )
