"""A model card as page and PDF show it: the document, with the objects that they link to and draw."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.core import charts
from apps.core.canonical import digest
from apps.evaluations import presenting
from apps.evaluations.models import Evaluation
from apps.evidence.services import Evidence
from apps.modelcards import document
from apps.modelcards.document.decided import sentence
from apps.modelcards.document.known import EXCEPTION_EVENTS, Known
from apps.modelcards.models import Card
from apps.policies.method.card import EVIDENCE, CardField
from apps.registry.models import Version


@dataclass(frozen=True)
class Section:
    """A written field with its text; ``entry`` is what the document says of it."""

    field: CardField
    text: str
    entry: dict[str, Any]

    @property
    def missing(self) -> bool:
        """Whether it must be written, and is not."""
        return bool(self.entry["required"]) and self.entry["state"] not in ("written", "stale")

    @property
    def state(self) -> str:
        """What stands here: written, filled, missing, empty or stale."""
        return str(self.entry["state"])


@dataclass(frozen=True)
class Part:
    """The sections of one group."""

    key: str
    title: str
    sections: tuple[Section, ...]

    @property
    def empty(self) -> list[Section]:
        """The sections that nothing is known for, and that nobody must write."""
        return [section for section in self.sections if section.state == "empty"]

    @property
    def written(self) -> int:
        """How many sections people wrote."""
        return sum(1 for section in self.sections if section.text.strip())

    @property
    def missing(self) -> int:
        """How many sections must be written, and are not."""
        return sum(1 for section in self.sections if section.missing)


@dataclass(frozen=True)
class Gap:
    """An item of a standard that is not served: the fields to write, and what evidence lacks."""

    item: str
    title: str
    fields: tuple[CardField, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """How far the card serves one standard."""

    title: str
    edition: str
    complete: int
    of: int
    gaps: tuple[Gap, ...]


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


@dataclass(frozen=True)
class CardContent:
    """Everything on a card."""

    known: Known
    document: dict[str, Any]

    @property
    def version(self) -> Version:
        """The version that the card is of."""
        return self.known.version

    @property
    def card(self) -> Card | None:
        """What people wrote, if anybody did."""
        return self.known.card

    @property
    def evidence(self) -> Evidence:
        """The evidence that the card is filled from."""
        return self.known.evidence

    @property
    def evaluation(self) -> Evaluation | None:
        """The evaluation that counts as evidence."""
        return self.known.evaluation

    @property
    def stage_title(self) -> str:
        """The name of the version's stage."""
        return self.known.stage_title

    @property
    def status(self) -> str:
        """Since when the version is in its stage."""
        return str(self.document["version"]["status"])

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every field of the policy. Its text is what people wrote; what evidence fills stands in ``entry``."""
        written = self.card.fields if self.card else {}
        pairs = zip(self.known.part.fields, self.document["fields"], strict=True)
        return tuple(Section(field, written.get(field.key, ""), entry) for field, entry in pairs)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The sections by group."""
        groups = self.known.part.groups
        found = (
            Part(one.key, one.title, tuple(s for s in self.sections if s.field.group == one.key))
            for one in groups
        )
        return tuple(part for part in found if part.sections)

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The approvals of the version."""
        return tuple(
            Signature(
                event.actor_label,
                str(event.data.get("role")),
                str(event.data.get("meaning")),
                f"{event.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
            )
            for event in self.known.signed
        )

    @property
    def exceptions(self) -> tuple[ExceptionMade, ...]:
        """The exceptions that were made for the version."""
        return tuple(
            ExceptionMade(sentence(event), f"{event.recorded_at:%Y-%m-%d %H:%M:%S} UTC")
            for event in self.known.events
            if event.kind in EXCEPTION_EVENTS
        )

    @cached_property
    def charts(self) -> tuple[charts.Chart, ...]:
        """The charts of the evaluation, the same as on its page."""
        return tuple(presenting.charts_of(self.known.report).values()) if self.known.report else ()

    @property
    def to_write(self) -> list[Section]:
        """The required sections that nobody wrote."""
        return [section for section in self.sections if section.missing]

    @property
    def missing(self) -> list[str]:
        """The titles of the required fields that nobody wrote."""
        return [section.field.title for section in self.to_write]

    @property
    def stale(self) -> list[Section]:
        """The sections whose evidence changed since they were written."""
        return [section for section in self.sections if section.state == "stale"]

    @cached_property
    def standards(self) -> tuple[Coverage, ...]:
        """How far the card serves each standard that the policy names."""
        return tuple(
            Coverage(
                one["title"],
                one["edition"],
                one["complete"],
                one["of"],
                tuple(self._gap(item) for item in one["items"] if not item["served"]),
            )
            for one in self.document["standards"]
        )

    def _gap(self, item: dict[str, Any]) -> Gap:
        fields = [self.known.part.field_of(need) for need in item["missing"]]
        evidence = [need for need in item["missing"] if need.startswith(EVIDENCE)]
        return Gap(
            item["key"],
            item["title"],
            tuple(field for field in fields if field is not None),
            tuple(need.removeprefix(EVIDENCE).replace("_", " ") for need in evidence),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document; the PDF is cached by it."""
        return digest(self.document)


def assemble(version: Version) -> CardContent:
    """Gather a card from what is known now."""
    known = document.gather(version)
    return CardContent(known, document.document_of(known))
