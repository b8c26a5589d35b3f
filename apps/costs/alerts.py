"""Owners hear when a share of a month's budget is spent, and when the forecast passes it (M10.3)."""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from apps.accounts.models import User
from apps.costs.models import Budget
from apps.costs.notices import FORECAST, SHARE, SPENT
from apps.costs.queries import MonthSummary, budget_of, month_summary
from apps.notifications.services import announce
from apps.policies.queries import pack_of
from apps.projects.enums import Role
from apps.projects.models import Project

#: Percent of the budget from which on it is spent.
WHOLE = 100


@dataclass(frozen=True)
class Level:
    """A share of the budget in percent, and whether this month reached it."""

    percent: int
    reached: bool


def levels(project: Project, summary: MonthSummary) -> list[Level]:
    """Return the shares that the policy has owners told of, and which this month reached; none without a budget."""
    if summary.budget is None:
        return []
    share = summary.actual / summary.budget * WHOLE
    return [Level(one, share >= one) for one in pack_of(project.policy_revision).method.costs.alerts]


def tell(project: Project, *, by: User) -> None:
    """Tell the owners what this month has come to, each level once a month and budget; of several the highest."""
    budget = budget_of(project)
    if budget is None:
        return
    summary = month_summary(project)
    reached = max((one.percent for one in levels(project, summary) if one.reached), default=0)
    share = int(summary.actual / budget.monthly_amount * WHOLE)
    if reached:
        kind = SPENT if reached >= WHOLE else SHARE
        _announce(kind, str(reached), budget, summary, by=by, share=share)
    if reached < WHOLE and summary.forecast is not None and summary.will_be_over:
        amounts = {name: _money(getattr(summary.forecast, name)) for name in ("low", "high")}
        _announce(
            FORECAST, "forecast", budget, summary, by=by, forecast=_money(summary.forecast.value), **amounts
        )


def _announce(
    kind: str, what: str, budget: Budget, summary: MonthSummary, *, by: User, **data: str | int
) -> None:
    owners = User.objects.filter(memberships__project=budget.project, memberships__role=Role.OWNER)
    month = f"{summary.month:%Y-%m}"
    announce(
        kind,
        budget,
        project=budget.project,
        to=owners,
        by=by,
        link=reverse("costs:project", args=[budget.project.slug]),
        once=f"{month}:{what}:{budget.monthly_amount}",
        month=month,
        actual=_money(summary.actual),
        budget=_money(budget.monthly_amount),
        currency=budget.currency,
        where=budget.project.name,
        **data,
    )


def _money(amount: Decimal | float) -> str:
    return f"{amount:,.2f}"
