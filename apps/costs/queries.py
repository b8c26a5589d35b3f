"""Read the ledger: the month, its forecast, and the entries."""

import calendar
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import Http404

from apps.accounts.models import User
from apps.audit import keeping
from apps.core.clock import today
from apps.core.memory import once
from apps.costs.converting import books_currency, first_currency
from apps.costs.enums import CostKind
from apps.costs.figures import INFERENCE, Figures, figures_of, net_units
from apps.costs.forecasting import Forecast, month_end
from apps.costs.models import Budget, CostEntry, Rate, Target
from apps.experiments.models import Run
from apps.policies.method.costs import ForecastRule
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.queries import project_ids_for
from apps.registry.models import Version

#: Months that the page and the interface show.
MONTHS_SHOWN = 13
#: Versions, and runs, to choose from in a form.
MOST_CHOICES = 100


@dataclass(frozen=True)
class KindTotal:
    """What was spent on one kind."""

    label: str
    amount: Decimal
    kind: str = ""


@dataclass(frozen=True)
class MonthSummary:
    """A calendar month (UTC) of a project's costs, in the currency of its books.

    ``forecast`` is None where the policy names no way to forecast, or there are too few days to look at;
    ``newest`` is the last day with an entry.
    """

    month: datetime.date
    currency: str
    actual: Decimal
    budget: Decimal | None
    forecast: Forecast | None
    by_kind: tuple[KindTotal, ...]
    newest: datetime.date | None = None
    rule: ForecastRule | None = None

    @property
    def share(self) -> float | None:
        """Actual spending as a share of the budget."""
        return float(self.actual / self.budget) if self.budget else None

    @property
    def is_over(self) -> bool:
        """Tell whether more was spent than the budget allows."""
        return self.budget is not None and self.actual > self.budget

    @property
    def will_be_over(self) -> bool:
        """Tell whether the forecast passes the budget."""
        return (
            self.budget is not None and self.forecast is not None and self.forecast.value > float(self.budget)
        )

    @property
    def days_to_limit(self) -> int | None:
        """Return how many days the rest of the budget lasts at the forecast's pace; None where it costs nothing."""
        if self.budget is None or self.forecast is None or self.forecast.per_day <= 0:
            return None
        return max(0, int(float(self.budget - self.actual) / self.forecast.per_day))


def entries_of(project: Project) -> QuerySet[CostEntry]:
    """Return the entries, newest day first."""
    own = [field.attname for field in CostEntry._meta.concrete_fields]
    return (
        project.cost_entries.select_related("version__model", "run", "recorded_by", "reversal")
        .only(*own, "version__number", "version__model__name", "run__name", "recorded_by", "reversal__id")
        .order_by("-spent_on", "-id")
    )


def entry_for(user: User, pk: UUID) -> CostEntry:
    """Load an entry; raises Http404 for a stranger."""
    found = (
        CostEntry.objects.filter(project__in=project_ids_for(user), pk=pk)
        .select_related(
            "project__policy_revision__pack",
            "version__model",
            "run",
            "recorded_by",
            "rate",
            "reverses",
            "reversal",
        )
        .first()
    )
    if found is None:
        raise Http404
    return found


def attribution_choices(project: Project) -> dict[str, Any]:
    """Return the versions, and the newest runs, that an amount can be for; two queries."""
    return {
        "versions": list(
            Version.objects.live()
            .filter(model__project=project)
            .select_related("model")
            .only("number", "model__name")
            .order_by("-id")[:MOST_CHOICES]
        ),
        "runs": list(
            Run.objects.active()
            .filter(experiment__project=project)
            .only("name", "experiment_id")
            .order_by("-id")[:MOST_CHOICES]
        ),
    }


#: Columns of the export; those that an import takes have its names.
EXPORTED = (
    *("id", "spent_on", "kind", "amount", "currency", "books_amount", "books_currency", "rate"),
    *("model", "version", "run", "units", "description", "reference", "source", "reverses", "entered_by"),
)


def export_rows(project: Project) -> Iterator[tuple[Any, ...]]:
    """Yield the header and each entry, newest day first."""
    currency = books_currency(project)
    yield EXPORTED
    fields = (
        *(
            "id",
            "spent_on",
            "kind",
            "amount",
            "currency",
            "books_amount",
            "rate_value",
            "version__model__slug",
        ),
        *("version__number", "run_id", "units", "description", "reference", "source", "reverses_id"),
        "recorded_by__full_name",
    )
    for row in entries_of(project).select_related(None).values_list(*fields).iterator():
        yield (*row[:6], currency, *row[6:])


def rates() -> QuerySet[Rate]:
    """Return every rate, newest day first; each signed-in person may read them."""
    return Rate.objects.select_related("entered_by").order_by("-valid_from", "-id")


@once
def budget_of(project: Project) -> Budget | None:
    """Return the monthly budget of a project, if it set one."""
    return Budget.objects.filter(project=project).first()


def target_of(project: Project) -> Target | None:
    """Return what the project wants its costs to become, if it said."""
    return Target.objects.filter(project=project).first()


