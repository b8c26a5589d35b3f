"""Pages and interface of exports and import."""

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import Event
from apps.modelcards import commenting
from apps.modelcards import services as cards
from apps.modelcards.document import build
from apps.modelcards.exporting import FORMATS
from apps.registry import services as registry
from tests.api.conftest import client_with

README = "---\nlicense: mit\n---\n# x\n\n## Limitations\n\n*Weak* over 80.\n\n## Odd\n\ny\n"


def upload(text):
    return {"file": SimpleUploadedFile("README.md", text.encode())}


@pytest.mark.method("M9.2")
def test_every_format_is_offered_and_sent(client, version, dev):
    client.force_login(dev)
    page = client.get(reverse("modelcards:exports", args=[version.pk])).content.decode()
    document = build(version)
    for key, one in FORMATS.items():
        path = reverse("modelcards:export", args=[version.pk, key])
        assert path in page
        if key not in {"json", "huggingface", "ll144-csv"}:
            continue
        answer = client.get(path)
        made = one.function(document)
        assert answer.content == made.content
        assert answer["Content-Disposition"] == f'attachment; filename="{made.file_name}"'
        assert answer["Content-Type"] == made.media_type
    assert client.get(reverse("modelcards:export", args=[version.pk, "docx"])).status_code == 404


def test_the_page_of_exports_costs_the_same_for_a_longer_life(client, version, dev, ben):
    path = reverse("modelcards:exports", args=[version.pk])
    client.force_login(dev)
    cards.change_card(version, fields={"caveats": "One."}, by=dev)

    def cost():
        # The frame counts what waits once.
        client.get(path)
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    before = cost()
    for number, who in ((2, ben), (3, dev)):
        cards.change_card(version, fields={"caveats": f"{number}.", "license": str(number)}, by=who)
        commenting.comment(version, field="caveats", text="Why?", by=who)
        registry.report_check(version, name=f"c{number}", status="passed", by=dev)
    assert cost() == before


def test_a_file_is_looked_at_before_it_is_written(client, version, dev, vera):
    cards.change_card(version, fields={"limitations": "Before."}, by=dev)
    path = reverse("modelcards:import", args=[version.pk])
    client.force_login(vera)
    assert client.post(path, upload(README)).status_code == 403
    client.force_login(dev)
    empty = client.post(path, upload("## Odd\n"))
    assert empty.status_code == 422
    assert "No field of the card was found" in empty.content.decode()
    page = client.post(path, upload(README)).content.decode()
    assert "2 fields were read: Licence, Limitations." in page
    assert "“Odd” is not taken" in page
    assert "Before." in page
    version.card.refresh_from_db()
    assert version.card.fields["limitations"] == "Before."
    digest = hashlib.sha256(README.encode()).hexdigest()
    assert f'name="imported" value="{digest}"' in page
    sent = {"lock_version": version.card.lock_version, "license": "mit", "limitations": "*Weak* over 80."}
    write = reverse("modelcards:edit", args=[version.pk])
    assert client.post(write, sent | {"imported": "a lie"}).status_code == 422
    assert client.post(write, sent | {"imported": digest}).status_code == 302
    version.card.refresh_from_db()
    assert version.card.fields["limitations"] == "*Weak* over 80."
    told = Event.objects.filter(kind="modelcards.card_changed").latest("id").data
    assert (told["origin"], told["source"]) == ("imported", f"a file, SHA-256 {digest}")


def test_the_interface(version, ci):
    pipeline = client_with(ci.secret)
    address = f"/api/v1/versions/{version.pk}/card"
    formats = pipeline.get(f"{address}/exports").json()["formats"]
    assert [one["format"] for one in formats] == list(FORMATS)
    whole = pipeline.get(formats[0]["url"])
    assert json.loads(whole.content) == build(version)
    assert formats[0]["lost"] == []
    assert pipeline.get(f"{address}/exports/docx").status_code == 404
    looked = pipeline.post(f"{address}/import", {"content": README, "dry_run": True}, format="json")
    assert looked.json()["fields"] == {"license": "mit", "limitations": "*Weak* over 80."}
    assert pipeline.post(f"{address}/import", {"content": README}, format="json").status_code == 428
    assert not hasattr(version, "card")
    wrote = pipeline.post(
        f"{address}/import", {"content": README}, format="json", headers={"If-Match": '"1"'}
    )
    assert wrote.status_code == 200
    assert pipeline.get(address).json()["written"]["limitations"] == "*Weak* over 80."
    wrong = pipeline.post(
        f"{address}/import", {"content": "---\na: &a b\n---\n", "dry_run": True}, format="json"
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "aliases")
