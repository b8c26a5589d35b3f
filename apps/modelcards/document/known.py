"""What a card is built from, read once: no other module of the document asks the database."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Q

from apps.audit.models import Event
from apps.data.models import Feature
from apps.evaluations import presenting
from apps.evaluations.models import Evaluation
from apps.evaluations.queries import latest_evaluation
from apps.evidence.services import Evidence, collect
from apps.experiments.models import Run
from apps.modelcards.fields import card_part
from apps.modelcards.models import Card, Publication
from apps.modelcards.queries import card_of, revisions_of, standing_publication
from apps.policies.method.card import Card as Part
from apps.policies.queries import pack_of
from apps.projects.models import Brief, DatasetVersion, DataSource, Membership, Project, RiskTier
from apps.projects.queries import brief_of, data_sources_of, members_of, tier_of
from apps.registry.models import Artifact, Version
from apps.registry.queries import LatestCheck, artifacts_of, latest_checks

#: Events of the gates that a reader of the card must know as exceptions.
EXCEPTION_EVENTS = (
    *("gates.waiver_granted", "gates.waiver_closed", "gates.waiver_ended"),
    *("gates.condition_in_force", "gates.condition_over", "gates.breach_opened", "gates.breach_cleared"),
    *("gates.obligation_in_force", "gates.obligation_confirmed"),
    *("gates.broke_glass", "gates.rolled_back", "gates.suspended", "gates.postmortem_closed"),
)
SIGNED = "gates.approved"
MOVED = "gates.promoted"
TAKEN_BACK = ("gates.approval_withdrawn", "gates.approval_voided")
TOLD_EVENTS = (*EXCEPTION_EVENTS, SIGNED, *TAKEN_BACK, MOVED, "gates.rejected", "gates.review_confirmed")
#: So many names of features a card lists.
MOST_NAMES = 200


@dataclass(frozen=True)
class Known:
    """Everything that was read for one card."""

    version: Version
    part: Part
    policy: tuple[str, int]
    stage_title: str
    card: Card | None
    evidence: Evidence
    evaluation: Evaluation | None
    events: tuple[Event, ...]
    members: tuple[Membership, ...]
    brief: Brief | None
    tier: RiskTier | None
    sources: tuple[DataSource, ...]
    datasets: tuple[DatasetVersion, ...]
    features: tuple[str, ...]
    files: tuple[Artifact, ...]
    previous: Version | None
    checks: Mapping[str, LatestCheck]
    #: What the apps named in settings.CARD_PARTS tell: checklists, rubric, gates.
    told: Mapping[str, Any] = field(default_factory=dict)
    #: The number of the newest revision of the card, and what readers see as published.
    revision: int = 0
    publication: Publication | None = None
    #: That of the evaluation, with every section that there is today.
    report: dict[str, Any] | None = None

    @property
    def project(self) -> Project:
        """The project of the version."""
        return self.version.model.project

    @property
    def run(self) -> Run | None:
        """The run that made the version."""
        return self.version.run

    @property
    def signed(self) -> list[Event]:
        """The signatures that stand: nobody withdrew them, and they count still."""
        gone = {one.data.get("approval") for one in self.events if one.kind in TAKEN_BACK}
        return [one for one in self.events if one.kind == SIGNED and one.data.get("approval") not in gone]

    @property
    def facts(self) -> dict[str, Any]:
        """The evidence."""
        return self.evidence.document


def gather(version: Version) -> Known:
    """Read what a card is built from; a fixed number of queries."""
    project = version.model.project
    pack = pack_of(project.policy_revision)
    card = card_of(version)
    evidence = collect(version)
    evaluation = latest_evaluation(version)
    return Known(
        version=version,
        part=card_part(project),
        policy=(pack.slug, project.policy_revision.number),
        stage_title=pack.stage_title(version.stage),
        card=card,
        evidence=evidence,
        evaluation=evaluation,
        report=presenting.upgraded(evaluation.report) if evaluation and evaluation.report else None,
        events=_events(version, card),
        members=tuple(members_of(project)),
        brief=brief_of(project),
        tier=tier_of(project),
        sources=tuple(data_sources_of(project)),
        datasets=tuple(
            version.run.datasets.order_by("role", "name", "content_digest") if version.run else ()
        ),
        features=_features(version),
        files=tuple(artifacts_of(version)),
        previous=_previous(version),
        checks=latest_checks(version),
        told=_told(version, evidence.document),
        revision=_revision(card),
        publication=standing_publication(card),
    )


def _revision(card: Card | None) -> int:
    newest = revisions_of(card).values_list("number", flat=True).first() if card else None
    return newest or 0


def _events(version: Version, card: Card | None) -> tuple[Event, ...]:
    wanted = Q(kind__in=TOLD_EVENTS, data__version=str(version.pk))
    wanted |= Q(object_type=version._meta.label_lower, object_id=version.pk)
    if card is not None:
        wanted |= Q(object_type=card._meta.label_lower, object_id=card.pk)
    return tuple(Event.objects.filter(wanted, project_id=version.model.project_id).order_by("id"))


def _features(version: Version) -> tuple[str, ...]:
    if version.run is not None and version.run.features:
        return tuple(str(name) for name in version.run.features)
    rows = Feature.objects.filter(project=version.model.project_id, retired=False).order_by("name")
    return tuple(rows.values_list("name", flat=True))


def _previous(version: Version) -> Version | None:
    older = Version.objects.live().filter(model=version.model_id, number__lt=version.number)
    return older.select_related("model").order_by("-number").first()


def _told(version: Version, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the apps beside and above for their parts; settings.CARD_PARTS names them, as EVIDENCE_MODULES does for facts."""
    found: dict[str, Any] = {}
    for name in settings.CARD_PARTS:
        found |= importlib.import_module(name).part(version, facts)
    return found
