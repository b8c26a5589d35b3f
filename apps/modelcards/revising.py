"""Write the text of cards: each save that changes something is a revision, and makes the card a draft."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import not_now
from apps.modelcards.basis import basis_digest
from apps.modelcards.enums import CARD_MOVES, CardState, Origin, Step
from apps.modelcards.models import Card, CardRevision, CardStep
from apps.modelcards.starting import prefill
from apps.registry.models import Version


@dataclass(frozen=True)
class Said:
    """Where texts come from, and ``rests_on``, which gives the digests of the evidence that each of some fields rests on."""

    kind: Origin
    source: str
    rests_on: Callable[[Collection[str]], Mapping[str, Mapping[str, str]]]


@service
def begin(version: Version, *, by: User) -> Card:
    """Return the card under a lock; begin it with the last card of the model and the project's defaults where there is none."""
    locked = Card.objects.select_for_update(of=("self",))
    card = locked.filter(version=version).first()
    if card is not None:
        return card
    begun = prefill(version)
    for entry in begun.written.values():
        entry.setdefault("by", str(by))
        entry.setdefault("by_id", str(by.pk))
    made, fresh = Card.objects.get_or_create(
        version=version, defaults={"fields": begun.fields, "written": begun.written}
    )
    card = locked.get(pk=made.pk)
    if fresh:
        audit.record(
            "modelcards.card_started",
            card,
            by=by,
            project_id=version.model.project_id,
            version=str(version),
            from_defaults=_keys(begun.written, Origin.DEFAULTS),
            from_previous=_keys(begun.written, Origin.PREVIOUS_CARD),
        )
        if begun.fields:
            _keep(card, changed=sorted(begun.fields), by=by)
    return card


def _keys(written: dict[str, dict[str, Any]], kind: Origin) -> list[str]:
    return sorted(key for key, entry in written.items() if entry["kind"] == kind)


def write(
    card: Card, fields: Mapping[str, str], *, by: User, origin: Said, confirmed: Sequence[str] = ()
) -> list[str]:
    """Write texts into a locked card and keep them as a revision; return the keys that changed, or were confirmed.

    The caller records the event of the change in the same transaction.
    """
    texts = {key: text for key, text in fields.items() if card.fields.get(key, "") != text}
    changed = sorted({*texts, *confirmed})
    if not changed:
        return []
    entry = {
        "kind": Origin(origin.kind).value,
        "by": str(by),
        "by_id": str(by.pk),
        "at": timezone.now().isoformat(),
        "source": origin.source,
        "evidence": basis_digest(card.version),
    }
    rests_on = origin.rests_on(changed)
    was = card.state
    move(
        card,
        CardState.DRAFT,
        fields=card.fields | texts,
        written=card.written | {key: entry | {"rests_on": rests_on.get(key, {})} for key in changed},
    )
    revision = _keep(card, changed=changed, by=by)
    if was != CardState.DRAFT:
        CardStep.objects.create(card=card, step=Step.CHANGED, revision=revision, by=by)
    return changed


def move(card: Card, state: CardState, **fields: Any) -> Card:
    """The only assignment to a card's state; a card that is changed stays or becomes a draft."""
    stays = card.state == state == CardState.DRAFT and "fields" in fields
    if not stays and state not in CARD_MOVES[card.state]:
        not_now(
            f"This card is {card.get_state_display().lower()}; that cannot be done with it now.",
            code="wrong_state",
        ).enforce()
    return governed.change(card, state=state, **fields)


def _keep(card: Card, *, changed: list[str], by: User) -> CardRevision:
    newest = card.revisions.aggregate(newest=Max("number"))["newest"] or 0
    return CardRevision.objects.create(
        card=card,
        number=newest + 1,
        card_version=card.lock_version,
        fields=card.fields,
        written=card.written,
        changed=changed,
        author=by,
    )
