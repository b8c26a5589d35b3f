"""What a card's fields are called and which must be written: the one place where the life of a card asks for them."""

from collections.abc import Mapping

from apps.evidence.services import collect
from apps.modelcards import fields
from apps.modelcards.fields import card_part
from apps.policies.method.card import CardField
from apps.projects.models import Project
from apps.registry.models import Version

#: The facts of this module are about the card itself: no text rests on them.
MODULE = "apps.modelcards.evidence"


def fields_of(project: Project) -> Mapping[str, CardField]:
    """Return the fields of a project's cards by key, in the order of the card."""
    return {field.key: field for field in card_part(project).fields}


def titles_of(project: Project) -> dict[str, str]:
    """Return what pages call the fields, by key, in the order of the card."""
    return {key: field.title for key, field in fields_of(project).items()}


def missing_in(version: Version, written: Mapping[str, str]) -> list[str]:
    """Return the titles of the required fields that are empty."""
    part, titles = card_part(version.model.project), titles_of(version.model.project)
    facts = collect(version, before=MODULE).document if any(one.when for one in part.fields) else {}
    return [titles[key] for key in fields.missing(part, written, facts)]
