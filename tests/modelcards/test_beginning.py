"""With what a card begins, what is kept of each save, and how two saves differ."""

import importlib
import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from jsonschema import Draft202012Validator

from apps.core.errors import Conflict, Forbidden, Invalid
from apps.modelcards import defaults
from apps.modelcards import services as cards
from apps.modelcards.enums import Origin
from apps.modelcards.fieldnames import fields_of
from apps.modelcards.models import Card, CardRevision
from apps.modelcards.queries import revisions_of
from apps.modelcards.starting import prefill
from apps.policies.method import card
from apps.registry import services as registry
from tests.gates.test_exception_races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.method("M9.2")]


@pytest.fixture
def kept(project, ada):
    return defaults.change_defaults(
        project, fields={"maintenance": "Retrained each month.", "limitations": "None known."}, by=ada
    )


def next_version(version, dev):
    return registry.register_version(version.model, by=dev)


def test_a_first_card_begins_with_the_project_s_defaults(kept, version, dev):
    card = cards.change_card(version, fields={"limitations": "Small loans."}, by=dev)
    assert card.fields == {"maintenance": "Retrained each month.", "limitations": "Small loans."}
    assert {key: entry["kind"] for key, entry in card.written.items()} == {
        "maintenance": Origin.DEFAULTS,
        "limitations": Origin.WRITTEN,
    }
    wrote = card.written["limitations"]
    assert (wrote["by"], wrote["by_id"], len(wrote["evidence"])) == ("Dev", str(dev.pk), 64)
    assert [(one.number, one.changed) for one in revisions_of(card)] == [
        (2, ["limitations"]),
        (1, ["limitations", "maintenance"]),
    ]


def test_the_next_card_begins_with_the_last_of_its_model(kept, version, dev):
    first = cards.change_card(
        version, fields={"maintenance": "Ours.", "intended_use": "Loans.", "caveats": " "}, by=dev
    )
    begun = prefill(next_version(version, dev))
    assert begun.fields == {"maintenance": "Ours.", "intended_use": "Loans.", "limitations": "None known."}
    entry = begun.written["intended_use"]
    assert (entry["kind"], entry["source"]) == (Origin.PREVIOUS_CARD, "Approval v1")
    # The text was not written about this version: the evidence stays that of the other.
    assert entry["evidence"] == first.written["intended_use"]["evidence"]
    assert begun.written["limitations"]["kind"] == Origin.PREVIOUS_CARD


def test_the_policy_says_what_is_not_carried(version, dev):
    known = fields_of(version.model.project)
    assert [key for key, one in known.items() if not one.carried][:2] == ["change_summary", "environment"]
    texts = {key: "2026-01-31" if one.kind == "line" else "Text." for key, one in known.items()}
    cards.change_card(version, fields=texts, by=dev)
    begun = prefill(next_version(version, dev)).fields
    assert set(begun) == {key for key, one in known.items() if one.carried}


def test_a_policy_that_says_nothing_carries_a_field():
    field = {"key": "caveats", "title": "Caveats", "help": "Anything.", "group": "card"}
    part = {"groups": [{"key": "card", "title": "Card"}], "fields": [field], "standards": []}
    assert card.of(part).fields[0].carried
    assert (card.of(part).language, card.of(part | {"language": "de-AT"}).language) == ("en", "de-AT")
    assert not card.of(part | {"fields": [field | {"carried": False}]}).fields[0].carried
    schema = json.loads((Path(card.__file__).parents[1] / "schemas/card.json").read_text())
    rule = schema["properties"]["fields"]["items"]["properties"]["carried"]
    assert not Draft202012Validator(rule).is_valid("no")


def test_an_import_says_so(version, dev):
    begun = cards.change_card(
        version, fields={"intended_use": "Loans."}, by=dev, kind=Origin.IMPORTED, source="README.md"
    )
    assert (begun.written["intended_use"]["kind"], begun.written["intended_use"]["source"]) == (
        "imported",
        "README.md",
    )


