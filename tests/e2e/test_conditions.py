"""Conditional approvals in a browser: the sign page, a broken condition, an obligation; axe finds nothing."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.gates import services
from apps.gates.models import Obligation
from apps.gates.terms import Chosen, Terms
from tests.e2e.test_story import sign_in
from tests.gates import tiny
from tests.gates.conditional import ask, owed, promoted, report, world

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_pages_of_conditional_approvals_are_accessible(live_server, browser, ada, dev, ben, rita, vera):
    cast = {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}
    version = world(cast)
    promoted(version, cast, Terms((Chosen("traffic"), Chosen("drift")), None, (owed(dev), owed(ben))))
    report(version, dev, traffic_percent=31.0, drift=0.04)
    services.judge_conditions(version.pk)
    obligation = Obligation.objects.get(owner=dev)
    services.fulfil_obligation(obligation, by=dev, note="The runbook stands in the wiki.")
    waiting = ask(tiny.tiny_version(version.model, dev), dev)
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    sign_in(page, live_server.url, ben.email)
    for name, arguments in {
        "gates:sign": [waiting.pk],
        "portal:version": [version.pk],
        "gates:promotion": [version.promotions.get().pk],
        "gates:obligation": [obligation.pk],
        "gates:exceptions": [version.model.project.slug],
        "portal:home": [],
    }.items():
        page.goto(live_server.url + reverse(name, args=arguments))
        if name == "gates:sign":
            page.get_by_text("Approve with conditions").click()
        found = Axe().run(page)
        assert not found.response["violations"], f"{name}: {found.generate_report()}"
        if folder := os.environ.get("MLGOV_PICTURES"):
            page.screenshot(path=f"{folder}/conditions_{name.split(':')[1]}.png", full_page=True)
            page.set_viewport_size({"width": 390, "height": 800})
            page.screenshot(path=f"{folder}/conditions_{name.split(':')[1]}_narrow.png", full_page=True)
            page.set_viewport_size({"width": 1200, "height": 1000})
