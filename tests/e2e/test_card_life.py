"""The life of a card in a browser: in review, published, read by strangers; axe finds nothing."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.modelcards import commenting, life, sharing
from apps.modelcards import services as cards
from tests.cast import PASSWORD, evaluate
from tests.e2e.test_story import sign_in
from tests.modelcards import living

README = b"""---
license: apache-2.0
language: en
---
# Credit

## Intended use

Loans to firms, decided by a person who reads the score.

## Limitations

It never saw a firm younger than three years.
"""
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def look(page, name):
    """Let axe look; with MLGOV_PICTURES set, keep pictures in light, dark and narrow."""
    found = Axe().run(page)
    assert not found.response["violations"], f"{name}: {found.generate_report()}"
    if folder := os.environ.get("MLGOV_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{folder}/{name}_dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 390, "height": 800})
        page.screenshot(path=f"{folder}/{name}_narrow.png", full_page=True)
        page.set_viewport_size({"width": 1200, "height": 1000})


def write(page, address, version, *, as_):
    """Write a card by hand and from a file, as somebody who may."""
    page = page.context.browser.new_page(viewport={"width": 1200, "height": 1000})
    sign_in(page, address, as_.email)
    page.goto(address + reverse("modelcards:edit", args=[version.pk]))
    look(page, "card_edit")
    page.goto(address + reverse("modelcards:import", args=[version.pk]))
    look(page, "card_import")
    page.set_input_files(
        "input[type=file]", {"name": "README.md", "mimeType": "text/markdown", "buffer": README}
    )
    page.click("text=Read the file")
    page.wait_for_selector("text=What would be written")
    look(page, "card_import_found")


def _publish(page):
    page.fill("#id_meaning", living.MEANING)
    page.fill("#id_password", PASSWORD)
    page.click("text=Publish the card")


def test_a_card_lives_in_a_browser(live_server, browser, version, dev, ben, ada, settings):
    settings.PUBLIC_CARDS = True
    evaluate(version, by=dev)
    living.published(version, writer=dev, publisher=ben)
    cards.change_card(
        version,
        fields={"limitations": "It was never tried on firms with fewer than three years of accounts."},
        by=dev,
    )
    said = commenting.comment(version, field="limitations", text="How many **rows** is that?", by=ben)
    commenting.comment(version, field="limitations", text="Forty.", answers=said, by=dev)
    done = commenting.comment(version, field="caveats", text="Say something here.", by=ben)
    commenting.resolve(done, by=ben)
    life.submit(version, by=dev)
    _, secret = sharing.create_link(version, note="The press", days=30, by=ada)
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    sign_in(page, live_server.url, ben.email)
    look(page, "card_inbox")
    for name, query in (
        ("life", ""),
        ("revisions", "?older=1&newer=2"),
        ("comments", ""),
        ("links", ""),
        ("card", ""),
        ("exports", ""),
    ):
        page.goto(live_server.url + reverse(f"modelcards:{name}", args=[version.pk]) + query)
        look(page, f"card_{name}")
    page.goto(live_server.url + reverse("modelcards:life", args=[version.pk]))
    cards.change_card(version, fields={"caveats": "Written while somebody reads."}, by=dev)
    _publish(page)
    page.wait_for_selector("text=Somebody must send it for review first.")
    look(page, "card_life_refused")
    life.submit(version, by=dev)
    page.goto(live_server.url + reverse("modelcards:life", args=[version.pk]))
    _publish(page)
    page.wait_for_selector("text=The card is published.")
    page.goto(live_server.url + reverse("modelcards:defaults", args=[version.model.project.slug]))
    look(page, "card_defaults")
    write(page, live_server.url, version, as_=dev)
    stranger = browser.new_context(viewport={"width": 1200, "height": 1000}).new_page()
    stranger.goto(live_server.url + reverse("modelcards:public", args=[secret]))
    assert "fewer than three years" in stranger.inner_text("main")
    look(stranger, "card_public")
    assert stranger.context.cookies() == []
    stranger.goto(live_server.url + reverse("modelcards:public", args=["wrong"]))
    look(stranger, "card_public_404")
