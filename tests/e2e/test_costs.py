"""The pages of costs in a browser: a month with its forecast, an entry, the calculators, rates; axe finds nothing."""

import datetime
import io
import os
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.costs import services
from apps.costs.queries import today
from tests.e2e.test_story import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

KINDS = ("training", "inference_compute", "inference_model_api", "storage")


def spend(project, version, run, dev):
    """Forty days of costs of several kinds, and one entry in another currency."""
    rows = ["spent_on,kind,amount,currency,version,run,units,description"]
    for back in range(40):
        day = today() - datetime.timedelta(days=back)
        what = (
            f"{'v1' if back % 3 else ''},{run.pk if back % 4 == 0 else ''},{250_000 if back % 4 == 1 else ''}"
        )
        rows.append(f"{day},{KINDS[back % 4]},{40 + 17 * (back % 5)},USD,{what},nightly")
    services.import_costs(project, stream=io.BytesIO("\n".join(rows).encode()), by=dev)
    return services.record_cost(
        project, kind="training", amount="30", currency="EUR", spent_on=today(), by=dev, run=run
    )


def test_pages_of_costs_are_accessible(live_server, browser, project, version, run, ada, dev, adam):
    services.set_budget(project, monthly_amount="1500", currency="USD", by=ada)
    services.set_targets(project, per_1000_predictions=Decimal("0.2"), by=ada)
    services.enter_rate(
        currency="EUR",
        per="USD",
        value=Decimal("1.08"),
        valid_from=datetime.date(2026, 1, 1),
        source="ECB",
        by=adam,
    )
    entry = spend(project, version, run, dev)
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    sign_in(page, live_server.url, ada.email)
    savings = (
        "?cost_inference_compute=1000&cost_inference_model_api=400&use_int8=on&share_int8=100&use_routing=on"
    )
    for name, arguments, query in (
        ("costs:project", [project.slug], ""),
        ("costs:entry", [entry.pk], ""),
        ("costs:savings", [project.slug], savings),
        ("costs:gpus", [project.slug], "?option=serve_70b&hours_per_run=24&runs_per_month=30&cards=1"),
        ("costs:rates", [], ""),
    ):
        page.goto(live_server.url + reverse(name, args=arguments) + query)
        found = Axe().run(page)
        assert not found.response["violations"], f"{name}: {found.generate_report()}"
        if folder := os.environ.get("MLGOV_PICTURES"):
            page.screenshot(path=f"{folder}/costs_{name.split(':')[1]}.png", full_page=True)
            page.set_viewport_size({"width": 390, "height": 800})
            page.screenshot(path=f"{folder}/costs_{name.split(':')[1]}_narrow.png", full_page=True)
            page.set_viewport_size({"width": 1200, "height": 1000})
