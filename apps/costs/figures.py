"""What things cost: each version, run and experiment, a thousand predictions, and what moved since last month (M10.3)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Sum, When

from apps.costs.enums import CostKind
from apps.costs.models import CostEntry
from apps.projects.models import Project

#: How the kinds of inference begin.
INFERENCE = "inference"
MOST_SHOWN = 10


def net_units(condition: Q) -> Sum:
    """Sum predictions; those of a reversal are taken away again."""
    signed = Case(When(reverses__isnull=True, then=F("units")), default=-F("units"))
    return Sum(signed, filter=condition)


@dataclass(frozen=True)
class Share:
    """What one version, run or experiment cost in all; ``per_1000`` is its inference cost per 1,000 predictions."""

    id: Any
    title: str
    amount: Decimal
    per_1000: Decimal | None = None


@dataclass(frozen=True)
class Move:
    """A kind of cost of one version, in this month so far and on the same days of the month before."""

    label: str
    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        """The difference; positive where it costs more."""
        return self.now - self.before


@dataclass(frozen=True)
class Figures:
    """The tables beside a project's month. ``unassigned`` is this month's cost that names neither version nor run."""

    versions: tuple[Share, ...]
    runs: tuple[Share, ...]
    experiments: tuple[Share, ...]
    movers: tuple[Move, ...]
    unassigned: Decimal
    per_1000: Decimal | None


def figures_of(project: Project, *, month: datetime.date, day: datetime.date) -> Figures:
    """Gather the figures of a project on ``day`` of ``month``; four queries."""
    entries = CostEntry.objects.filter(project=project)
    served = Q(kind__startswith=INFERENCE, units__gt=0)
    row = entries.filter(spent_on__gte=month, spent_on__lte=day).aggregate(
        unassigned=Sum("books_amount", filter=Q(version__isnull=True, run__isnull=True)),
        cost=Sum("books_amount", filter=served),
        units=net_units(served),
    )
    runs = _shares(entries.filter(run__isnull=False), "run_id", "run__name")
    return Figures(
        versions=_by_version(entries),
        runs=runs,
        experiments=_shares(
            entries.filter(run__isnull=False),
            "run__experiment_id",
            "run__experiment__key",
            "run__experiment__name",
        ),
        movers=movers(project, month=month, day=day),
        unassigned=row["unassigned"] or Decimal(0),
        per_1000=_per_1000(row["cost"], row["units"]),
    )


def _per_1000(cost: Decimal | None, units: int | None) -> Decimal | None:
    return cost / units * 1000 if cost is not None and units else None


def _by_version(entries: QuerySet[CostEntry]) -> tuple[Share, ...]:
    served = Q(kind__startswith=INFERENCE, units__gt=0)
    found = (
        entries.filter(version__isnull=False)
        .values("version_id", "version__number", "version__model__name")
        .annotate(total=Sum("books_amount"), cost=Sum("books_amount", filter=served), units=net_units(served))
        .order_by("-total")[:MOST_SHOWN]
    )
    return tuple(
        Share(
            row["version_id"],
            f"{row['version__model__name']} v{row['version__number']}",
            row["total"],
            _per_1000(row["cost"], row["units"]),
        )
        for row in found
    )


def _shares(entries: QuerySet[CostEntry], key: str, *names: str) -> tuple[Share, ...]:
    found = entries.values(key, *names).annotate(total=Sum("books_amount")).order_by("-total")[:MOST_SHOWN]
    return tuple(Share(row[key], " ".join(row[name] for name in names), row["total"]) for row in found)


def movers(project: Project, *, month: datetime.date, day: datetime.date, most: int = 5) -> tuple[Move, ...]:
    """Return what changed most against the same days of the month before, largest change first; one query."""
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    until = min(before + datetime.timedelta(days=day.day - 1), month - datetime.timedelta(days=1))
    now = Q(spent_on__gte=month, spent_on__lte=day)
    then = Q(spent_on__gte=before, spent_on__lte=until)
    rows = (
        CostEntry.objects.filter(now | then, project=project, spent_on__gte=before)
        .values("kind", "version__number", "version__model__name")
        .annotate(now=Sum("books_amount", filter=now), before=Sum("books_amount", filter=then))
        .order_by()
    )
    moves = [
        Move(
            _label(row["kind"], row["version__model__name"], row["version__number"]),
            row["before"] or Decimal(0),
            row["now"] or Decimal(0),
        )
        for row in rows
    ]
    moves.sort(key=lambda one: (-abs(one.change), one.label))
    return tuple(one for one in moves if one.change)[:most]


def _label(kind: str, model: str | None, number: int | None) -> str:
    label = CostKind(kind).label
    return label if number is None else f"{label}, {model} v{number}"


def monthly_inference(project: Project, *, month: datetime.date) -> dict[str, Decimal]:
    """Return the inference cost by kind of the month before ``month``, or of ``month`` where that one is empty."""
    before = (month - datetime.timedelta(days=1)).replace(day=1)
    rows = (
        CostEntry.objects.filter(project=project, kind__startswith=INFERENCE, spent_on__gte=before)
        .values("kind")
        .annotate(
            last=Sum("books_amount", filter=Q(spent_on__lt=month)),
            this=Sum("books_amount", filter=Q(spent_on__gte=month)),
        )
        .order_by()
    )
    found = list(rows)
    if any(row["last"] for row in found):
        return {row["kind"]: row["last"] for row in found if row["last"]}
    return {row["kind"]: row["this"] for row in found if row["this"]}
