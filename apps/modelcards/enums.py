"""States of a model card, and where its texts come from."""

from django.db.models import TextChoices


class CardState(TextChoices):
    """How far the written part is: what readers see as published is a row of its own and stays."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    PUBLISHED = "published", "Published"


CARD_MOVES: dict[str, frozenset[str]] = {
    CardState.DRAFT: frozenset({CardState.IN_REVIEW}),
    CardState.IN_REVIEW: frozenset({CardState.DRAFT, CardState.PUBLISHED}),
    CardState.PUBLISHED: frozenset({CardState.DRAFT}),
}


class Origin(TextChoices):
    """Where the text of a field comes from."""

    WRITTEN = "written", "Written"
    DEFAULTS = "defaults", "Defaults of the project"
    PREVIOUS_CARD = "previous_card", "Card of an earlier version"
    IMPORTED = "imported", "Imported"


class Step(TextChoices):
    """What moved a card from one state to another."""

    SUBMITTED = "submitted", "Sent for review"
    TAKEN_BACK = "taken_back", "Taken back"
    SENT_BACK = "sent_back", "Sent back"
    CHANGED = "changed", "Changed, so a draft again"
    PUBLISHED = "published", "Published"
