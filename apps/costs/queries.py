"""Read the ledger."""

import calendar
import datetime
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from apps.costs.enums import CostKind
from apps.costs.models import Budget, CostEntry
from apps.projects.models import Project

#: Before this day of a month, a straight line from so few days says nothing.
FORECAST_FROM_DAY = 3


@dataclass(frozen=True)
class KindTotal:
    """What was spent on one kind."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class MonthSummary:
    """A calendar month (UTC) of a project's costs. ``forecast`` extends the days so far in a straight line."""

    month: datetime.date
    currency: str
    actual: Decimal
    budget: Decimal | None
    forecast: Decimal | None
    by_kind: tuple[KindTotal, ...]

    @property
    def share(self) -> float | None:
        """Actual spending as a share of the budget."""
        return float(self.actual / self.budget) if self.budget else None


def today() -> datetime.date:
    """Return the day in UTC."""
    return timezone.now().astimezone(datetime.UTC).date()


def entries_of(project: Project) -> QuerySet[CostEntry]:
    """Return the entries, newest day first."""
    return project.cost_entries.select_related("version__model", "run", "recorded_by").order_by(
        "-spent_on", "-id"
    )


def month_summary(project: Project) -> MonthSummary:
    """Summarise this month; three queries."""
    now = today()
    month = now.replace(day=1)
    entries = CostEntry.objects.filter(project=project, spent_on__gte=month, spent_on__lte=now)
    totals = entries.values("kind").annotate(total=Sum("amount")).order_by("-total")
    by_kind = tuple(KindTotal(CostKind(row["kind"]).label, row["total"]) for row in totals)
    actual = sum((kind.amount for kind in by_kind), Decimal(0))
    budget = Budget.objects.filter(project=project).first()
    currency = (
        budget.currency
        if budget
        else CostEntry.objects.filter(project=project).values_list("currency", flat=True).first()
    )
    days = calendar.monthrange(now.year, now.month)[1]
    forecast = actual / now.day * days if now.day >= FORECAST_FROM_DAY else None
    return MonthSummary(
        month, currency or "", actual, budget.monthly_amount if budget else None, forecast, by_kind
    )


def by_month(project: Project) -> list[tuple[datetime.date, Decimal]]:
    """Return the total of each month that has entries, oldest first."""
    rows = (
        CostEntry.objects.filter(project=project)
        .annotate(month=TruncMonth("spent_on"))
        .values("month")
        .annotate(total=Sum("amount"))
        .order_by("month")
    )
    return [(row["month"], row["total"]) for row in rows]


def version_figures(version_id: UUID) -> tuple[Decimal, Decimal | None]:
    """Return the total of a version, and its inference cost per 1,000 predictions where units were given."""
    entries = CostEntry.objects.filter(version=version_id)
    total = entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    served = entries.filter(kind__startswith="inference", units__gt=0).aggregate(
        cost=Sum("amount"), units=Sum("units")
    )
    if not served["units"]:
        return total, None
    return total, served["cost"] / served["units"] * 1000
