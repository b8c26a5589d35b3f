"""Owners hear of a month's budget once at 50, 80 and 100 %, and of a forecast over it (M10.3)."""

import datetime
import io

import pytest

from apps.costs import queries, services
from apps.notifications.models import Notice


@pytest.fixture(autouse=True)
def _tenth(monkeypatch):
    """The tenth of a month of thirty days."""
    monkeypatch.setattr(queries, "today", lambda: datetime.date(2026, 4, 10))


def spend(project, amount, dev, day=9):
    return services.record_cost(
        project,
        kind="training",
        amount=amount,
        currency="USD",
        spent_on=datetime.date(2026, 4, day),
        by=dev,
    )


def told():
    return [(one.person.full_name, one.kind.split(".")[1]) for one in Notice.objects.order_by("id")]


@pytest.mark.method("M10.3")
def test_each_share_is_told_once_and_the_highest_alone(project, ada, dev):
    services.set_budget(project, monthly_amount="100", currency="USD", by=ada)
    spend(project, "20", dev, day=1)
    assert told() == []
    spend(project, "15", dev)
    assert told() == [("Ada", "forecast_over")]
    spend(project, "15", dev)
    spend(project, "5", dev)
    assert told()[1:] == [("Ada", "budget_share")]
    assert Notice.objects.last().sentence == (
        "Mortgages: 50 % of the budget of 2026-04 is spent, 50.00 of 100.00 USD."
    )
    spend(project, "60", dev)
    assert told()[2:] == [("Ada", "budget_spent")]
    spend(project, "1", dev)
    assert len(told()) == 3


def test_a_file_tells_too_and_another_budget_begins_anew(project, ada, dev):
    services.set_budget(project, monthly_amount="100", currency="USD", by=ada)
    rows = "spent_on,kind,amount,currency\n2026-04-01,training,80,USD\n2026-04-08,training,5,USD\n"
    services.import_costs(project, stream=io.BytesIO(rows.encode()), by=dev)
    assert {kind for _, kind in told()} == {"budget_share", "forecast_over"}
    services.set_budget(project, monthly_amount="80", currency="USD", by=ada)
    assert ("Ada", "budget_spent") in told()


def test_without_a_budget_nobody_is_told(project, dev):
    spend(project, "1000", dev)
    assert told() == []
