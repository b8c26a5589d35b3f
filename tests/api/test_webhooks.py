"""Webhooks through the interface: for owners alone, secrets shown once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.api.models import IdempotentAnswer
from apps.notifications.models import Webhook
from tests.api.conftest import client_with

BODY = {"name": "chat", "url": "https://chat.example.org/hook", "kinds": ["notifications.webhook_disabled"]}


@pytest.fixture
def owner(ada, project):
    _, secret = accounts.issue_token(ada, name="t", scopes=Scope.values, by=ada)
    return client_with(secret)


@pytest.fixture
def address(project):
    return f"/api/v1/projects/{project.pk}/webhooks"


def test_its_life(owner, address):
    made = owner.post(address, BODY, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["secret"].startswith("whsec_")
    assert made["Cache-Control"] == "no-store"
    one = made["Location"]
    read = owner.get(one)
    assert "secret" not in read.json()
    changed = owner.patch(one, {"enabled": False}, format="json", headers={"If-Match": read["ETag"]})
    assert changed.json()["enabled"] is False
    assert (
        owner.patch(one, {"name": "x"}, format="json", headers={"If-Match": read["ETag"]}).status_code == 412
    )
    assert owner.patch(one, {"name": "x"}, format="json").status_code == 428
    renewed = owner.post(f"{one}/secret")
    assert renewed.json()["secret"] not in {made.json()["secret"], ""}
    tested = owner.post(f"{one}/test")
    assert tested.status_code == 202
    assert owner.post(f"{one}/test").status_code == 409
    (listed,) = owner.get(f"{one}/deliveries").json()["results"]
    assert listed["id"] == tested.json()["id"]
    assert owner.post(f"/api/v1/deliveries/{listed['id']}/redeliver").status_code == 409
    assert owner.delete(one).status_code == 204
    assert owner.get(one).status_code == 404
    assert owner.get(address).json()["results"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://user:pw@x.org"},
        {"url": "file:///etc/passwd"},
        {"name": ""},
        {"kinds": ["no.such"]},
        {"secret": "x"},
    ],
)
def test_bad_input(owner, address, wrong):
    answer = owner.post(address, BODY | wrong, format="json")
    assert answer.status_code == 422, answer.json()
    assert not Webhook.objects.exists()


@pytest.mark.promise("29")
def test_a_repeated_request_gives_the_same_secret_which_is_kept_sealed(owner, address):
    headers = {"Idempotency-Key": "k"}
    first = owner.post(address, BODY, format="json", headers=headers).json()
    again = owner.post(address, BODY, format="json", headers=headers)
    assert again.json() == first
    assert Webhook.objects.count() == 1
    assert first["secret"].encode() not in bytes(IdempotentAnswer.objects.get().body)


def test_members_without_the_right_and_tokens_without_the_scope_are_refused(
    pipeline, ada, project, owner, address
):
    assert pipeline.get(address).status_code == 403
    assert pipeline.post(address, BODY, format="json").status_code == 403
    _, secret = accounts.issue_token(ada, name="t", scopes=[Scope.READ, Scope.PROMOTE], by=ada)
    made = owner.post(address, BODY, format="json")["Location"]
    for path in (address, made):
        assert client_with(secret).get(path).status_code == 403
        assert pipeline.get(path).status_code == 403


def test_lists_cost_the_same_with_three_rows(owner, address):
    def cost(path):
        with CaptureQueriesContext(connection) as caught:
            assert owner.get(path).status_code == 200
        return len(caught)

    one = owner.post(address, BODY, format="json")["Location"]
    owner.post(f"{one}/test")
    cost(address)
    before = [cost(address), cost(f"{one}/deliveries")]
    for _ in range(2):
        other = owner.post(address, BODY, format="json")["Location"]
        owner.post(f"{other}/test")
    from apps.notifications.models import Delivery

    Delivery.objects.update(webhook=one.rsplit("/", 1)[1])
    assert [cost(address), cost(f"{one}/deliveries")] == before
