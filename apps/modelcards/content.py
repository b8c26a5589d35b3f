"""A model card as frozen data: what people wrote, and what the evidence says. Page and PDF show the same."""

from dataclasses import dataclass
from typing import Any

from apps.audit.events import present
from apps.audit.models import Event
from apps.core import charts
from apps.core.canonical import digest
from apps.evaluations import presenting
from apps.evaluations.models import Evaluation
from apps.evaluations.queries import latest_evaluation
from apps.evidence.services import Evidence, collect
from apps.modelcards.fields import FIELDS, CardField
from apps.modelcards.models import Card
from apps.modelcards.queries import card_of
from apps.policies.queries import pack_of
from apps.registry.models import Version


@dataclass(frozen=True)
class Section:
    """A written field with its text; an empty required one is marked missing."""

    field: CardField
    text: str

    @property
    def missing(self) -> bool:
        return self.field.required and not self.text.strip()


@dataclass(frozen=True)
class Signature:
    """A recorded approval, as the audit trail has it."""

    name: str
    role: str
    meaning: str
    at: str


@dataclass(frozen=True)
class ExceptionMade:
    """An exception that was made for the version, as the audit trail tells it."""

    sentence: str
    at: str


#: Events that a reader of the card must know; the gates write them.
EXCEPTION_EVENTS = [
    *("gates.waiver_granted", "gates.waiver_closed", "gates.waiver_ended"),
    *("gates.condition_in_force", "gates.condition_over", "gates.breach_opened", "gates.breach_cleared"),
    *("gates.obligation_in_force", "gates.obligation_confirmed"),
    *("gates.broke_glass", "gates.rolled_back", "gates.suspended", "gates.postmortem_closed"),
]


@dataclass(frozen=True)
class CardContent:
    """Everything on a card."""

    version: Version
    stage_title: str
    status: str
    sections: tuple[Section, ...]
    signatures: tuple[Signature, ...]
    exceptions: tuple[ExceptionMade, ...]
    evidence: Evidence
    evaluation: Evaluation | None
    charts: tuple[charts.Chart, ...]
    card: Card | None

    @property
    def missing(self) -> list[str]:
        return [section.field.title for section in self.sections if section.missing]

    @property
    def digest(self) -> str:
        """What the PDF is cached by: written text, evidence, stage and signatures."""
        return digest(
            {
                "version": str(self.version.pk),
                "stage": self.version.stage,
                "status": self.status,
                "fields": {section.field.key: section.text for section in self.sections},
                "evidence": self.evidence.digest,
                "signatures": [[one.name, one.role, one.meaning, one.at] for one in self.signatures],
                "exceptions": [[one.sentence, one.at] for one in self.exceptions],
            }
        )


def assemble(version: Version) -> CardContent:
    """Gather a card from what is known now."""
    card = card_of(version)
    written = card.fields if card else {}
    evaluation = latest_evaluation(version)
    signatures = _signatures(version)
    title = pack_of(version.model.project.policy_revision).stage_title(version.stage)
    return CardContent(
        version=version,
        stage_title=title,
        status=_status(version, title),
        sections=tuple(Section(field, written.get(field.key, "")) for field in FIELDS),
        signatures=signatures,
        exceptions=_exceptions(version),
        evidence=collect(version),
        evaluation=evaluation,
        charts=evaluation_charts(evaluation.report) if evaluation and evaluation.report else (),
        card=card,
    )


def _events(version: Version, kinds: list[str]) -> list[Event]:
    events = Event.objects.filter(
        project_id=version.model.project_id, kind__in=kinds, data__version=str(version.pk)
    )
    return list(events.order_by("id"))


def _status(version: Version, title: str) -> str:
    """Say since when the version is in its stage; the moment comes from the audit trail."""
    moved = [
        event for event in _events(version, ["gates.promoted"]) if event.data.get("stage") == version.stage
    ]
    if not moved:
        return f"In {title.lower()}."
    return f"In {title.lower()} since {moved[-1].recorded_at:%d %B %Y, %H:%M} UTC."


def _signatures(version: Version) -> tuple[Signature, ...]:
    return tuple(
        Signature(
            event.actor_label,
            str(event.data.get("role")),
            str(event.data.get("meaning")),
            f"{event.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
        )
        for event in _events(version, ["gates.approved"])
    )


def _exceptions(version: Version) -> tuple[ExceptionMade, ...]:
    return tuple(
        ExceptionMade(
            f"{event.actor_label} {present(event.kind, event.data, label=event.object_label)}",
            f"{event.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
        )
        for event in _events(version, EXCEPTION_EVENTS)
    )


def evaluation_charts(report: dict[str, Any]) -> tuple[charts.Chart, ...]:
    """Return the charts of a report, the same as on its page."""
    return tuple(presenting.charts_of(presenting.upgraded(report)).values())
