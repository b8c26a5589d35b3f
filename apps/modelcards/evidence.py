"""Facts about the model card of a version."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.core.canonical import digest
from apps.modelcards.fields import card_part, missing
from apps.modelcards.queries import card_of
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY = [
    Fact("card.complete", "boolean", "", "Every required field of the model card is written."),
    Fact("card.missing", "list", "", "The required fields that are empty."),
    Fact("card.written", "integer", "fields", "How many fields are written."),
    Fact("card.digest", "text", "", "SHA-256 of the written fields."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of the card."""
    card = card_of(version)
    written = {key: text for key, text in (card.fields if card else {}).items() if text.strip()}
    empty = missing(card_part(version.model.project), written, known)
    return {
        "card": {"complete": not empty, "missing": empty, "written": len(written), "digest": digest(written)},
    }


def sources(version: Any) -> list[Source]:
    """Return the page of the model card."""
    return [Source("card", "Model card", reverse("modelcards:card", args=[version.pk]))]
