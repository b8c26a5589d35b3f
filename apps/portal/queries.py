"""What the portal shows across apps."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.accounts.models import User
from apps.audit.queries import newest_event_id
from apps.checklists.queries import Sheet, assigned_to, sheets_of
from apps.core.rows import rows_of
from apps.costs.models import Budget
from apps.costs.queries import MonthSummary, budget_of, month_summary
from apps.evaluations.models import Evaluation
from apps.evaluations.queries import evaluations_of, latest_evaluation
from apps.evidence.services import Evidence, collect
from apps.experiments.models import Experiment
from apps.experiments.queries import experiments_for
from apps.findings.queries import Standing, kills_to_decide_for, standing_of
from apps.gates import permissions
from apps.gates import queries as gates
from apps.gates import queries_exceptions as exceptions
from apps.gates.enums import PromotionState
from apps.gates.judging import GateView, next_gates
from apps.gates.models import Promotion, Review
from apps.gates.queries_policy import moves_to_confirm_for
from apps.modelcards.models import Card
from apps.modelcards.queries import card_of, cards_to_publish_for
from apps.policies.pack import Stage
from apps.policies.queries import drafts_to_publish_for, pack_of
from apps.projects.framing import FramingView, framing_of
from apps.projects.models import Brief, Project
from apps.projects.queries import data_sources_of
from apps.registry.enums import CheckStatus
from apps.registry.models import Model, Version
from apps.registry.queries import (
    LatestCheck,
    PinnedFile,
    by_stage,
    latest_checks,
    models_for,
    pinned_files_of,
    production_version_of,
)
from apps.rubrics.queries import Board, board_of

#: What waits for a person besides requests and re-reviews, by the name that the page of the inbox gives it.
_TO_ANSWER: dict[str, Callable[[User], QuerySet[Any]]] = {
    "waivers": exceptions.waivers_to_grant_for,
    "postmortems": exceptions.postmortems_to_close_for,
    "drafts": drafts_to_publish_for,
    "moves": moves_to_confirm_for,
    "kills": kills_to_decide_for,
    "assigned": assigned_to,
    "cards": cards_to_publish_for,
}


#: So long a count is good without an event, and so many people are remembered by a process; beyond it all are counted anew.
COUNTED_SECONDS, MOST_COUNTED = 60, 1024
#: By person: the newest event, when it was counted (monotonic seconds), and the count. Never the person as a request has
#: them, who would keep the whole request in memory.
_counted: dict[UUID, tuple[int, float, int]] = {}


def inbox_count(user: User) -> int:
    """Return how many things wait for this person, for the frame of every page.

    Whatever begins or ends to wait is an event of the audit trail, or runs out: it is counted anew when either may be,
    and at most a minute late where two people act at one moment. The page of the inbox itself counts what it shows.
    """
    newest, now = newest_event_id(), time.monotonic()
    kept = _counted.get(user.pk)
    if kept is not None and kept[0] == newest and now - kept[1] < COUNTED_SECONDS:
        return kept[2]
    count = gates.inbox_count(user) + sum(found(user).count() for found in _TO_ANSWER.values())
    if len(_counted) >= MOST_COUNTED:
        _counted.clear()
    _counted[user.pk] = (newest, now, count)
    return count


def inbox_of(user: User) -> dict[str, list[Any]]:
    """Return what waits for this person, by kind: what ``inbox_count`` counts."""
    found = rows_of(
        waiting=gates.waiting_for(user),
        reviews=gates.reviews_due_for(user),
        **{name: waiting(user) for name, waiting in _TO_ANSWER.items()},
    )
    return {**found, "waiting": gates.inbox_of(user, found["waiting"])}


@dataclass(frozen=True)
class ProjectRow:
    """A project in the list: what is in production, what waits."""

    project: Project
    in_production: list[Version]
    waiting: int
    models: int


def project_rows(projects: Sequence[Project]) -> list[ProjectRow]:
    """Return projects with their state; three queries however many there are."""
    counts = dict(Model.objects.filter(project__in=projects).values_list("project").annotate(Count("pk")))
    waiting = dict(
        Promotion.objects.filter(version__model__project__in=projects, state=PromotionState.OPEN)
        .values_list("version__model__project")
        .annotate(Count("pk"))
    )
    live: dict[Any, list[Version]] = {}
    for version in Version.objects.filter(model__project__in=projects, stage="production").select_related(
        "model"
    ):
        live.setdefault(version.model.project_id, []).append(version)
    return [
        ProjectRow(project, live.get(project.pk, []), waiting.get(project.pk, 0), counts.get(project.pk, 0))
        for project in projects
    ]


@dataclass(frozen=True)
class ModelRow:
    """A model on the project's page: which versions are in which stage."""

    model: Model
    strip: list[tuple[Stage, list[Version]]]


