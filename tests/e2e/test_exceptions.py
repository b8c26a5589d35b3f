"""Exceptions and what follows them in a browser: every page in every shape, and the inbox that names who must act."""

import pytest
from django.urls import reverse

from apps.gates.models import Postmortem
from tests.e2e.test_notices import SHAPES, look
from tests.gates.conftest import cast, failing, passing, small, small_model
from tests.gates.test_break_glass import smash
from tests.gates.test_rollback import first, report
from tests.gates.test_waivers import ask

__all__ = ["cast", "failing", "first", "passing", "small", "small_model"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def places(first, failing, small, small_model, ada, dev):
    """A version in production, one that replaced it past its gate, a waiver asked for, two windows of figures."""
    waiver = ask(failing, dev)
    promotion = smash(failing, ada)
    for minutes in (1, 3):
        report(failing, dev, minutes=minutes)
    failing.refresh_from_db()
    named = {
        "gates:waiver": [waiver.pk],
        "gates:exceptions": [small.slug],
        "gates:postmortem": [Postmortem.objects.get().pk],
        "gates:rollback": [failing.pk],
        "gates:suspend": [failing.pk],
        "gates:promotion": [promotion.pk],
        "gates:times": [small.slug],
        "gates:delegations": [small.slug],
        "gates:dry_run": [first.pk],
        "portal:project": [small.slug],
        "portal:version": [failing.pk],
        "registry:model": [small_model.pk],
        "identity:invitations": [small.slug],
    }
    return {name: reverse(name, args=args) for name, args in named.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_pages_of_exceptions_are_accessible_in_every_shape(live_server, browser, places, ada, shape):
    look(browser, live_server.url, ada, places, shape)


def test_the_inbox_names_the_waiver_for_whom_may_grant_it(client, places, rita, ada, dev):
    waits = {"rita": (rita, "1 waiver waits for your answer"), "dev": (dev, "Nothing waits for you")}
    for person, heading in waits.values():
        client.force_login(person)
        assert heading in client.get("/").content.decode()
    postmortem = Postmortem.objects.get()
    client.force_login(postmortem.owner)
    page = client.get("/").content.decode()
    assert "Postmortems you answer for" in page
    assert "Nothing waits for you" not in page
