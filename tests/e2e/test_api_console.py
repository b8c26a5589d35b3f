"""Swagger UI from our own files, under the same policy of contents as every page."""

import pytest
from django.urls import reverse

from tests.e2e.test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_is_tried_from_the_page_and_nothing_is_fetched_from_elsewhere(browser, live_server, dev):
    page = browser.new_page()
    refused, asked = [], []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, live_server.url, dev.email)
    page.goto(live_server.url + reverse("api-console"))
    page.fill("input.operation-filter-input", "me")
    page.click("#operations-tag-me")
    page.click("#operations-me-me_retrieve .opblock-summary-control")
    page.click("text=Try it out")
    page.click("button.execute")
    page.wait_for_selector(".live-responses-table .response-col_status >> text=200")
    assert dev.full_name in page.inner_text(".live-responses-table")
    assert not refused, refused
    assert all(url.startswith((live_server.url, "data:")) for url in asked), asked