@dataclass(frozen=True)
class ProjectView:
    """Everything on a project's page."""

    project: Project
    brief: Brief | None
    framing: FramingView
    models: list[ModelRow]
    promotions: list[Promotion]
    experiments: list[Experiment]
    sources: list[Any]
    costs: MonthSummary
    budget: Budget | None
    overdue: list[Review]
    standing: Standing

    @property
    def missing(self) -> list[str]:
        """The required fields of the brief that are empty."""
        return [gap.name for gap in self.framing.progress.gaps]

    data_minimum: int | None

    @property
    def next_step(self) -> str:
        """Say in a word what the project needs next."""
        if self.missing:
            return "brief"
        if not self.models:
            return "version"
        return "sign" if any(one.state == PromotionState.OPEN for one in self.promotions) else ""


def project_view(project: Project, user: User) -> ProjectView:
    """Gather a project's page; a fixed number of queries."""
    brief = Brief.objects.filter(project=project).first()
    stages = [stage for stage in pack_of(project.policy_revision).stages if not stage.terminal]
    models = list(models_for(user).filter(project=project).order_by("name"))
    versions: dict[Any, list[Version]] = {}
    for version in Version.objects.live().filter(model__in=models):
        versions.setdefault(version.model_id, []).append(version)
    return ProjectView(
        project=project,
        brief=brief,
        framing=framing_of(project, brief),
        models=[ModelRow(model, by_stage(stages, versions.get(model.pk, []))) for model in models],
        promotions=list(gates.promotions_in(project)[:6]),
        experiments=list(experiments_for(user).filter(project=project)[:5]),
        sources=list(data_sources_of(project)),
        costs=month_summary(project),
        budget=budget_of(project),
        overdue=gates.overdue_in(project),
        standing=standing_of(project),
        data_minimum=data.minimum if (data := pack_of(project.policy_revision).method.data.sources) else None,
    )


@dataclass(frozen=True)
class VersionView:
    """Everything on a version's page."""

    version: Version
    evidence: Evidence
    gates: list[GateView]
    evaluation: Evaluation | None
    evaluations: list[Evaluation]
    sheets: list[Sheet]
    board: Board | None
    card: Card | None
    checks: list[LatestCheck]
    files: list[PinnedFile]
    promotions: list[Promotion]
    champion: Version | None
    review: Review | None
    newest: Mapping[str, Any] | None
    may_request: Any

    @property
    def open_promotion(self) -> Promotion | None:
        """The request that waits now, if there is one."""
        return next((one for one in self.promotions if one.state == PromotionState.OPEN), None)

    @property
    def passed_checks(self) -> list[LatestCheck]:
        return [one for one in self.checks if one.status == CheckStatus.PASSED]

    @property
    def open_checks(self) -> list[LatestCheck]:
        """The checks that somebody must look at: failed, expired, running."""
        return [one for one in self.checks if one.status != CheckStatus.PASSED]

    @property
    def report(self) -> dict[str, Any] | None:
        return self.evaluation.report if self.evaluation else None


def version_view(version: Version, user: User) -> VersionView:
    """Gather a version's page; the evidence is collected once."""
    evidence = collect(version)
    has_rubric = pack_of(version.model.project.policy_revision).rubric is not None
    return VersionView(
        version=version,
        evidence=evidence,
        gates=[] if version.is_deleted else next_gates(version, evidence),
        evaluation=latest_evaluation(version),
        evaluations=list(evaluations_of(version)[:5]),
        sheets=sheets_of(version, evidence.document),
        board=board_of(version, evidence.document) if has_rubric else None,
        card=card_of(version),
        checks=list(latest_checks(version).values()),
        files=pinned_files_of(version),
        promotions=list(gates.promotions_of(version)[:10]),
        champion=production_version_of(version.model),
        review=gates.review_of(version),
        newest=version.model.versions.live().order_by("-number").values("pk", "number").first(),
        may_request=permissions.can_request(user, version),
    )
