"""Who replaces a row as a whole may say which state of it they saw, and then overwrites nobody's newer one."""

import pytest
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from tests.api.conftest import client_with

BUDGETS = [{"monthly_amount": amount, "currency": "USD"} for amount in ("100.00", "200.00", "300.00")]
TARGETS = [{"per_1000_predictions": amount} for amount in ("1.000000", "2.000000", "3.000000")]
PARTS = [{"state": "planned", "tool": tool} for tool in ("KServe", "BentoML", "Triton")]
COMMITS = [{"commit": letter * 40} for letter in "abc"]
PLACES = {
    "budget": ("put", "projects/{project}/budget", BUDGETS),
    "targets": ("put", "projects/{project}/cost-targets", TARGETS),
    "platform": ("put", "projects/{project}/platform/serving", PARTS),
    "commit": ("patch", "versions/{version}", COMMITS),
}


@pytest.fixture
def owner(ada):
    _, secret = accounts.issue_token(ada, name="owner", scopes=["read", "track", "evidence"], by=ada)
    return client_with(secret)


@pytest.mark.parametrize("name", PLACES)
def test_a_state_that_is_not_the_newest_is_refused_and_no_state_overwrites(owner, project, version, name):
    verb, address, (first, second, third) = PLACES[name]
    path = "/api/v1/" + address.format(project=project.pk, version=version.pk)

    def send(body, **headers):
        return getattr(owner, verb)(path, body, format="json", headers=headers)

    assert send(first).status_code == 200
    seen = owner.get(path)["ETag"]
    assert send(second, **{"If-Match": seen}).status_code == 200
    late = send(third, **{"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert owner.get(path)["ETag"] != seen
    assert send(third, **{"If-Match": "x"}).status_code == 422
    assert send(third).status_code == 200


def test_the_tier_too(ada, project):
    client = APIClient()
    client.force_login(ada)
    path = f"/api/v1/projects/{project.pk}/tier"
    body = {
        "answers": {"impact": "severe", "autonomy": "proposes", "sensitivity": "personal"},
        "reason": "It is about loans.",
    }
    assert client.put(path, body, format="json").status_code == 200
    seen = client.get(path)["ETag"]
    assert client.put(path, body, format="json", headers={"If-Match": seen}).status_code == 200
    assert client.put(path, body, format="json", headers={"If-Match": seen}).status_code == 412


def test_what_is_not_there_has_no_state_but_0(owner, project):
    path = f"/api/v1/projects/{project.pk}/budget"
    assert owner.put(path, BUDGETS[0], format="json", headers={"If-Match": '"1"'}).status_code == 412
    part = f"/api/v1/projects/{project.pk}/platform/serving"
    none = owner.get(part)["ETag"]
    assert none == '"0"'
    assert owner.put(part, PARTS[0], format="json", headers={"If-Match": none}).status_code == 200
    assert owner.put(part, PARTS[1], format="json", headers={"If-Match": none}).status_code == 412


@pytest.mark.parametrize("given", ['"²"', "x", '"-1"', '"99999999999"'])
def test_what_no_answer_gave_is_refused(owner, project, given):
    path = f"/api/v1/projects/{project.pk}/budget"
    answer = owner.put(path, BUDGETS[0], format="json", headers={"If-Match": given})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_if_match")
