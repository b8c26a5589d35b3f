"""With what a new card begins: the card of an earlier version of the model, then the defaults of the project."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.modelcards.enums import Origin
from apps.modelcards.fieldnames import fields_of
from apps.modelcards.models import Card, CardDefaults
from apps.modelcards.queries import standing_publication
from apps.registry.models import Version


@dataclass(frozen=True)
class Prefill:
    """Texts by field key, and where each comes from."""

    fields: dict[str, str]
    written: dict[str, dict[str, Any]]


def prefill(version: Version) -> Prefill:
    """Return what a card of this version begins with; writes nothing."""
    project = version.model.project
    known = fields_of(project)
    fields: dict[str, str] = {}
    written: dict[str, dict[str, Any]] = {}
    at = timezone.now().isoformat()
    defaults = CardDefaults.objects.filter(project=project).first()
    for key, text in (defaults.fields if defaults else {}).items():
        fields[key] = text
        written[key] = _entry(Origin.DEFAULTS, at, source=project.name)
    earlier = previous_card(version)
    published = standing_publication(earlier)
    for key, text in (earlier.fields if earlier else {}).items():
        if text.strip() and key in known and known[key].carried:
            was = earlier.written.get(key, {}) if earlier else {}
            fields[key] = text
            # The evidence stays that of the earlier version: the text was not written about this one.
            written[key] = was | _entry(
                Origin.PREVIOUS_CARD,
                at,
                source=str(earlier.version) if earlier else "",
                evidence=was.get("evidence", ""),
            )
            # Somebody else than its writer read it already; adr/0023 asks.
            stood = published is not None and published.revision.fields.get(key) == text
            written[key]["published"] = stood or was.get("published", False)
    return Prefill(
        {key: text for key, text in fields.items() if key in known and text.strip()},
        {key: entry for key, entry in written.items() if key in known and fields[key].strip()},
    )


def previous_card(version: Version) -> Card | None:
    """Return the card of the newest earlier version of the model that has one."""
    return (
        Card.objects.filter(version__model=version.model_id, version__number__lt=version.number)
        .select_related("version__model")
        .order_by("-version__number")
        .first()
    )


def _entry(kind: Origin, at: str, *, source: str, evidence: str = "") -> dict[str, Any]:
    return {"kind": kind.value, "at": at, "source": source, "evidence": evidence}