def month_summary(project: Project) -> MonthSummary:
    """Summarise this month; a fixed number of queries, of which none reads more than the window of the forecast."""
    month = today().replace(day=1)
    following = _following(month)
    rule = pack_of(project.policy_revision).method.costs.forecast
    span = CostEntry.objects.filter(project=project).aggregate(first=Min("spent_on"), last=Max("spent_on"))
    last = span["last"]
    window = datetime.timedelta(days=rule.window_days - 1 if rule else 0)
    start = min(month, last - window) if last else month
    rows = list(
        CostEntry.objects.filter(project=project, spent_on__gte=start, spent_on__lt=following)
        .values("spent_on", "kind")
        .annotate(total=Sum("books_amount"))
        .order_by()
    )
    kinds: dict[str, Decimal] = {}
    for row in rows:
        if row["spent_on"] >= month:
            kinds[row["kind"]] = kinds.get(row["kind"], Decimal(0)) + row["total"]
    by_kind = tuple(
        KindTotal(CostKind(kind).label, total, kind)
        for kind, total in sorted(kinds.items(), key=lambda one: -one[1])
    )
    budget = budget_of(project)
    return MonthSummary(
        month,
        budget.currency if budget else first_currency(project),
        sum((one.amount for one in by_kind), Decimal(0)),
        budget.monthly_amount if budget else None,
        _forecast([(row["spent_on"], row["total"]) for row in rows], month, span["first"], last, rule),
        by_kind,
        last,
        rule,
    )


def _following(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=31)).replace(day=1)


def _forecast(
    rows: list[tuple[datetime.date, Decimal]],
    month: datetime.date,
    first: datetime.date | None,
    last: datetime.date | None,
    rule: ForecastRule | None,
) -> Forecast | None:
    """Forecast from the days up to the newest entry: what comes after it is taken as not reported yet.

    So the forecast moves with the ledger and with the month, and never by the clock alone.
    """
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    if rule is None or first is None or last is None or last < before:
        return None
    start = max(first, last - datetime.timedelta(days=rule.window_days - 1))
    days = (last - start).days + 1
    if days < rule.minimum_days:
        return None
    totals = dict.fromkeys(range(days), 0.0)
    spent = 0.0
    for day, total in rows:
        if 0 <= (day - start).days < days:
            totals[(day - start).days] += float(total)
        if day >= month:
            spent += float(total)
    in_month = calendar.monthrange(month.year, month.month)[1]
    left = in_month - (last.day if last >= month else 0)
    return month_end(list(totals.values()), spent=spent, days_left=left, level=rule.level)


def by_month(project: Project) -> list[tuple[datetime.date, Decimal]]:
    """Return the total of each of the last months from the first that has entries to this one, oldest first."""
    this = today().replace(day=1)
    months = [this]
    while len(months) < MONTHS_SHOWN:
        months.append((months[-1] - datetime.timedelta(days=1)).replace(day=1))
    rows = (
        CostEntry.objects.filter(project=project, spent_on__gte=months[-1])
        .annotate(month=TruncMonth("spent_on"))
        .values("month")
        .annotate(total=Sum("books_amount"))
        .order_by()
    )
    totals = {row["month"]: row["total"] for row in rows}
    first = min(totals, default=None)
    return [
        (one, totals.get(one, Decimal(0))) for one in reversed(months) if first is not None and one >= first
    ]


@dataclass(frozen=True)
class Sums:
    """The figures of this month so far, and the totals of the last ones, oldest first."""

    figures: Figures
    months: tuple[tuple[datetime.date, Decimal], ...]


def sums_of(project: Project) -> Sums:
    """Return what the ledger sums up to today; a page keeps it until an entry is made."""

    def make() -> tuple[Sums, bool]:
        day = today()
        found = figures_of(project, month=day.replace(day=1), day=day)
        return Sums(found, tuple(by_month(project))), True

    return keeping.kept(("costs", project.pk), project.pk, make)


def version_figures(version_id: UUID) -> tuple[Decimal, Decimal | None]:
    """Return the total of a version, and its inference cost per 1,000 predictions where units were given; one query."""
    served = Q(kind__startswith=INFERENCE, units__gt=0)
    row = CostEntry.objects.filter(version=version_id).aggregate(
        total=Sum("books_amount"), cost=Sum("books_amount", filter=served), units=net_units(served)
    )
    total = row["total"] or Decimal(0)
    return total, row["cost"] / row["units"] * 1000 if row["units"] else None


def reduction(project: Project, target: Target | None) -> Decimal | None:
    """Return by how many percent the last whole month cost less than the month of the goal; None where either is empty.

    Negative where it cost more. Changes at the turn of a month, as ``costs.month`` does.
    """
    if target is None or target.reduction_from is None:
        return None
    month = today().replace(day=1)
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    base = target.reduction_from
    row = CostEntry.objects.filter(project=project).aggregate(
        base=Sum("books_amount", filter=Q(spent_on__gte=base, spent_on__lt=_following(base))),
        now=Sum("books_amount", filter=Q(spent_on__gte=before, spent_on__lt=month)),
    )
    if not row["base"] or row["now"] is None or base >= before:
        return None
    return Decimal((1 - row["now"] / row["base"]) * 100)
