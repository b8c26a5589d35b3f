"""Owners hear when half, four fifths or all of a month's budget is spent, and when the forecast passes it (M10.3)."""

from decimal import Decimal

from django.urls import reverse

from apps.accounts.models import User
from apps.costs.models import Budget
from apps.costs.notices import FORECAST, SHARE, SPENT
from apps.costs.queries import MonthSummary, month_summary
from apps.notifications.services import announce
from apps.projects.enums import Role
from apps.projects.models import Project

#: Percent of the budget; of those that were reached only the highest is told.
SHARES = (50, 80, 100)


def tell(project: Project, *, by: User) -> None:
    """Tell the owners what this month has come to, each thing once for a month and budget."""
    budget = Budget.objects.filter(project=project).first()
    if budget is None:
        return
    summary = month_summary(project)
    share = summary.actual / budget.monthly_amount * 100
    reached = max((one for one in SHARES if share >= one), default=0)
    if reached:
        kind = SPENT if reached == SHARES[-1] else SHARE
        _announce(kind, str(reached), budget, summary, by=by, share=int(share))
    if reached < SHARES[-1] and summary.forecast is not None and summary.forecast > budget.monthly_amount:
        _announce(FORECAST, "forecast", budget, summary, by=by, forecast=_money(summary.forecast))


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


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
