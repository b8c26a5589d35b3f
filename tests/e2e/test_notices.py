"""Notices and webhooks in a browser: axe is content in light, dark and narrow, J and Enter work, nothing scrolls sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.notifications import kinds, services
from apps.notifications.models import Attempt, Delivery, Mail
from apps.notifications.services import announce
from tests.e2e.test_story import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SHAPES = {"light": ("light", 1280), "dark": ("dark", 1280), "narrow": ("light", 360)}


@pytest.fixture
def told(settings, project, ada, adam):
    """Pages with something on them."""
    settings.NOTICE_MODULES = [*settings.NOTICE_MODULES, "tests.notifications.notices"]
    kinds.known.cache_clear()
    link = reverse("portal:project", args=[project.slug])
    announce("tests.quiet", project, project=project, to=[ada], by=None, link=link)
    announce(
        "tests.told", project, project=project, to=[ada], by=adam, link=link, what="the brief is complete"
    )
    (urgent,) = announce("tests.urgent", project, project=project, to=[ada], by=adam, link=link)
    Mail.objects.filter(pk=urgent.mail_id).update(
        state="dead", error="ConnectionRefusedError: nobody listens"
    )
    url = "https://hooks.example.org/" + "x" * 120
    hook, _ = services.create_webhook(project, name="Chat room of the team", url=url, by=ada)
    delivery = services.send_test(hook, by=ada)
    Attempt.objects.create(
        delivery=delivery,
        number=1,
        status=503,
        seconds=0.41,
        response="Service unavailable " * 30,
        error="The answer was 503.",
    )
    services.create_webhook(None, name="Everything", url=url, by=adam)
    yield hook, delivery
    kinds.known.cache_clear()


def pages_of(project, hook, delivery):
    mine = {name: reverse(f"notifications:{name}") for name in ("unread", "all", "preferences")}
    owners = {
        "webhooks": reverse("notifications:project_webhooks", args=[project.slug]),
        "webhook": reverse("notifications:webhook", args=[hook.pk]),
        "delivery": reverse("notifications:delivery", args=[delivery.pk]),
    }
    administrators = {name: reverse(f"notifications:{name}") for name in ("site_webhooks", "mails")}
    empty = {"unread": mine["unread"]}
    return mine | owners, administrators | empty


def look(browser, address, person, pages, shape):
    scheme, width = SHAPES[shape]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page, faults = context.new_page(), []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    sign_in(page, address, person.email)
    for name, path in pages.items():
        page.goto(address + path)
        found = Axe().run(page).response["violations"]
        assert not found, [(name, one["id"], one["nodes"][0]["html"][:200]) for one in found]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide}"
    assert not faults, faults
    return page


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_is_accessible_in_every_shape(live_server, browser, told, project, ada, adam, shape):
    hook, delivery = told
    of_owner, of_administrator = pages_of(project, hook, delivery)
    look(browser, live_server.url, adam, of_administrator, shape)
    look(browser, live_server.url, ada, of_owner, shape)


def test_keys_walk_the_notices_and_follow_one(live_server, browser, told, project, ada):
    page = look(browser, live_server.url, ada, {}, "light")
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/notices/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('portal:project', args=[project.slug])}")
    page.goto(live_server.url + "/notices/")
    assert "the brief is complete" not in page.inner_text("main")
    assert page.inner_text("#nav-notices .count") == "2"
    assert Delivery.objects.count() == 1
