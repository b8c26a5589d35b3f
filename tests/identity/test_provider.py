"""Signing in over a provider: (issuer, subject) and nothing else; groups give and take."""

import time

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid
from apps.identity import services
from apps.identity.models import GroupRule
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.cast import PASSWORD
from tests.identity.issuer import Issuer


@pytest.fixture
def issuer(settings):
    made = Issuer()
    settings.SOCIALACCOUNT_PROVIDERS = made.settings()
    yield made
    made.close()


@pytest.fixture
def provisioned(issuer, settings, db):
    settings.OIDC_PROVISION = True
    return issuer


def signed_in(client) -> bool:
    return client.get("/").status_code == 200


def links() -> int:
    return SocialAccount.objects.count()


def test_a_new_person_comes_in_with_no_right_when_the_operator_allows(client, provisioned):
    assert provisioned.sign_in(client, subject="nia", email="nia@example.com").status_code == 302
    assert signed_in(client)
    nia = User.objects.get(email="nia@example.com")
    assert (nia.full_name, nia.site_role, nia.has_usable_password()) == ("Nia", "", False)
    assert not nia.memberships.exists()
    assert SocialAccount.objects.get().uid == f"{provisioned.url} nia"
    client.post("/accounts/logout/")
    provisioned.sign_in(client, subject="nia", email="other@example.com")
    assert signed_in(client)
    assert User.objects.count() == 1


def test_nobody_comes_in_uninvited_by_default(client, issuer, db):
    issuer.sign_in(client, subject="nia", email="nia@example.com")
    assert not signed_in(client)
    assert not User.objects.exists()


@pytest.mark.promise("provider")
def test_the_address_of_somebody_else_opens_nothing(client, provisioned, ada):
    answer = provisioned.sign_in(client, subject="mallory", email=ada.email.upper())
    assert answer["Location"] == reverse("account_login")
    assert "not linked" in client.get(answer["Location"]).content.decode()
    assert not signed_in(client)
    assert links() == 0
    assert Event.objects.filter(kind="identity.provider_refused", object_id=ada.pk).exists()


def test_an_address_that_the_provider_does_not_vouch_for_makes_no_account(client, provisioned):
    provisioned.sign_in(client, subject="nia", email="nia@example.com", email_verified=False)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody-else"},
        {"exp": int(time.time()) - 3600},
        {"iss": "https://evil.example.com"},
        {"nonce": "of-another-request"},
        {"state": "of-another-request"},
        {"azp": "somebody-else"},
        {"iat": None},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_token_that_is_not_right_opens_nothing(client, provisioned, wrong):
    answer = provisioned.sign_in(client, subject="nia", email="nia@example.com", **wrong)
    assert answer.status_code == 302
    assert not signed_in(client)
    assert not User.objects.exists()


@pytest.mark.promise("provider")
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_the_provider_s_key_did_not_sign_opens_nothing(client, provisioned, algorithm):
    provisioned.algorithm = algorithm
    provisioned.sign_in(client, subject="nia", email="nia@example.com")
    assert not User.objects.exists()


def test_another_key_of_the_same_name_opens_nothing(client, provisioned):
    provisioned.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    provisioned.sign_in(client, subject="nia", email="nia@example.com")
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["jwks_uri", "token_endpoint"])
def test_the_provider_s_document_leads_to_its_own_hosts_alone(client, provisioned, field):
    other = Issuer()
    try:
        provisioned.config = {field: f"{other.url}/jwks"}
        provisioned.sign_in(client, subject="nia", email="nia@example.com")
        assert other.seen == []
    finally:
        other.close()
    assert not User.objects.exists()


@pytest.mark.promise("provider")
def test_a_person_links_their_own_account_after_confirming(client, issuer, ada):
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    answer = issuer.sign_in(client, subject="ada", email="ada@work.example", connect=True)
    if answer["Location"].startswith("/accounts/reauthenticate/"):
        client.post(answer["Location"], {"password": PASSWORD})
    assert links() == 1
    assert Event.objects.get(kind="identity.provider_linked").object_id == ada.pk
    client.post("/accounts/logout/")
    issuer.sign_in(client, subject="ada")
    assert signed_in(client)
    assert "is linked" in client.get(reverse("mfa_index")).content.decode()


