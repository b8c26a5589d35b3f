"""Forecasts hold what they promise; targets and facts; the calculators (M6.5, M10.1, M10.2, M10.3)."""

import datetime
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import Forbidden, Invalid
from apps.costs import estimating, evidence, queries, services
from apps.costs.forecasting import month_end
from apps.costs.models import CostEntry
from apps.policies.method import costs as part
from apps.policies.queries import pack_of
from tests.api.conftest import client_with

APRIL = datetime.date(2026, 4, 10)


@pytest.fixture
def april(monkeypatch):
    """The tenth of April 2026."""
    monkeypatch.setattr(queries, "today", lambda: APRIL)


def spend(project, by, amount, day, kind="training", **more):
    return services.record_cost(
        project, kind=kind, amount=amount, currency="USD", spent_on=day, by=by, **more
    )


def normal(rng, days):
    return rng.normal(100, 20, days)


def bursts(rng, days):
    """Costs of jobs: most days little, some days much."""
    return rng.gamma(0.8, 60, days)


def weekdays(rng, days):
    """Weekends cost a third."""
    start = rng.integers(7)
    return np.where((np.arange(days) + start) % 7 < 5, 100, 33) * rng.normal(1, 0.15, days)


@pytest.mark.method("M10.3")
@pytest.mark.parametrize(("series", "least"), [(normal, 0.88), (bursts, 0.85), (weekdays, 0.88)])
@pytest.mark.parametrize("days", [14, 60])
def test_the_interval_holds_the_month_as_often_as_it_says(series, least, days):
    rng = np.random.default_rng(11)
    inside, asked = 0, 4000
    for _ in range(asked):
        known, rest = np.split(series(rng, days + 15), [days])
        found = month_end(known.tolist(), spent=50.0, days_left=15, level=0.9)
        inside += found.low <= 50.0 + rest.sum() <= found.high
    assert inside / asked >= least
    if series is normal:
        assert inside / asked <= 0.92


def test_a_forecast_by_hand():
    found = month_end([1.0, 2.0, 3.0], spent=10.0, days_left=2, level=0.9)
    assert (found.value, found.low) == (14.0, 10.0)
    # t(2, 0.95) = 2.920; s = 1; sqrt(2 + 4/3) = 1.826
    assert found.high == pytest.approx(14 + 2.920 * 1.826, abs=0.01)
    over = month_end([1.0, 2.0, 3.0], spent=10.0, days_left=0, level=0.9)
    assert (over.value, over.low, over.high) == (10.0, 10.0, 10.0)


@pytest.mark.method("M10.3")
def test_facts_move_with_the_ledger_and_not_with_the_day(project, version, ada, dev, april, monkeypatch):
    services.set_budget(project, monthly_amount="1000", currency="USD", by=ada)
    for day in range(1, 9):
        spend(project, dev, "10", APRIL.replace(day=day))
    before = evidence.facts(version, {})["costs"]
    assert before["forecast"] == {"value": 300.0, "low": 300.0, "high": 300.0}
    assert before["month"] == 80.0
    monkeypatch.setattr(queries, "today", lambda: APRIL.replace(day=30))
    assert evidence.facts(version, {})["costs"] == before
    monkeypatch.setattr(queries, "today", lambda: datetime.date(2026, 5, 1))
    assert evidence.facts(version, {})["costs"]["forecast"]["value"] == 310.0
    monkeypatch.setattr(queries, "today", lambda: datetime.date(2026, 6, 1))
    assert evidence.facts(version, {})["costs"]["forecast"]["value"] is None


@pytest.mark.method("M10.3")
def test_targets_are_owners_and_whole(client, project, version, ada, dev, april, ci):
    spend(project, dev, "200", datetime.date(2026, 1, 5))
    spend(project, dev, "150", datetime.date(2026, 3, 5))
    with pytest.raises(Forbidden):
        services.set_targets(project, per_1000_predictions=Decimal("0.5"), by=dev)
    for fields, said in (
        ({"reduction_percent": Decimal(20)}, "takes both"),
        ({"reduction_percent": Decimal(100), "reduction_from": APRIL.replace(month=1)}, "less than 100"),
        ({"reduction_percent": Decimal(20), "reduction_from": APRIL}, "2026-04 is not over"),
        ({"per_1000_predictions": Decimal(0)}, "more than nothing"),
    ):
        with pytest.raises(Invalid, match=said):
            services.set_targets(project, by=ada, **fields)
    client.force_login(ada)
    form = {"reduction_percent": "20", "reduction_from": "2026-01-17", "per_1000_predictions": "0.5"}
    sent = {"form": "target", **{f"target-{name}": value for name, value in form.items()}}
    page = reverse("costs:project", args=[project.slug])
    assert "25.0 %" in client.post(page, sent, follow=True).content.decode()
    found = evidence.facts(version, {})["costs"]
    assert found["target"] == {"per_1000_predictions": 0.5, "reduction_percent": 20.0}
    assert found["reduction_percent"] == 25.0
    answer = client_with(ci.secret).get(f"/api/v1/projects/{project.pk}/cost-targets")
    assert answer.json()["reduction_from"] == "2026-01-01"


