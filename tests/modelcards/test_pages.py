"""The page of a card, the form that writes it, and the interface."""

import json

import pytest
from django.urls import reverse
from jsonschema import Draft202012Validator

from apps.modelcards import services as cards
from apps.modelcards.document import build
from apps.modelcards.models import Card
from apps.projects import services as projects
from tests.modelcards.test_document import SCORES


@pytest.fixture
def stale(version, dev):
    """A version with a card of which one field is to be read again."""
    project = version.model.project
    projects.assess_data_source(project, name="applications", scores=SCORES, by=dev)
    cards.change_card(version, fields={"data_selection": "All of **1990**.", "caveats": "None."}, by=dev)
    projects.assess_data_source(project, name="applications", scores={**SCORES, "volume": 1}, by=dev)
    return version


def test_the_page_says_what_is_missing_stale_filled_and_by_whom(client, stale, dev, vera):
    path = reverse("modelcards:card", args=[stale.pk])
    client.force_login(dev)
    content = client.get(path).content.decode()
    edit = reverse("modelcards:edit", args=[stale.pk])
    assert "7 fields missing" in content
    assert f"{edit}?group=overview#id_description" in content
    assert "1 field to read again" in content
    assert "<strong>1990</strong>" in content
    assert "Written by Dev" in content
    assert "Filled from" in content
    assert 'aria-label="EU AI Act, Annex IV: ' in content
    assert f"{edit}?group=operation#id_monitoring_plan" in content
    client.force_login(vera)
    assert edit not in client.get(path).content.decode()


def test_a_part_of_the_form_is_saved_and_a_stale_field_confirmed(client, stale, dev):
    client.force_login(dev)
    path = reverse("modelcards:edit", args=[stale.pk])
    content = client.get(f"{path}?group=data").content.decode()
    assert 'id="g-data" open' in content
    assert 'id="g-overview" open' not in content
    assert "confirm_data_selection" in content
    card = Card.objects.get(version=stale)
    lock = card.lock_version
    sent = {"lock_version": lock, "license": "Apache-2.0", "confirm_data_selection": "on"}
    assert client.post(path, sent).status_code == 302
    card.refresh_from_db()
    assert card.fields["caveats"] == "None."
    assert card.fields["license"] == "Apache-2.0"
    assert build(stale)["card"]["stale"] == []
    late = client.post(path, {"lock_version": lock, "license": "MIT"})
    assert late.status_code == 422
    assert "What stands in the card now" in late.content.decode()
    lock = card.lock_version
    bad = client.post(path, {"lock_version": lock, "license": "x" * 301})
    assert bad.status_code == 422
    assert 'id="g-overview" open' in bad.content.decode()


def test_a_stranger_finds_no_card_and_a_reader_cannot_write(client, version, cleo, vera):
    client.force_login(cleo)
    for name in ("modelcards:card", "modelcards:edit"):
        assert client.get(reverse(name, args=[version.pk])).status_code == 404
    client.force_login(vera)
    assert client.get(reverse("modelcards:edit", args=[version.pk])).status_code == 200
    sent = client.post(reverse("modelcards:edit", args=[version.pk]), {"lock_version": 1, "caveats": "x"})
    assert sent.status_code == 403


def test_the_interface_gives_the_document_and_its_schema(client, stale, dev):
    client.force_login(dev)
    answer = client.get(f"/api/v1/versions/{stale.pk}/card.json")
    assert answer.status_code == 200
    card = client.get(f"/api/v1/versions/{stale.pk}/card").json()
    assert answer["ETag"] == f'"{card["digest"]}"'
    schema = json.loads(b"".join(client.get("/api/v1/schemas/card")))
    Draft202012Validator(schema).validate(answer.json())
