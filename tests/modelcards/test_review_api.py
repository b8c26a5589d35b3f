"""A card in review through the interface: what a pipeline does, and what it is told takes a person."""

import pytest
from django.urls import reverse

from apps.audit.models import Event
from apps.modelcards import life
from apps.modelcards import services as cards
from apps.modelcards.models import CardStep, PublicLink
from tests.modelcards import living

pytestmark = [pytest.mark.django_db, pytest.mark.method("M9.2")]
JSON = {"content_type": "application/json"}


@pytest.fixture
def send(client, version, ci):
    """Post to an address of the card, as the pipeline or as who is signed in."""

    def post(path, body=None, *, by=None, seen=None, **headers):
        if by:
            client.force_login(by)
        else:
            client.logout()
            headers["Authorization"] = f"Bearer {ci.secret}"
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        at = path if path.startswith("/") else f"/api/v1/versions/{version.pk}/card/{path}"
        return client.post(at, body or {}, headers=headers, **JSON)

    return post


def test_a_pipeline_sends_for_review_and_takes_back(version, dev, ben, rita, cleo, send):
    living.write(version, by=dev)
    key = {"Idempotency-Key": "once"}
    assert send("life", seen=2, **key).json()["who_publishes"] == "May publish it: Ben, Rita."
    assert send("life", seen=2, **key).json()["state"] == "in_review"
    assert CardStep.objects.count() == 1
    assert [send("taking-back", seen=seen).status_code for seen in (None, "x", 1)] == [428, 422, 412]
    answer = send("taking-back", seen=3)
    assert (answer.json()["state"], answer["ETag"]) == ("draft", '"4"')
    assert send("taking-back", seen=4).status_code == 409
    life.submit(version, by=dev)
    back = {"reason": "Say whom it may harm."}
    assert send("sending-back", back, seen=5).status_code == 403
    assert send("sending-back", {"reason": "no"}, seen=5, by=ben).status_code == 422
    assert send("sending-back", back | {"why": "x"}, seen=5, by=ben).status_code == 422
    assert send("sending-back", back, seen=5, by=ben).json()["state"] == "draft"
    for path in ("life", "taking-back", "sending-back", "withdrawal", "links", "publications"):
        assert send(path, back, seen=6, by=cleo).status_code == 404


def test_what_takes_a_person_says_so(version, dev, ben, ada, cleo, send, client, settings):
    settings.PUBLIC_CARDS = True
    living.write(version, by=dev)
    life.submit(version, by=dev)
    for who in (None, ben):
        refused = send("publications", by=who)
        assert refused.status_code == 403
        assert reverse("modelcards:life", args=[version.pk]) in refused.json()["detail"]
    link = {"note": "The press", "days": 30}
    assert send("links", link, by=ada).status_code == 409
    living.publish(version, by=ben)
    assert "Only a person decides" in send("links", link).json()["detail"]
    for bad in ({}, link | {"days": 0}, link | {"days": "soon"}, link | {"note": " "}, link | {"who": "x"}):
        assert send("links", bad, by=ada).status_code == 422
    made = send("links", link, by=ada, **{"Idempotency-Key": "once"})
    again = send("links", link, by=ada, **{"Idempotency-Key": "once"})
    assert (made.status_code, made["Cache-Control"], made.content) == (201, "no-store", again.content)
    assert client.get(made.json()["address"]).status_code == 200
    (listed,) = client.get(f"/api/v1/versions/{version.pk}/card/links").json()["results"]
    assert (listed["note"], listed["state"], "address" in listed) == ("The press", "open", False)
    end = f"/api/v1/card-links/{PublicLink.objects.get().pk}/withdrawal"
    assert [send(end, by=who).status_code for who in (None, cleo, ben)] == [403, 404, 403]
    assert send(end, by=ada).json()["state"] == "withdrawn"
    assert send(end, by=ada).status_code == 409
    assert "Only a person" in send("withdrawal", {"reason": "It is not true."}).json()["detail"]
    assert send("withdrawal", {"reason": "It is not true."}, by=ben).json()["publication"] is None
    assert send("withdrawal", {"reason": "It is not true."}, by=ben).status_code == 409


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "says"),
    [
        ("patch", "", b'{"a":' * 5000, 400, "nested more than 50 deep"),
        ("patch", "", b'{"a":' * 400 + b"1" + b"}" * 400, 400, "nested more than 50 deep"),
        ("post", "/links", b"[" * 60 + b"]" * 60, 400, "nested more than 50 deep"),
        ("post", "/links", b"{", 400, "Expecting property name"),
        ("patch", "", b'{"fields": {"caveats": "a\\ud800"}}', 422, "half a surrogate pair"),
        ("post", "/import", b'{"content": "x", "dry_run": "maybe"}', 422, "boolean"),
        ("post", "/comments", b'{"field": "nonsense", "text": "x"}', 422, "no field “nonsense”"),
        ("get", "/exports/docx", b"", 404, "There are: json,"),
        ("get", "/revisions/99999999999", b"", 404, "nothing here"),
        ("get", "/revisions/0", b"", 404, "nothing here"),
    ],
)
def test_wrong_input_is_told_in_a_sentence_and_nothing_is_written(
    client, version, dev, verb, path, body, status, says
):
    card = cards.change_card(version, fields={"caveats": "One."}, by=dev)
    client.force_login(dev)
    at = f"/api/v1/versions/{version.pk}/card{path}"
    given = {"data": body, **JSON} if verb != "get" else {}
    before = Event.objects.count()
    answer = getattr(client, verb)(at, headers={"If-Match": '"2"', "Idempotency-Key": "k"}, **given)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.content
    card.refresh_from_db()
    assert (card.lock_version, Event.objects.count()) == (2, before)


def test_any_two_revisions_are_compared(client, version, dev):
    for text in ("One.", "Two.", "Three."):
        cards.change_card(version, fields={"caveats": text}, by=dev)
    client.force_login(dev)
    at = f"/api/v1/versions/{version.pk}/card/revisions/3"
    assert client.get(at, {"against": "1"}).json()["differences"][0]["before"] == "One."
    assert client.get(at, {"against": "0"}).json()["differences"][0]["before"] == ""
    assert [client.get(at, {"against": bad}).status_code for bad in ("9", "x", "-1", "")] == [
        404,
        422,
        422,
        422,
    ]