@pytest.mark.method("M10.2")
def test_levers_multiply_and_alternatives_exclude_each_other(project):
    costs = {"inference_compute": 1000.0, "inference_model_api": 500.0}
    found = estimating.estimate_savings(project, chosen=[("int8", None), ("speculative", 50.0)], costs=costs)
    assert (found.each[0].low, found.each[0].high) == (500.0, pytest.approx(1000 * 2 / 3))
    assert found.together.cost == 1500.0
    assert found.together.low == pytest.approx(1000 * (1 - 0.5 * 0.75))
    assert found.together.high == pytest.approx(1000 * (1 - 1 / 3 * 2 / 3))
    for chosen, said in (
        ([("int8", None), ("int4", None)], "are alternatives"),
        ([("magic", None)], "lists no lever “magic”"),
    ):
        with pytest.raises(Invalid, match=said):
            estimating.estimate_savings(project, chosen=chosen, costs=costs)


@pytest.mark.method("M6.5")
def test_the_page_of_levers_begins_with_the_ledger_s_costs(client, project, dev, april):
    spend(project, dev, "400", datetime.date(2026, 3, 5), kind="inference_model_api")
    spend(project, dev, "7", APRIL, kind="inference_model_api")
    client.force_login(dev)
    page = reverse("costs:savings", args=[project.slug])
    assert 'value="400.0000"' in client.get(page).content.decode()
    asked = {"cost_inference_model_api": "400", "use_prompt_caching": "on", "share_prompt_caching": "50"}
    shown = client.get(page, asked)
    assert "100.00 to 180.00 USD a month would be saved" in shown.content.decode()
    assert client.get(page, {"cost_inference_model_api": "x"}).status_code == 422
    assert "alternatives" in client.get(page, {"use_onnx": "on", "use_tensorrt": "on"}).content.decode()


@pytest.mark.method("M10.1")
def test_a_gpu_is_chosen_by_task_and_priced_in_the_books_currency(client, project, ada, dev, adam, ci):
    services.set_budget(project, monthly_amount="100", currency="EUR", by=ada)
    ask = {"option": "finetune_70b", "hours_per_run": "5", "runs_per_month": "4", "cards": "2"}
    client.force_login(dev)
    page = reverse("costs:gpus", args=[project.slug])
    assert "no rate from USD to EUR" in client.get(page, ask).content.decode()
    services.enter_rate(
        currency="USD", per="EUR", value=Decimal("0.9"), valid_from=APRIL, source="ECB", by=adam
    )
    shown = client.get(page, ask).content.decode()
    assert "A100 with 80 GB" in shown
    assert "160.00" in shown
    assert "144.00 EUR" in shown
    assert client.get(page, ask | {"option": "x"}).status_code == 422
    pipeline = client_with(ci.secret)
    address = f"/api/v1/projects/{project.pk}/costs/"
    answer = pipeline.post(f"{address}gpu-estimate", ask, content_type="application/json")
    assert (answer.json()["gpu"], answer.json()["price_month"], answer.json()["month"]) == (
        "A100",
        160.0,
        144.0,
    )
    body = {"costs": {"inference_compute": 1000}, "levers": [{"key": "onnx"}]}
    answer = pipeline.post(f"{address}savings", body, content_type="application/json")
    assert answer.json()["together"]["high"] == pytest.approx(1000 * 2 / 3)


def test_the_policy_carries_the_method_and_its_faults_are_told(project):
    found = pack_of(project.policy_revision).method.costs
    assert {one.method for one in found.levers} == {"M10.2", "M6.5"}
    assert len([one for one in found.levers if one.method == "M10.2"]) == 9
    assert len([one for one in found.levers if one.method == "M6.5"]) == 7
    assert len(found.gpus) == 5
    lever = {"key": "a", "factor": {"low": 3, "high": 2}, "excludes": ["b"]}
    wrong = {
        "levers": [lever, lever],
        "alerts": {"percent": [80, 50]},
        "forecast": {"minimum_days": 9, "window_days": 8},
    }
    said = " ".join(sentence for _, sentence in part.faults(wrong))
    for words in ("used twice", "above the upper", "no lever “b”", "must rise", "make the window longer"):
        assert words in said


@pytest.mark.slow
def test_the_page_and_the_facts_stay_fast_with_a_long_ledger(client, project, version, run, dev, april):
    def grow(count):
        CostEntry.objects.bulk_create(
            [
                CostEntry(
                    project=project,
                    version=version if number % 3 else None,
                    run=run if number % 5 == 0 else None,
                    kind=("training", "inference_compute")[number % 2],
                    amount=1,
                    currency="USD",
                    spent_on=APRIL - datetime.timedelta(days=number % 700),
                    recorded_by=dev,
                )
                for number in range(count)
            ],
            batch_size=5000,
        )

    client.force_login(dev)
    page = reverse("costs:project", args=[project.slug])
    counts = []
    for more in (100, 5000):
        grow(more)
        client.get(page)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page).status_code == 200
            evidence.facts(version, {})
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 40
