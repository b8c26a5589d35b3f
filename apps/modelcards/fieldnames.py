"""What a card's fields are called and which must be written: the one place where the life of a card asks for them."""

from collections.abc import Mapping

from apps.modelcards import fields
from apps.modelcards.fields import BY_KEY, LONGEST, CardField
from apps.projects.models import Project


def fields_of(project: Project) -> Mapping[str, CardField]:
    """Return the fields of a project's cards by key, in the order of the card."""
    return BY_KEY


def titles_of(project: Project) -> dict[str, str]:
    """Return what pages call the fields, by key, in the order of the card."""
    return {key: field.title for key, field in fields_of(project).items()}


def longest_of(project: Project) -> int:
    """Return how many characters the text of a field may have."""
    return LONGEST


def missing_in(project: Project, written: Mapping[str, str]) -> list[str]:
    """Return the titles of the required fields that are empty."""
    titles = titles_of(project)
    return [titles[key] for key in fields.missing(dict(written))]
