"""The audit pages in a browser: axe finds nothing, and a record is reached by keyboard."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.audit.models import Event
from apps.audit.services import note_verification
from tests.audit.conftest import seal, sealing
from tests.e2e.test_story import sign_in

__all__ = ["seal", "sealing"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_pages_of_audit_are_accessible(live_server, browser, project, version, ci, olga, seal):
    seal()
    note_verification(ok=True, size=Event.objects.count(), report={"ok": True})
    number = Event.objects.filter(project_id=project.pk).first().pk
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    sign_in(page, live_server.url, olga.email)
    for name, arguments in {
        "portal:audit_site": [],
        "portal:audit_project": [project.slug],
        "assurance:event": [number],
        "assurance:story": [number],
        "assurance:access_project": [project.slug],
        "assurance:past": [project.slug],
        "assurance:packs": [project.slug],
    }.items():
        page.goto(live_server.url + reverse(name, args=arguments))
        found = Axe().run(page)
        assert not found.response["violations"], f"{name}: {found.generate_report()}"
        if folder := os.environ.get("MLGOV_PICTURES"):
            page.screenshot(path=f"{folder}/{name.split(':')[1]}.png")
    page.goto(live_server.url + reverse("portal:audit_project", args=[project.slug]))
    page.get_by_role("link", name="Record", exact=False).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/records/*/")
    assert "Record" in page.inner_text("h1")
