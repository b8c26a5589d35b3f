"""Cards that leave and cards that come in: what a person does with the formats."""

from apps.accounts.models import User
from apps.core.canonical import digest_bytes
from apps.modelcards import services
from apps.modelcards.document import build
from apps.modelcards.enums import Origin
from apps.modelcards.exporting import FORMATS, Export
from apps.modelcards.fields import card_part
from apps.modelcards.importing import Imported, read
from apps.projects.permissions import Right, can
from apps.registry.models import Version


def export_card(version: Version, key: str) -> Export | None:
    """Return the card in a format; None where there is no such format."""
    found = FORMATS.get(key)
    return found.function(build(version)) if found else None


def export_all(version: Version) -> list[tuple[str, str, Export]]:
    """Return key, title and file of every format, made of one reading of the card."""
    document = build(version)
    return [(key, found.title, found.function(document)) for key, found in FORMATS.items()]


def preview_import(version: Version, *, content: bytes, by: User) -> Imported:
    """Return what a file from elsewhere would write; writes nothing. Raises Invalid where it cannot be used."""
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    return read(content, known=card_part(project).fields)


def import_card(version: Version, *, content: bytes, by: User, expect: int | None = None) -> Imported:
    """Write the fields that a file from elsewhere holds; all others stay."""
    found = preview_import(version, content=content, by=by)
    services.change_card(
        version,
        fields=found.fields,
        by=by,
        expect=expect,
        kind=Origin.IMPORTED,
        source=source_of(digest_bytes(content)),
    )
    return found


def source_of(file_digest: str) -> str:
    """Return how a card names the file that a text was imported from; ``file_digest`` is its SHA-256."""
    return f"a file, SHA-256 {file_digest}"
