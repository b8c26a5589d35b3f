"""Conditional approvals on pages and over the interface."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services as accounts
from apps.gates import services
from apps.gates.models import Approval, Condition, Obligation
from apps.gates.terms import Chosen, Terms
from tests.api.conftest import client_with
from tests.cast import PASSWORD
from tests.gates import tiny
from tests.gates.conditional import TEXT, all_terms, ask, owed, promoted, report, world

DONE = "The runbook stands in the wiki."


@pytest.fixture
def version(cast):
    return world(cast)


def text(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def signing(promotion, **more):
    plain = {
        "digest": promotion.evidence_digest,
        "decision": "approve",
        "meaning": tiny.MEANING,
        "comment": "",
    }
    return plain | {"password": PASSWORD} | {f"terms-{name}": value for name, value in more.items()}


def day(days):
    return f"{timezone.now() + timedelta(days=days):%Y-%m-%d}"


def test_a_reviewer_approves_with_conditions_on_a_plain_form(client, version, ben, dev, ada):
    promotion = ask(version, dev)
    path = reverse("gates:sign", args=[promotion.pk])
    client.force_login(ben)
    assert "Approve with conditions" in client.get(path).content.decode()
    half = client.post(path, signing(promotion, owed_1=TEXT))
    assert half.status_code == 422
    assert "needs a text, an owner and a due day" in half.content.decode()
    assert client.post(path, signing(promotion, traffic="on", traffic_limit="80")).status_code == 422
    past = client.post(path, signing(promotion, until=day(-3)))
    assert past.status_code == 422
    assert "Choose a later day" in past.content.decode()
    reject = signing(promotion, traffic="on") | {"decision": "reject", "comment": "Not like this."}
    assert "Conditions go with an approval" in client.post(path, reject).content.decode()
    assert not Approval.objects.exists()
    owes = {"owed_1": TEXT, "owner_1": str(ada.pk), "due_1": day(14)}
    chosen = {"traffic": "on", "traffic_limit": "15", "until": day(60)}
    assert client.post(path, signing(promotion, **owes, **chosen)).status_code == 302
    assert Condition.objects.get(key="traffic").limit == 15
    shown = text(client, "portal:version", version.pk)
    assert "Serves at most so much of the traffic: 15 %" in shown
    assert TEXT in shown
    assert TEXT in text(client, "gates:promotion", promotion.pk)
    assert TEXT in text(client, "gates:exceptions", version.model.project.slug)
    assert "Serves at most" in text(client, "modelcards:card", version.pk)


def test_an_old_policy_offers_none(client, passing, dev, ben):
    client.force_login(ben)
    assert "Approve with conditions" not in text(client, "gates:sign", ask(passing, dev).pk)


def test_a_breach_is_red_everywhere(client, version, cast, ben, dev, vera):
    promoted(version, cast, Terms((Chosen("traffic"),)))
    report(version, dev, traffic_percent=30.0)
    services.judge_conditions(version.pk)
    client.force_login(ben)
    for name, args in (
        ("portal:version", [version.pk]),
        ("portal:project", [version.model.project.slug]),
        ("portal:home", []),
    ):
        assert "condition of the approval is broken" in text(client, name, *args)
    assert "found a condition broken" in text(client, "modelcards:card", version.pk)
    client.force_login(vera)
    assert "condition of the approval is broken" not in text(client, "portal:home")


def test_an_obligation_goes_from_hand_to_hand(client, version, cast, dev, ben, vera):
    promoted(version, cast, Terms(obligations=(owed(dev),)))
    pk = Obligation.objects.get().pk
    fulfil, answer = (reverse(f"gates:obligation_{name}", args=[pk]) for name in ("fulfil", "answer"))
    client.force_login(vera)
    assert "owes this" in text(client, "gates:obligation", pk)
    assert client.post(fulfil, {"note": DONE}).status_code == 403
    client.force_login(dev)
    assert TEXT in text(client, "portal:home")
    assert client.post(fulfil, {"note": "x"}).status_code == 422
    assert client.post(fulfil, {"note": DONE, "link": "javascript:alert(1)"}).status_code == 422
    assert client.post(fulfil, {"note": DONE, "link": "https://wiki.example/r"}).status_code == 302
    assert client.post(fulfil, {"note": DONE}).status_code == 422
    assert "disabled>Confirm<" in text(client, "gates:obligation", pk)
    client.force_login(ben)
    assert TEXT in text(client, "portal:home")
    assert client.post(answer, {"confirmed": "perhaps"}).status_code == 422
    assert client.post(answer, {"confirmed": "no"}).status_code == 422
    assert client.post(answer, {"confirmed": "no", "answer": "It lacks the weekends."}).status_code == 302
    assert "It lacks the weekends." in text(client, "gates:obligation", pk)
    client.force_login(dev)
    client.post(fulfil, {"note": DONE})
    client.force_login(ben)
    assert client.post(answer, {"confirmed": "yes"}).status_code == 302
    assert "Confirmed" in text(client, "gates:obligation", pk)


def test_a_stranger_finds_nothing(client, version, cast, dev, cleo):
    promoted(version, cast, all_terms(dev))
    pk = Obligation.objects.get().pk
    client.force_login(cleo)
    assert client.get(reverse("gates:obligation", args=[pk])).status_code == 404
    for name in ("fulfil", "answer"):
        assert client.post(reverse(f"gates:obligation_{name}", args=[pk]), {}).status_code == 404
    api = client_with(accounts.issue_token(cleo, name="t", scopes=["read", "promote"], by=cleo)[1])
    assert api.get(f"/api/v1/versions/{version.pk}/conditions").status_code == 404
    assert api.get(f"/api/v1/projects/{version.model.project_id}/obligations").status_code == 404
    for name in ("fulfil", "answer"):
        assert api.post(f"/api/v1/obligations/{pk}/{name}", {}, format="json").status_code == 404


def test_over_the_interface_the_owner_fulfils_and_no_token_confirms(client, version, cast, dev, ben):
    promoted(version, cast, all_terms(dev))
    report(version, dev, traffic_percent=30.0)
    services.judge_conditions(version.pk)
    pk = Obligation.objects.get().pk
    api = client_with(accounts.issue_token(dev, name="t", scopes=["read", "promote"], by=dev)[1])
    rows = {one["key"]: one for one in api.get(f"/api/v1/versions/{version.pk}/conditions").json()["results"]}
    assert (rows["traffic"]["broken"], rows["drift"]["broken"]) == (True, False)
    listed = api.get(f"/api/v1/projects/{version.model.project_id}/obligations").json()["results"]
    assert [one["state"] for one in listed] == ["open"]
    path = f"/api/v1/obligations/{pk}"
    assert api.post(f"{path}/fulfil", {}, format="json").status_code == 422
    done = api.post(f"{path}/fulfil", {"note": DONE}, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "fulfilled")
    assert api.post(f"{path}/fulfil", {"note": DONE}, format="json").status_code == 409
    token = client_with(accounts.issue_token(ben, name="t", scopes=["promote"], by=ben)[1])
    refused = token.post(f"{path}/answer", {"confirmed": True}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "person_needed")
    client.force_login(ben)
    said = client.post(f"{path}/answer", {"confirmed": True}, content_type="application/json")
    assert (said.status_code, said.json()["state"]) == (200, "confirmed")


def count(client, path):
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(path)
    assert answer.status_code == 200
    return len(caught)


def test_lists_cost_the_same_with_three_rows(client, version, cast, dev, ben):
    promoted(version, cast, Terms((Chosen("traffic"),), None, (owed(dev),)))
    token = accounts.issue_token(dev, name="t", scopes=["read"], by=dev)[1]
    api, project = client_with(token), version.model.project
    client.force_login(dev)
    paths = [
        (api, f"/api/v1/projects/{project.pk}/obligations"),
        (client, reverse("gates:exceptions", args=[project.slug])),
        (client, reverse("portal:home")),
        (client, reverse("portal:project", args=[project.slug])),
    ]
    before = [count(*one) for one in paths]
    api_conditions = "/api/v1/versions/{}/conditions".format
    one = count(api, api_conditions(version.pk))
    model = version.model
    for _ in range(2):
        fresh = tiny.tiny_version(model, dev)
        promoted(
            fresh,
            cast,
            Terms((Chosen("traffic"), Chosen("drift"), Chosen("reevaluated")), None, (owed(dev),)),
        )
    assert [count(*one) for one in paths] == before
    assert count(api, api_conditions(fresh.pk)) == one
