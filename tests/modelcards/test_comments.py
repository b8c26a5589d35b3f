"""Comments on the fields of a card, and the life of a card for pipelines."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import Forbidden, Invalid, Refused
from apps.modelcards import commenting, life, queries
from apps.modelcards import services as cards
from apps.modelcards.models import Comment, CommentResolution
from tests.gates.light import notices
from tests.gates.test_exception_races import at_once
from tests.modelcards import living

pytestmark = [pytest.mark.django_db, pytest.mark.method("M9.2")]


@pytest.fixture
def said(version, dev, ben):
    cards.change_card(version, fields={"intended_use": "Loans."}, by=dev)
    return commenting.comment(version, field="intended_use", text="For **whom**?", by=ben)


def test_a_comment_is_told_answered_and_settled(version, said, dev, ben):
    assert notices("modelcards.commented") == ["Dev"]
    commenting.comment(version, field="intended_use", text="Small firms.", answers=said, by=dev)
    assert notices("modelcards.commented") == ["Ben", "Dev"]
    assert queries.open_comments_of(version) == 1
    commenting.resolve(said, by=ben)
    assert queries.open_comments_of(version) == 0
    with pytest.raises(Refused, match="settled already"):
        commenting.resolve(said, by=dev)
    with pytest.raises(Refused, match="is settled"):
        commenting.comment(version, field="intended_use", text="But.", answers=said, by=dev)


def test_what_is_no_comment_is_refused(version, said, dev, vera):
    reply = commenting.comment(version, field="intended_use", text="Small firms.", answers=said, by=dev)
    for more in (
        {"field": "nonsense"},
        {"text": " "},
        {"text": "x" * 10_001},
        {"field": "caveats", "answers": said},
    ):
        with pytest.raises(Invalid):
            commenting.comment(version, **({"field": "intended_use", "text": "x", "by": dev} | more))
    with pytest.raises(Invalid, match="whole thread"):
        commenting.resolve(reply, by=dev)
    with pytest.raises(Forbidden):
        commenting.comment(version, field="intended_use", text="x", by=vera)


def test_the_database_keeps_comments(said, ben):
    commenting.resolve(said, by=ben)
    for model in (Comment, CommentResolution):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            model.objects.update(created_at="2020-01-01T00:00Z")


@pytest.mark.django_db(transaction=True)
def test_two_who_settle_at_once_settle_once(said, dev, ben):
    refusals = at_once(*(lambda by=by: commenting.resolve(said, by=by) for by in (dev, ben)))
    assert len(refusals) == 1


def test_a_thread_and_a_card_hold_so_much(version, said, dev):
    def more(count, **given):
        Comment.objects.bulk_create(
            Comment(version=version, field="caveats", text="x", author=dev, **given) for _ in range(count)
        )

    more(commenting.MOST_ANSWERS, answers=said)
    with pytest.raises(Refused, match="Settle it"):
        commenting.comment(version, field="intended_use", text="x", answers=said, by=dev)
    commenting.comment(version, field="intended_use", text="x", by=dev)
    more(commenting.MOST_COMMENTS - Comment.objects.count())
    with pytest.raises(Refused, match="1,000 comments"):
        commenting.comment(version, field="intended_use", text="x", by=dev)


def test_open_threads_come_first_and_a_settled_one_is_read_when_asked_for(client, version, said, dev, ben):
    commenting.comment(version, field="intended_use", text="Small *firms*.", answers=said, by=dev)
    commenting.resolve(said, by=ben)
    path = reverse("modelcards:comments", args=[version.pk])
    Comment.objects.bulk_create(
        Comment(version=version, field="caveats", text=f"Number {one}.", author=dev) for one in range(10)
    )
    client.force_login(dev)

    def page(**asked):
        return client.get(path, asked).content.decode()

    assert all(f"Number {one}." in page() for one in range(10))
    assert "For **whom**?" not in page(thread="nonsense")
    assert "For **whom**?" in page(page=2)
    assert "firms" not in page(page=2)
    assert "Small <em>firms</em>." in page(page=2, thread=said.pk)


def test_the_page_of_comments(client, version, said, dev, ben, cleo):
    path = reverse("modelcards:comments", args=[version.pk])
    settle = reverse("modelcards:resolve", args=[said.pk])
    client.force_login(dev)
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        assert "<strong>whom</strong>" in client.get(path).content.decode()
    body = {"field": "intended_use", "answers": str(said.pk), "text": "Small firms."}
    assert client.post(path, body).status_code == 302
    for text in ("Second.", "Third."):
        assert client.post(path, {"field": "caveats", "text": text}).status_code == 302
    client.get(path)
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)
    assert client.post(path, {"field": "caveats", "text": ""}).status_code == 422
    assert client.post(path, body | {"answers": str(version.pk)}).status_code == 404
    assert client.post(settle).status_code == 302
    assert client.post(settle).status_code == 409
    client.force_login(cleo)
    assert (client.get(path).status_code, client.post(settle).status_code) == (404, 404)


def test_pipelines_read_the_life_and_send_for_review(client, version, said, dev, ben, ci):
    token = {"Authorization": f"Bearer {ci.secret}"}
    at = f"/api/v1/versions/{version.pk}/card"

    def get(path):
        return client.get(at + path, headers=token)

    assert get("/life").json()["missing"][0] == "Description"
    living.write(version, by=dev)
    found = get("/life")
    assert client.post(at + "/life", headers=token).status_code == 428
    etag = token | {"If-Match": found["ETag"]}
    assert client.post(at + "/life", headers=token | {"If-Match": '"1"'}).status_code == 412
    assert client.post(at + "/life", headers=etag).json()["state"] == "in_review"
    assert client.post(at + "/life", headers=token | {"If-Match": '"4"'}).status_code == 409
    living.publish(version, by=ben)
    told = get("/life").json()
    assert (told["state"], told["publication"], told["revision"], told["open_comments"]) == (
        "published",
        1,
        2,
        1,
    )
    assert [one["number"] for one in get("/revisions").json()["results"]] == [2, 1]
    second = get("/revisions/2").json()
    assert second["differences"][1] == {
        "field": "intended_use",
        "title": "Intended use",
        "before": "Loans.",
        "after": "About intended use.",
    }
    assert second["provenance"]["intended_use"]["kind"] == "written"
    assert get("/revisions/9").status_code == 404
    (shown,) = get("/publications").json()["results"]
    assert (shown["content_digest"], shown["withdrawn"]) == (told["content_digest"], None)
    life.withdraw(version, reason="It is not true.", by=ben)
    assert get("/publications").json()["results"][0]["withdrawn"] == "It is not true."
    (comment,) = get("/comments").json()["results"]
    assert (comment["field"], comment["resolved"]) == ("intended_use", False)
    made = {"field": "intended_use", "text": "Small firms.", "answers": comment["id"]}
    post = {"content_type": "application/json", "headers": token}
    assert client.post(at + "/comments", made, **post).status_code == 201
    assert client.post(at + "/comments", made | {"txt": "x"}, **post).status_code == 422
    assert client.post(f"/api/v1/card-comments/{comment['id']}/resolution", **post).status_code == 204


def test_pipelines_do_not_change_defaults(client, project, ci):
    path, token = f"/api/v1/projects/{project.pk}/card-defaults", {"Authorization": f"Bearer {ci.secret}"}
    assert client.get(path, headers=token).json()["fields"]["maintenance"] == ""
    answer = client.patch(
        path,
        {"fields": {"maintenance": "Monthly."}},
        content_type="application/json",
        headers=token | {"If-Match": '"0"'},
    )
    assert answer.status_code == 403