def test_the_form_of_a_new_card_shows_what_it_begins_with(client, kept, version, dev):
    client.force_login(dev)
    path = reverse("modelcards:edit", args=[version.pk])
    form = client.get(path).context["form"]
    assert form.initial["maintenance"] == "Retrained each month."
    assert not Card.objects.exists()
    body = {key: value for key, value in form.initial.items() if value is not None}
    assert client.post(path, body | {"limitations": ""}).status_code == 302
    assert Card.objects.get().fields == {"maintenance": "Retrained each month.", "limitations": ""}


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_a_card_at_once_begin_one(kept, version, dev, ben):
    refusals = at_once(
        lambda: cards.change_card(version, fields={"intended_use": "Loans."}, by=dev),
        lambda: cards.change_card(version, fields={"caveats": "Few rows."}, by=ben),
    )
    assert not refusals
    card = Card.objects.get()
    assert {"intended_use", "caveats", "maintenance"} <= set(card.fields)
    assert sorted(card.revisions.values_list("number", flat=True)) == [1, 2, 3]


def test_the_page_of_defaults(client, project, ada, ben, cleo):
    path = reverse("modelcards:defaults", args=[project.slug])
    client.force_login(ada)
    assert client.post(path, {"lock_version": "1", "maintenance": "Monthly."}).status_code == 302
    assert client.get(path).context["form"].initial["maintenance"] == "Monthly."
    assert client.post(path, {"lock_version": "1", "maintenance": "Weekly."}).status_code == 422
    assert client.post(path, {"lock_version": "2", "maintenance": "x" * 20_001}).status_code == 422
    client.force_login(ben)
    assert client.get(path).status_code == 200
    assert client.post(path, {"lock_version": "2", "maintenance": "Weekly."}).status_code == 403
    client.force_login(cleo)
    assert client.get(path).status_code == 404


def test_defaults_refuse_what_a_card_would(project, ada, dev):
    for fields in (
        {"nonsense": "x"},
        {"maintenance": "\x00"},
        {"maintenance": "x" * 20_001},
        {"provider": "x" * 301},
        {"provider": "Bank\nStreet"},
    ):
        with pytest.raises(Invalid):
            defaults.change_defaults(project, fields=fields, by=ada)
    with pytest.raises(Forbidden):
        defaults.change_defaults(project, fields={}, by=dev)
    defaults.change_defaults(project, fields={"maintenance": "Monthly."}, by=ada)
    with pytest.raises(Conflict):
        defaults.change_defaults(project, fields={"maintenance": "Weekly."}, by=ada, expect=1)


def test_revisions_are_listed_and_compared(client, version, dev, ben, cleo):
    path = reverse("modelcards:revisions", args=[version.pk])
    client.force_login(dev)
    assert client.get(path).status_code == 404
    for text in ("First.", "Second."):
        cards.change_card(version, fields={"intended_use": text}, by=dev)
    client.get(path)
    with CaptureQueriesContext(connection) as two:
        client.get(path)
    for text in ("Third.", "Fourth."):
        cards.change_card(version, fields={"caveats": text}, by=ben)
    client.get(path)
    with CaptureQueriesContext(connection) as four:
        client.get(path)
    assert len(four) == len(two)
    page = client.get(path, {"older": "1", "newer": "4"})
    assert [(one.label, one.before, one.after) for one in page.context["differences"]] == [
        ("Intended use", "First.", "Second."),
        ("Caveats and recommendations", "", "Fourth."),
    ]
    assert "say the same" in client.get(path, {"older": "2", "newer": "2"}).content.decode()
    for bad in ({"older": "9", "newer": "1"}, {"older": "x"}):
        assert client.get(path, bad).status_code == 404
    client.force_login(cleo)
    assert client.get(path).status_code == 404


def test_a_card_of_before_gets_its_first_revision(version, dev):
    card = cards.change_card(version, fields={"intended_use": "Loans."}, by=dev)
    text = importlib.import_module("apps.modelcards.sql").FIRST_REVISIONS
    with connection.cursor() as cursor:
        cursor.execute(text[text.index("SELECT") : text.index(" AND NOT EXISTS")])
        ((_, _, of, number, at, fields, _, changed, author),) = cursor.fetchall()
    revision = CardRevision.objects.get()
    assert (of, number, at, author) == (card.pk, 1, revision.card_version, dev.pk)
    assert fields in (revision.fields, '{"intended_use": "Loans."}')
    assert changed in ([], "[]")
