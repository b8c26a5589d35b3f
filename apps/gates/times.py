"""How long requests take from asking to deciding, by stage; and how long the open ones have waited."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import charts
from apps.gates.enums import PromotionState
from apps.gates.models import Promotion
from apps.projects.models import Project
from apps.projects.queries import project_ids_for

#: A decision was taken by people; what was withdrawn, stale or expired was not decided.
DECIDED = (PromotionState.PROMOTED, PromotionState.REJECTED)
HOUR = timedelta(hours=1)


class Percentile(Aggregate):
    """PostgreSQL's percentile_cont of a duration: interpolated between the two nearest rows."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, *, share: float, **more: Any) -> None:
        super().__init__(expression, share=share, **more)


@dataclass(frozen=True)
class StageTimes:
    """The requests for one stage; times in hours, None where nothing was decided yet."""

    stage: str
    decided: int
    p50_hours: float | None
    p90_hours: float | None
    waiting: int

    @property
    def p50(self) -> str:
        return "–" if self.p50_hours is None else charts.duration(self.p50_hours)

    @property
    def p90(self) -> str:
        return "–" if self.p90_hours is None else charts.duration(self.p90_hours)


@dataclass(frozen=True)
class OpenOne:
    """An open request and how many hours it has waited."""

    promotion: Promotion
    hours: float

    @property
    def waited(self) -> str:
        return charts.duration(self.hours)


def requests_of(user: User, project: Project | None) -> Any:
    """Return the requests that people decide, of one project or of all that the user sees."""
    mine = Promotion.objects.filter(needs_approval=True, version__model__project__in=project_ids_for(user))
    mine = mine.exclude(state=PromotionState.REFUSED)
    return mine.filter(version__model__project=project) if project is not None else mine


def by_stage(user: User, project: Project | None = None) -> list[StageTimes]:
    """Return the median and the 90th percentile of the time to decision, by target stage; one query."""
    took = ExpressionWrapper(F("closed_at") - F("created_at"), output_field=DurationField())
    decided = Q(state__in=DECIDED)
    rows = (
        requests_of(user, project)
        .annotate(took=took)
        .values("to_stage")
        .annotate(
            decided=Count("pk", filter=decided),
            waiting=Count("pk", filter=Q(state=PromotionState.OPEN)),
            p50=Percentile("took", share=0.5, filter=decided),
            p90=Percentile("took", share=0.9, filter=decided),
        )
        .order_by("to_stage")
    )
    return [
        StageTimes(row["to_stage"], row["decided"], _hours(row["p50"]), _hours(row["p90"]), row["waiting"])
        for row in rows
    ]


def _hours(took: timedelta | None) -> float | None:
    return None if took is None else took / HOUR


def ageing(user: User, project: Project | None = None) -> list[OpenOne]:
    """Return the open requests, the oldest first."""
    now = timezone.now()
    rows = (
        requests_of(user, project)
        .filter(state=PromotionState.OPEN)
        .select_related("version__model__project", "requested_by")
        .order_by("created_at")
    )
    return [OpenOne(one, (now - one.created_at) / HOUR) for one in rows]


def chart_of(stages: list[StageTimes]) -> charts.Chart | None:
    """Draw the times of the stages in which something was decided."""
    known = [
        charts.Wait(one.stage, one.p50_hours, one.p90_hours, one.decided)
        for one in stages
        if one.p50_hours is not None and one.p90_hours is not None
    ]
    return charts.wait_bars(known) if known else None


def as_rows(user: User, project: Project | None = None) -> Iterator[list[str]]:
    """Yield every request as a row of text, newest first, its heading before them; times in hours."""
    yield [
        "request",
        "project",
        "version",
        "purpose",
        "to",
        "state",
        "asked by",
        "asked at",
        "closed at",
        "hours",
    ]
    now = timezone.now()
    rows = (
        requests_of(user, project).select_related("version__model__project", "requested_by").order_by("-id")
    )
    for one in rows.iterator(chunk_size=500):
        hours = ((one.closed_at or now) - one.created_at) / HOUR
        yield [
            str(one.pk),
            one.version.model.project.slug,
            str(one.version),
            one.purpose,
            one.to_stage,
            one.state,
            str(one.requested_by),
            one.created_at.isoformat(),
            one.closed_at.isoformat() if one.closed_at else "",
            f"{hours:.2f}",
        ]
