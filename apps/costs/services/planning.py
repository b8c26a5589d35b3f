"""What a project may spend, and what it wants its costs to become."""

import datetime
from decimal import Decimal

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.costs import alerts, queries
from apps.costs.amounts import amount_of, demand_day
from apps.costs.converting import books_currency
from apps.costs.currencies import currency_code
from apps.costs.models import Budget, Target
from apps.projects.locking import locked
from apps.projects.models import Project
from apps.projects.permissions import Right, can


@service
def set_budget(
    project: Project, *, monthly_amount: Decimal | str, currency: str, by: User, expect: int | None = None
) -> Budget:
    """Set what the project may spend in a calendar month, in the currency of its books.

    The first budget of an empty ledger fixes that currency. Raises Invalid for another one, and Conflict when
    ``expect`` is not the budget's version any more.
    """
    can(by, Right.MANAGE, project).enforce()
    locked(project)
    amount = amount_of(monthly_amount)
    if amount <= 0:
        raise Invalid("A budget is more than nothing.", code="bad_amount", field="monthly_amount")
    code, in_use = currency_code(currency), books_currency(project)
    if in_use and in_use != code:
        raise Invalid(
            f"This project keeps its books in {in_use}, and the budget is in {code}. Set it in {in_use}.",
            code="other_currency",
            currency=in_use,
            field="currency",
        )
    budget = Budget.objects.select_for_update(of=("self",)).filter(project=project).first()
    governed.demand_version(budget, expect)
    if budget is None:
        budget = Budget.objects.create(project=project, monthly_amount=amount, currency=code)
    else:
        governed.change(budget, monthly_amount=amount, currency=code)
    audit.record("costs.budget_set", budget, by=by, project_id=project.pk)
    alerts.tell(project, by=by)
    return budget


@service
def set_targets(
    project: Project,
    *,
    by: User,
    per_1000_predictions: Decimal | None = None,
    reduction_percent: Decimal | None = None,
    reduction_from: datetime.date | None = None,
    expect: int | None = None,
) -> Target:
    """Set what costs are to become; what is left out has no target.

    ``per_1000_predictions`` is in the currency of the books. ``reduction_from`` is any day of the month that later
    ones are compared with; it goes with ``reduction_percent``, more than 0 and less than 100. Raises Conflict when
    ``expect`` is not the version of the targets any more.
    """
    can(by, Right.MANAGE, project).enforce()
    if per_1000_predictions is not None and not 0 < per_1000_predictions < 10**8:
        raise Invalid(
            "The target for 1,000 predictions is more than nothing and less than 100 million.",
            code="bad_target",
            field="per_1000_predictions",
        )
    month = _month_of(reduction_percent, reduction_from)
    wanted = {
        "per_1000_predictions": per_1000_predictions,
        "reduction_percent": reduction_percent,
        "reduction_from": month,
    }
    locked(project)
    target = Target.objects.select_for_update(of=("self",)).filter(project=project).first()
    governed.demand_version(target, expect)
    if target is None:
        target = Target.objects.create(project=project, **wanted)
    else:
        governed.change(target, **wanted)
    said = {name: None if value is None else str(value) for name, value in wanted.items()}
    audit.record("costs.targets_set", target, by=by, project_id=project.pk, **said)
    return target


def _month_of(percent: Decimal | None, day: datetime.date | None) -> datetime.date | None:
    if (percent is None) != (day is None):
        raise Invalid(
            "A reduction takes both: by how many percent, and compared with which month.",
            code="half_a_goal",
            field="reduction_from" if day is None else "reduction_percent",
        )
    if percent is None or day is None:
        return None
    if not 0 < percent < 100:
        raise Invalid(
            "A reduction is by more than 0 and less than 100 percent.",
            code="bad_target",
            field="reduction_percent",
        )
    month = demand_day(day, "reduction_from").replace(day=1)
    if month >= queries.today().replace(day=1):
        raise Invalid(
            f"{month:%Y-%m} is not over. Compare with a month whose costs are known.",
            code="month_not_over",
            field="reduction_from",
        )
    return month
