"""The fields of a card: what people wrote, what evidence fills meanwhile, where each comes from, and what is stale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core.canonical import digest
from apps.core.clock import utc_text
from apps.modelcards.document import filling
from apps.modelcards.document.known import Known
from apps.modelcards.fields import is_required
from apps.policies.method.card import CardField


@dataclass(frozen=True)
class Written:
    """Who last wrote or confirmed a field, when (RFC 3339), and the digests of the evidence that it was read against."""

    by: str
    at: str
    kind: str = "written"
    source: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)


def digests_of(field_: CardField, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of each part of the evidence that a field rests on; a part that is not there has one too."""
    return {name: digest(facts.get(name)) for name in field_.rests_on}


def written_by(known: Known) -> dict[str, Written]:
    """Return who wrote each field last; what was written before that was kept is nobody's."""
    return {
        key: Written(
            entry.get("by", ""),
            utc_text(datetime.fromisoformat(entry["at"])),
            entry.get("kind", "written"),
            entry.get("source", ""),
            entry.get("rests_on", {}),
        )
        for key, entry in (known.card.written if known.card else {}).items()
    }


def fields_of(known: Known) -> list[dict[str, Any]]:
    """Return every field that the policy names, in its order."""
    authors = written_by(known)
    texts: Mapping[str, str] = known.card.fields if known.card else {}
    return [_field(known, one, texts.get(one.key, ""), authors.get(one.key)) for one in known.part.fields]


def _field(known: Known, one: CardField, text: str, author: Written | None) -> dict[str, Any]:
    required = is_required(one, known.facts)
    own = bool(text.strip())
    filled = filling.filled(known, one) if not own else None
    if own:
        state = "stale" if author and _is_stale(one, author, known.facts) else "written"
    else:
        state = "filled" if filled else "missing" if required else "empty"
    return {
        "key": one.key,
        "title": one.title,
        "group": one.group,
        "kind": one.kind,
        "help": one.help,
        "required": required,
        "text": text if own else filled.text if filled else "",
        "value": None,
        "state": state,
        "provenance": [_author(author)] if own else list(filled.provenance) if filled else [],
    }


def _is_stale(one: CardField, author: Written, facts: Mapping[str, Any]) -> bool:
    """Tell whether evidence that a text rests on changed since; unknown (and not stale) where none was noted."""
    now = digests_of(one, facts)
    return any(author.rests_on[name] != now[name] for name in now if name in author.rests_on)


def _author(author: Written | None) -> dict[str, Any]:
    return {
        "kind": author.kind if author else "written",
        "by": author.by if author else None,
        "at": author.at if author else None,
        "source": author.source if author else "",
        "path": "",
        "digest": "",
    }


def card_of(known: Known, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how the card itself stands. A required field that evidence fills still waits for a person's words."""
    published = known.publication
    return {
        "state": known.card.state if known.card else "none",
        "revision": known.revision,
        "published_at": utc_text(published.created_at) if published else None,
        "published_by": str(published.published_by) if published else None,
        "language": known.part.language,
        "evidence_digest": known.evidence.digest,
        "stale": [one["key"] for one in fields if one["state"] == "stale"],
        "missing": [
            one["key"] for one in fields if one["required"] and one["state"] not in ("written", "stale")
        ],
    }


def text_of(fields: Sequence[Mapping[str, Any]], key: str) -> str:
    """Return the text of a field, or nothing where the policy has none of that name."""
    return next((str(one["text"]) for one in fields if one["key"] == key), "")
