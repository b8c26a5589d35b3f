"""The pages and the interface of waivers."""

import pytest
from django.urls import reverse

from apps.accounts.proofs import Proof
from apps.modelcards.content import assemble
from tests.cast import PASSWORD, set_up_code
from tests.gates.test_waivers import WHY, ask, in_days


@pytest.fixture
def asked(failing, dev):
    return ask(failing, dev)


def test_a_waiver_is_asked_for_granted_and_seen_everywhere(client, small, failing, dev, rita, vera):
    client.force_login(dev)
    path = reverse("gates:waiver_ask", args=[failing.pk, "production"])
    bad = client.post(path, {"criterion": "loaded", "until": "2020-01-01", "reason": WHY})
    assert bad.status_code == 422
    assert "within 30 days" in bad.content.decode()
    day = f"{in_days(5):%Y-%m-%d}"
    assert client.post(path, {"criterion": "loaded", "until": day, "reason": WHY}).status_code == 302
    waiver = failing.waivers.get()
    assert "risk may grant waivers" in client.get(reverse("gates:waiver", args=[waiver.pk])).content.decode()
    client.force_login(rita)
    grant = reverse("gates:waiver_grant", args=[waiver.pk])
    assert "not your password" in client.post(grant, {"password": "wrong"}).content.decode()
    assert client.post(grant, {"password": PASSWORD}).status_code == 302
    client.force_login(vera)
    ledger = client.get(reverse("gates:exceptions", args=[small.slug])).content.decode()
    assert "Under load" in ledger
    version_page = client.get(reverse("portal:version", args=[failing.pk])).content.decode()
    assert "waived until" in version_page
    assert "granted a waiver" in assemble(failing).document["exceptions"][0]["text"]
    assert "Exceptions" in client.get(reverse("modelcards:card", args=[failing.pk])).content.decode()


def test_who_may_not_grant_reads_why(client, asked, ben):
    client.force_login(ben)
    content = client.get(reverse("gates:waiver", args=[asked.pk])).content.decode()
    assert "disabled" in content
    assert "risk may grant waivers" in content


def test_a_risk_officer_refuses_with_a_reason(client, asked, rita):
    client.force_login(rita)
    path = reverse("gates:waiver_end", args=[asked.pk])
    assert client.post(path, {"reason": "no"}).status_code == 422
    assert client.post(path, {"reason": "The load test is the whole point of it."}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "refused"
    assert client.post(path, {"reason": "The load test is the whole point of it."}).status_code == 422


def test_a_stranger_finds_no_waiver(client, small, asked, cleo):
    client.force_login(cleo)
    for name, args in (
        ("gates:waiver", [asked.pk]),
        ("gates:exceptions", [small.slug]),
        ("gates:waiver_ask", [asked.version_id, "production"]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404
    for name in ("gates:waiver_grant", "gates:waiver_end"):
        assert client.post(reverse(name, args=[asked.pk]), {"password": "x"}).status_code == 404


def test_a_pipeline_asks_and_cannot_grant(client, failing, dev):
    from apps.accounts import services as accounts
    from apps.core.errors import Forbidden
    from apps.gates import services
    from apps.projects.services import add_member
    from tests.api.conftest import client_with

    account = accounts.create_service_account("bot", owner=dev, by=dev)
    add_member(
        failing.model.project,
        user=account,
        role="contributor",
        by=failing.model.project.memberships.get(role="owner").user,
    )
    _, secret = accounts.issue_token(account, name="t", scopes=["read", "promote"], by=dev)
    api = client_with(secret)
    path = f"/api/v1/versions/{failing.pk}/waivers"
    body = {"to": "production", "criterion": "loaded", "reason": WHY, "until": in_days(5).isoformat()}
    answer = api.post(path, body, format="json")
    assert answer.status_code == 201, answer.json()
    assert answer.json()["state"] == "asked"
    assert api.post(path, body | {"until": in_days(500).isoformat()}, format="json").status_code == 422
    assert api.get(path).json()["results"][0]["id"] == answer.json()["id"]
    with pytest.raises(Forbidden, match="a token cannot"):
        services.grant_waiver(failing.waivers.get(), by=account, proof=Proof(password="x"))


def test_the_form_of_the_grant_asks_for_what_the_person_has(client, asked, rita):
    client.force_login(rita)
    path = reverse("gates:waiver", args=[asked.pk])
    page = client.get(path).content.decode()
    assert 'name="password"' in page
    assert 'name="code"' not in page
    set_up_code(rita)
    rita.set_unusable_password()
    rita.save()
    client.force_login(rita)
    page = client.get(path).content.decode()
    assert 'name="code"' in page
    assert 'name="password"' not in page
    grant = reverse("gates:waiver_grant", args=[asked.pk])
    empty = client.post(grant)
    assert (empty.status_code, "Confirm that it is you" in empty.content.decode()) == (422, True)


def test_who_has_nothing_to_confirm_with_is_told_where_to_set_it_up(client, asked, rita):
    rita.set_unusable_password()
    rita.save()
    client.force_login(rita)
    page = client.get(reverse("gates:waiver", args=[asked.pk])).content.decode()
    assert "You have nothing to confirm with" in page
    assert reverse("mfa_index") in page


def test_a_grant_without_the_right_is_refused_with_403(client, asked, ben):
    client.force_login(ben)
    answer = client.post(reverse("gates:waiver_grant", args=[asked.pk]), {"password": PASSWORD})
    assert answer.status_code == 403
    assert "risk may grant waivers" in answer.content.decode()
    asked.refresh_from_db()
    assert asked.state == "asked"
