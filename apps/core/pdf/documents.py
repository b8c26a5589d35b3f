"""What a PDF is made of. No Django, no layout engine: the child that renders reads this too."""

import base64
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Relationship(StrEnum):
    """What an attached file is to the document (``AFRelationship``, ISO 32000-2, table 43)."""

    DATA = "Data"
    SOURCE = "Source"
    SUPPLEMENT = "Supplement"


@dataclass(frozen=True)
class Attachment:
    """A file that travels inside the PDF. ``description`` is what a reader shows beside its name."""

    name: str
    content: bytes
    media_type: str
    description: str
    relationship: Relationship = Relationship.DATA


@dataclass(frozen=True)
class Document:
    """A PDF to be made.

    ``html`` is a whole page in one language with a title; ``identifier`` is a hexadecimal digest of what the document
    says (32 digits or more), which becomes its permanent identifier; ``style`` is CSS after the base.
    """

    html: str
    identifier: str
    style: str = ""
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where readers, or the engine, would take one attachment for another."""
        names = {one.name for one in self.attachments}
        kinds = {(one.content, one.media_type, one.relationship) for one in self.attachments}
        if len(names) < len(self.attachments) or len({kind[0] for kind in kinds}) < len(kinds):
            raise ValueError(
                "Attachments need names of their own, and one content has one type and relationship."
            )

    def payload(self, path: str) -> dict[str, Any]:
        """Return what ``rendering.render`` takes to write the PDF to ``path``."""
        return {
            "html": self.html,
            "path": path,
            "identifier": self.identifier,
            "style": self.style,
            "attachments": [
                {
                    "name": one.name,
                    "content": base64.b64encode(one.content).decode(),
                    "media_type": one.media_type,
                    "description": one.description,
                    "relationship": str(one.relationship),
                }
                for one in sorted(self.attachments, key=lambda one: one.name)
            ],
        }
