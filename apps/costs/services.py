"""What is done with money."""

import datetime
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.costs import alerts, importing
from apps.costs.enums import CostKind
from apps.costs.importing import LARGEST, Sheet
from apps.costs.models import Budget, CostEntry
from apps.experiments.models import Run
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.models import Version


def _amount(value: Decimal | str | float) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Invalid(f"“{value}” is not an amount of money.", code="bad_amount") from None
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise Invalid(f"An amount of {value} is out of range.", code="bad_amount")
    return amount


def _currency(project: Project, currency: str) -> str:
    code = currency.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Invalid(
            f"“{currency[:20]}” is not a currency; use a code of three letters such as EUR.",
            code="bad_currency",
        )
    in_use = importing.currency_of(project)
    if in_use and in_use != code:
        raise Invalid(
            f"This project keeps its books in {in_use}; the entry is in {code}. Convert it before you send it.",
            code="other_currency",
            currency=in_use,
        )
    return code


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
) -> CostEntry:
    """Enter an amount into the ledger. A mistake is corrected by a second, negative entry."""
    can(by, Right.CONTRIBUTE, project).enforce()
    if kind not in CostKind.values:
        raise Invalid(
            f"“{kind[:40]}” is no kind of cost. Kinds are {', '.join(CostKind.values)}.", code="unknown_kind"
        )
    if version is not None and version.model.project_id != project.pk:
        raise Invalid("The version belongs to another project.", code="foreign_version")
    if run is not None and run.experiment.project_id != project.pk:
        raise Invalid("The run belongs to another project.", code="foreign_run")
    entry = CostEntry.objects.create(
        project=project,
        version=version,
        run=run,
        kind=kind,
        amount=_amount(amount),
        currency=_currency(project, currency),
        spent_on=spent_on,
        units=units,
        description=description[:300],
        source=source[:60],
        recorded_by=by,
    )
    audit.record("costs.cost_recorded", entry, by=by, project_id=project.pk, spent_on=spent_on.isoformat())
    alerts.tell(project, by=by)
    return entry


@service
def import_costs(project: Project, *, stream: BinaryIO, by: User) -> Sheet:
    """Enter every row of a CSV file into the ledger, or none; raises Invalid with each fault by its row.

    The same file is taken once: raises Refused when its content is in the ledger already.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    sheet = importing.read(project, stream)
    source = f"csv:{sheet.digest[:40]}"
    # Two that send the same file at once wait for each other here, and the second is refused.
    Project.objects.select_for_update().get(pk=project.pk)
    before = CostEntry.objects.filter(project=project, source=source).select_related("recorded_by").first()
    if before is not None:
        raise Refused(
            f"{before.recorded_by} imported this very file on {before.created_at:%Y-%m-%d}; nothing was entered again. "
            "Correct a wrong entry by a second, negative one.",
            code="imported_already",
            field="file",
        )
    for entry in sheet.entries:
        entry.source, entry.recorded_by = source, by
    CostEntry.objects.bulk_create(sheet.entries, batch_size=1000)
    audit.record(
        "costs.costs_imported",
        project,
        by=by,
        project_id=project.pk,
        entries=len(sheet.entries),
        total=str(sheet.total),
        currency=sheet.currency,
        file_sha256=sheet.digest,
    )
    alerts.tell(project, by=by)
    return sheet


@service
def set_budget(project: Project, *, monthly_amount: Decimal | str, currency: str, by: User) -> Budget:
    """Set what the project may spend in a calendar month."""
    can(by, Right.MANAGE, project).enforce()
    amount = _amount(monthly_amount)
    if amount <= 0:
        raise Invalid("A budget is more than nothing.", code="bad_amount")
    code = _currency(project, currency)
    budget = Budget.objects.select_for_update(of=("self",)).filter(project=project).first()
    if budget is None:
        budget = Budget.objects.create(project=project, monthly_amount=amount, currency=code)
    else:
        governed.change(budget, monthly_amount=amount, currency=code)
    audit.record("costs.budget_set", budget, by=by, project_id=project.pk)
    alerts.tell(project, by=by)
    return budget
