"""The story in a browser: the reviewer signs, the version is in production, the PDF has text, axe is content."""

import io
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.gates import services as gates
from apps.jobs import running
from apps.jobs.models import Job
from tests.cast import PASSWORD
from tests.gates.test_promoting import PRODUCTION, sign, to_staging

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def sign_in(page, address, email):
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form.form button")
    page.wait_for_url(f"{address}/")


def test_the_reviewer_signs_and_the_card_says_production(live_server, browser, ready, dev, ben, rita):
    staged = to_staging(ready, by=dev, reviewer=ben)
    promotion = gates.request_promotion(staged, to_stage="production", by=dev)
    assert promotion.state == "open"
    sign(promotion, by=rita, meaning=PRODUCTION)
    address = live_server.url
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    sign_in(page, address, ben.email)
    assert "1 request waits" in page.inner_text("h1")
    for path in (
        "/",
        reverse("portal:project", args=[staged.model.project.slug]),
        reverse("portal:version", args=[staged.pk]),
        reverse("evaluations:evaluation", args=[staged.evaluations.first().pk]),
        reverse("checklists:checklist", args=[staged.pk, "bias"]),
        reverse("rubrics:rubric", args=[staged.pk]),
        reverse("modelcards:card", args=[staged.pk]),
        reverse("gates:promotion", args=[promotion.pk]),
        reverse("gates:sign", args=[promotion.pk]),
        reverse("costs:project", args=[staged.model.project.slug]),
        reverse("portal:audit_project", args=[staged.model.project.slug]),
        reverse("gates:dry_run", args=[staged.pk]) + "?to=production&revision=standard:1",
        reverse("gates:times", args=[staged.model.project.slug]),
        reverse("gates:exceptions", args=[staged.model.project.slug]),
        reverse("registry:model", args=[staged.model_id]),
        reverse("registry:check", args=[staged.checks.first().pk]),
        reverse("projects:brief", args=[staged.model.project.slug]),
        reverse("projects:members", args=[staged.model.project.slug]),
        reverse("portal:styleguide"),
        reverse("api-docs"),
    ):
        page.goto(address + path)
        found = Axe().run(page).response["violations"]
        assert not found, [(path, one["id"], one["nodes"][0]["html"][:200]) for one in found]
    page.goto(address + reverse("gates:sign", args=[promotion.pk]))
    page.check("input[name=decision][value=approve]")
    page.check(f"input[name=meaning][value='{PRODUCTION}']")
    page.fill("main input[name=password]", PASSWORD)
    page.click("main [data-sign]")
    page.wait_for_url(f"**{reverse('gates:promotion', args=[promotion.pk])}")
    staged.refresh_from_db()
    assert staged.stage == "production"
    page.goto(address + reverse("modelcards:card", args=[staged.pk]))
    assert "In production since" in page.inner_text("main")
    page.click("text=Make the PDF")
    page.wait_for_load_state()
    running.run(Job.objects.filter(kind="modelcards.render_pdf").latest("created_at").pk, worker="test")
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    answer = page.request.get(address + reverse("modelcards:download", args=[staged.pk]))
    assert (answer.status, answer.headers["content-type"], bool(cookies)) == (200, "application/pdf", True)
    read = subprocess.run(
        ["pdftotext", "-", "-"], input=io.BytesIO(answer.body()).read(), capture_output=True, check=True
    )
    text = read.stdout.decode()
    assert "In production since" in text
    assert "Intended use" in text
    assert not refused, refused
