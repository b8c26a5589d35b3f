"""How far a card is, as its page of review shows it to somebody."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.accounts.models import User
from apps.core import differences
from apps.core.differences import FieldChange
from apps.core.errors import Decision
from apps.evidence.services import collect
from apps.modelcards import permissions, queries
from apps.modelcards.basis import basis_digest
from apps.modelcards.fieldnames import missing_in, titles_of
from apps.modelcards.models import Card, CardRevision, CardStep, Publication
from apps.registry.models import Version

__all__ = ["Standing", "changes", "standing_of", "titles_of"]


@dataclass(frozen=True)
class Standing:
    """The card, what readers see of it, what differs, and what this person may do."""

    card: Card | None
    newest: CardRevision | None
    steps: list[CardStep]
    publications: list[Publication]
    published: Publication | None
    differences: list[FieldChange]
    missing: list[str]
    open_comments: int
    evidence_digest: str
    outdated: bool
    may_submit: Decision
    may_take_back: Decision
    may_send_back: Decision
    may_publish: Decision
    who_publishes: str
    may_withdraw: Decision


def standing_of(version: Version, user: User) -> Standing:
    """Return how far the card of a version is; the number of queries does not grow with its history."""
    project, card = version.model.project, queries.card_of(version)
    newest = queries.revisions_of(card).first() if card else None
    publications = list(queries.publications_of(card)[:20]) if card else []
    published = publications[0] if publications and not hasattr(publications[0], "withdrawal") else None
    missing = missing_in(version, card.fields if card else {})
    return Standing(
        card=card,
        newest=newest,
        steps=list(queries.steps_of(card)[:20]) if card else [],
        publications=publications,
        published=published,
        differences=changes(version, published.revision.fields, card.fields) if published and card else [],
        missing=missing,
        open_comments=queries.open_comments_of(version),
        evidence_digest=collect(version).digest,
        outdated=published is not None and published.basis_digest != basis_digest(version),
        may_submit=permissions.can_submit(user, project, card, missing=missing),
        may_take_back=permissions.can_take_back(user, project, card),
        may_send_back=permissions.can_send_back(user, project, card),
        may_publish=permissions.can_publish(user, project, card),
        who_publishes=permissions.who_publishes(project, queries.writers_of(card)),
        may_withdraw=permissions.can_withdraw(user, project, published),
    )


def changes(version: Version, before: Mapping[str, str], after: Mapping[str, str]) -> list[FieldChange]:
    """Return the fields of a card that differ; one that the policy does not ask for any more is called by its key."""
    titles = titles_of(version.model.project)
    labels = titles | {
        key: key.replace("_", " ").capitalize() for key in {*before, *after} if key not in titles
    }
    return differences.changes_between(
        {key: before.get(key, "") for key in labels},
        {key: after.get(key, "") for key in labels},
        labels=labels,
        worded=lambda _, value: str(value or ""),
    )
