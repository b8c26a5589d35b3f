"""Read cards and their exports."""

from apps.modelcards.models import CardExport
from apps.registry.models import Version


def export_of(version: Version, content_digest: str) -> CardExport | None:
    """Return the PDF of the card as it stands, made or under way."""
    return (
        CardExport.objects.select_related("job", "blob")
        .filter(version=version, content_digest=content_digest)
        .first()
    )