def test_who_is_switched_off_stays_out(client, provisioned):
    provisioned.sign_in(client, subject="nia", email="nia@example.com")
    User.objects.update(is_active=False)
    client.post("/accounts/logout/")
    provisioned.sign_in(client, subject="nia", email="nia@example.com")
    assert not signed_in(client)


def test_an_unknown_provider_is_not_there(client, db):
    assert client.get("/accounts/sso/none/").status_code == 404
    assert client.get("/accounts/sso/none/callback/").status_code == 404


def roles(person) -> set[str]:
    return set(Membership.objects.filter(user=person).values_list("role", flat=True))


def test_groups_give_and_take_at_each_sign_in(client, provisioned, project, adam):
    services.add_rule("risk-office", role="risk", project=project, by=adam)
    services.add_rule("audit", role="auditor", project=None, by=adam)
    provisioned.sign_in(client, subject="nia", email="nia@example.com", groups=["risk-office", "audit", "x"])
    nia = User.objects.get(email="nia@example.com")
    assert (roles(nia), nia.site_role) == ({"risk"}, "auditor")
    assert client.get(reverse("portal:project", args=[project.slug])).status_code == 200
    provisioned.sign_in(client, subject="nia", email="nia@example.com", groups="audit")
    nia.refresh_from_db()
    assert (roles(nia), nia.site_role) == (set(), "auditor")
    provisioned.sign_in(client, subject="nia", email="nia@example.com")
    nia.refresh_from_db()
    assert nia.site_role == ""
    told = Event.objects.filter(kind__in=["projects.member_added", "projects.member_removed"], actor_id=None)
    assert told.count() == 2
    assert client.get(reverse("portal:project", args=[project.slug])).status_code == 404


def test_roles_by_hand_stay(project, ben, adam):
    services.add_rule("risk-office", role="risk", project=project, by=adam)
    services.apply_groups(ben, ["risk-office"])
    services.apply_groups(ben, [])
    assert roles(ben) == {"reviewer"}


def test_a_rule_that_ends_takes_what_it_gave_and_never_serves_its_maker(project, cleo, adam):
    rule = services.add_rule("risk-office", role="risk", project=project, by=adam)
    services.apply_groups(adam, ["risk-office"])
    services.apply_groups(cleo, ["risk-office"])
    assert (roles(adam), roles(cleo)) == (set(), {"risk"})
    services.remove_rule(rule, by=adam)
    assert roles(cleo) == set()


def test_the_last_owner_stays_and_the_trail_says_why(project, ada, cleo, adam):
    services.add_rule("owners", role="owner", project=project, by=adam)
    services.apply_groups(cleo, ["owners"])
    projects.remove_member(Membership.objects.get(user=ada), by=cleo)
    services.apply_groups(cleo, [])
    assert roles(cleo) == {"owner"}
    assert Event.objects.filter(kind="identity.grant_kept").exists()


def test_only_administrators_say_what_groups_give(client, project, ada, adam):
    with pytest.raises(Forbidden):
        services.add_rule("x", role="risk", project=project, by=ada)
    with pytest.raises(Invalid):
        services.add_rule("x", role="risk", project=None, by=adam)
    client.force_login(ada)
    assert client.get(reverse("identity:groups")).status_code == 404
    client.force_login(adam)
    page = reverse("identity:groups")
    assert client.post(page, {"group": "g", "place": "site", "role": "risk"}).status_code == 422
    body = {"group": "g", "place": str(project.pk), "role": "risk"}
    assert client.post(page, body).status_code == 302
    assert "already" not in client.get(page).content.decode()
    assert "There is this rule already" in client.post(page, body).content.decode()
    end = reverse("identity:remove_rule", args=[GroupRule.objects.get().pk])
    client.force_login(ada)
    assert client.post(end).status_code == 404
    client.force_login(adam)
    assert client.post(end).status_code == 302
    assert client.post(end).status_code == 404
