"""Entries into the ledger, one by one and by file."""

import datetime
from decimal import Decimal
from typing import BinaryIO

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.costs import alerts, importing, queries
from apps.costs.amounts import amount_of, demand_day
from apps.costs.converting import Rates, books_currency
from apps.costs.currencies import currency_code
from apps.costs.enums import CostKind
from apps.costs.importing import Sheet
from apps.costs.models import CostEntry
from apps.experiments.models import Run
from apps.projects.locking import locked
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.models import Version


def demand_own(project: Project, version: Version | None, run: Run | None) -> None:
    """Raise Invalid where what an entry is for belongs to another project."""
    if version is not None and version.model.project_id != project.pk:
        raise Invalid("The version belongs to another project.", code="foreign_version")
    if run is not None and run.experiment.project_id != project.pk:
        raise Invalid("The run belongs to another project.", code="foreign_run")


@service
def record_cost(
    project: Project,
    *,
    kind: str,
    amount: Decimal | str,
    currency: str,
    spent_on: datetime.date,
    by: User,
    version: Version | None = None,
    run: Run | None = None,
    units: int | None = None,
    description: str = "",
    source: str = "",
    reference: str = "",
) -> CostEntry:
    """Enter an amount into the ledger; another currency than the books' is converted by the rate of its day.

    With a ``reference`` that the ledger holds the entry that is there is returned, if it says the same; raises
    Refused if it does not. Raises Invalid for a negative amount, a day to come and a missing rate.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    locked(project)
    demand_own(project, version, run)
    entry = CostEntry(
        project=project,
        version=version,
        run=run,
        kind=_kind(kind),
        amount=_not_negative(amount),
        currency=currency_code(currency),
        spent_on=_past(spent_on),
        units=units,
        description=description[:300],
        source=source[:60],
        reference=reference.strip()[:120],
        recorded_by=by,
    )
    return _named(entry) or _enter(entry, by)


def _enter(entry: CostEntry, by: User) -> CostEntry:
    project, day = entry.project, entry.spent_on
    conversion = Rates(books_currency(project) or entry.currency).on(entry.currency, day)
    entry.rate, entry.rate_value = conversion.rate, conversion.value
    entry.save(force_insert=True)
    audit.record("costs.cost_recorded", entry, by=by, project_id=project.pk, spent_on=day.isoformat())
    alerts.tell(project, by=by)
    return entry


def _kind(kind: str) -> str:
    if kind not in CostKind.values:
        raise Invalid(
            f"“{kind[:40]}” is no kind of cost. Kinds are {', '.join(CostKind.values)}.",
            code="unknown_kind",
            field="kind",
        )
    return kind


def _past(day: datetime.date) -> datetime.date:
    if day > queries.today():
        raise Invalid(
            f"{day:%Y-%m-%d} lies in the future; days are those of UTC. Enter a cost once it was spent.",
            code="future_day",
            field="spent_on",
        )
    return demand_day(day, "spent_on")


def _not_negative(value: Decimal | str) -> Decimal:
    amount = amount_of(value)
    if amount < 0:
        raise Invalid(
            f"An amount of {amount} is negative. The ledger takes that only as a reversal: open the entry that was "
            "wrong and reverse it.",
            code="negative_amount",
            field="amount",
        )
    return amount


def _named(entry: CostEntry) -> CostEntry | None:
    """Return the entry that stands under the same reference; raises Refused where it says something else."""
    if not entry.reference:
        return None
    before = CostEntry.objects.filter(project=entry.project, reference=entry.reference).first()
    if before is not None and not importing.same_entry(before, entry):
        raise Refused(
            f"The ledger holds another entry as “{entry.reference}”: {before} on {before.spent_on:%Y-%m-%d}. "
            "Reverse that one and enter this under another reference.",
            code="reference_taken",
            field="reference",
        )
    return before


@service
def import_costs(project: Project, *, stream: BinaryIO, by: User) -> Sheet:
    """Enter every row of a CSV file into the ledger, or none; raises Invalid with each fault by its row.

    Rows whose reference the ledger holds already are skipped, if they say the same. A file of which a row has no
    reference is taken once: raises Refused when its content is in the ledger already.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    locked(project)
    sheet = importing.read(project, stream)
    source = f"csv:{sheet.digest[:40]}"
    if any(not one.reference for one in sheet.entries):
        _demand_new(project, source)
    for entry in sheet.entries:
        entry.source, entry.recorded_by = source, by
    CostEntry.objects.bulk_create(sheet.entries, batch_size=1000)
    audit.record(
        "costs.costs_imported",
        project,
        by=by,
        project_id=project.pk,
        entries=len(sheet.entries),
        skipped=sheet.skipped,
        total=str(sheet.total),
        currency=sheet.currency,
        file_sha256=sheet.digest,
    )
    alerts.tell(project, by=by)
    return sheet


def _demand_new(project: Project, source: str) -> None:
    before = CostEntry.objects.filter(project=project, source=source).select_related("recorded_by").first()
    if before is not None:
        raise Refused(
            f"{before.recorded_by} imported this very file on {before.created_at:%Y-%m-%d}; nothing was entered again. "
            "Reverse an entry that was wrong. A column “reference” lets a file be sent again.",
            code="imported_already",
            field="file",
        )
