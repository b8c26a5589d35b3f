"""A policy in a browser: written, mended, weighed, proposed, published by another, and followed by a project."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.jobs import running
from apps.jobs.models import Job
from apps.policies.models import Draft, Revision
from tests.cast import PASSWORD, code_of, person, set_up_code
from tests.gates.conftest import bea, light, tiny
from tests.gates.light import pack
from tests.gates.test_following import LOADED

__all__ = ["bea", "light", "tiny"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
RIGHT = pack(reviewers=2, criteria=LOADED)
WRONG = RIGHT.replace("checks.load.status ==", "checks.load.state ==")
#: Set to a folder to keep pictures of each page: light, dark and narrow.
PICTURES = os.environ.get("MLGOV_PICTURES", "")


@pytest.fixture
def eve(db):
    """An administrator whom a provider signs in: no password, but an app."""
    found = person("eve", "administrator")
    found.secret = set_up_code(found)
    found.set_unusable_password()
    found.save()
    return found


@pytest.fixture
def opened(browser, live_server):
    """Open pages as somebody; what the console complains of is kept."""
    faults = []

    def open_as(who):
        client = Client()
        client.force_login(who)
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_as
    # Chromium itself notes that a form was answered with 422.
    assert not [one for one in faults if "422" not in one], faults


SHAPES = (("light", "light", 1200), ("dark", "dark", 1200), ("narrow", "light", 390))


def look(page, name, shapes=SHAPES):
    """Let axe look at the page in both schemes; nothing may scroll sideways on a phone."""
    for shape, scheme, width in shapes:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert not found, [(name, shape, one["id"], one["nodes"][0]["html"][:200]) for one in found]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide}"
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"policy-{name}-{shape}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1200, "height": 900})


def write(page):
    """Start a draft with a fault, mend it, and see whom it changes."""
    page.goto(reverse("policies:policies"))
    look(page, "list")
    page.click("main >> text=Change")
    page.fill("main input[name=title]", "Loaded before staging")
    page.fill("main textarea[name=source]", WRONG)
    line = next(number for number, text in enumerate(WRONG.splitlines(), 1) if "state ==" in text)
    page.wait_for_selector(f"#faults >> text=Line {line}")
    look(page, "typing-a-fault")
    page.click("main >> text=Save the draft")
    page.wait_for_selector("h1 >> text=Loaded before staging")
    assert f"Line {line}" in page.inner_text("#faults")
    assert "checks.load.state" in page.inner_text("#faults")
    look(page, "draft-with-a-fault")
    page.click("main .actions >> text=Edit")
    page.fill("main textarea[name=source]", RIGHT)
    page.wait_for_selector("#faults >> text=No faults")
    look(page, "no-faults")
    page.click("main >> text=Save the draft")
    page.wait_for_selector("main >> text=Propose it")
    look(page, "draft")
    page.click("main .actions >> text=What would change")
    look(page, "preview-empty")
    page.click("main >> text=Judge everything")
    page.wait_for_selector("main progress")
    look(page, "preview-running")
    running.run(Job.objects.get(kind="gates.preview_policy").pk, worker="test")
    page.reload()
    assert "Under load" in page.inner_text("main")
    look(page, "preview")


@pytest.mark.promise("policy editor")
def test_a_policy_from_its_first_fault_to_the_project_that_follows_it(
    opened, tiny, light, adam, eve, ada, rita
):
    page = opened(adam)
    write(page)
    draft = Draft.objects.get()
    page.goto(reverse("policies:draft", args=[draft.pk]))
    page.fill("main textarea[name=reason]", "no")
    page.click("main >> text=Propose >> nth=-1")
    page.wait_for_selector("main .errors, main .errorlist")
    look(page, "draft-refused")
    page.fill("main textarea[name=reason]", "Last month one fell over under load.")
    page.click("main button[value=propose]")
    page.wait_for_selector("main >> text=another administrator")
    look(page, "proposed-to-its-author")

    page = opened(eve)
    page.goto("/")
    assert page.inner_text("h1") == "1 policy waits to be published"
    look(page, "inbox-of-publisher")
    page.click("main >> text=Loaded before staging")
    assert page.locator("main input[name=password]").count() == 0
    look(page, "publish")
    page.fill("main input[name=code]", "000000")
    page.click("main button >> text=Publish")
    page.wait_for_selector("main .errorlist, main .errors")
    look(page, "publish-refused")
    page.fill("main input[name=code]", code_of(eve.secret))
    page.click("main button >> text=Publish")
    page.wait_for_url("**/policies/tiny/2/")
    look(page, "revision")
    made = Revision.objects.get(number=2, pack__slug="tiny")
    assert (made.published_by, made.proposed_by, made.reauthentication.method) == (eve, adam, "totp")

    where = reverse("gates:policy", args=[tiny.slug])
    page = opened(ada)
    page.goto(where)
    look(page, "project")
    page.click("main >> text=What would change")
    assert "Under load" in page.inner_text("main")
    look(page, "project-preview")
    page.fill("main textarea[name=reason]", "We agreed on it in the spring.")
    page.click("main button >> text=Ask to move")
    page.wait_for_selector("main >> text=a risk officer must confirm it")
    look(page, "project-asked")

    page = opened(rita)
    page.goto("/")
    assert page.inner_text("h1") == "1 move to another policy waits for you"
    look(page, "inbox-of-risk")
    page.goto(where)
    look(page, "project-to-confirm")
    page.fill("main input[name=password]", PASSWORD)
    page.click("main button >> text=Confirm the move")
    page.wait_for_selector("main >> text=follows tiny")
    tiny.refresh_from_db()
    assert tiny.policy_revision == made
    look(page, "project-moved")
