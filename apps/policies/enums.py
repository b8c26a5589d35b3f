"""States of a draft of a policy, and the only moves between them."""

from django.db.models import TextChoices


class DraftState(TextChoices):
    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Proposed"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


#: A proposed draft goes back to its author when somebody finds fault with it.
DRAFT_MOVES: dict[str, frozenset[str]] = {
    DraftState.DRAFT: frozenset({DraftState.PROPOSED, DraftState.WITHDRAWN}),
    DraftState.PROPOSED: frozenset({DraftState.DRAFT, DraftState.PUBLISHED, DraftState.WITHDRAWN}),
    DraftState.PUBLISHED: frozenset(),
    DraftState.WITHDRAWN: frozenset(),
}


class Origin(TextChoices):
    EDITOR = "editor", "Written in the browser"
    UPLOAD = "upload", "Uploaded"
    GIT = "git", "Read from Git"
    ROLLBACK = "rollback", "An older revision again"
