"""Invitations: for one address, once, for a while, and the link goes to that address alone."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.identity import services
from apps.identity.models import Invitation
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.identity.test_provider import issuer  # noqa: F401

HERE = "http://testserver/invitations/"
WELL = "a-rather-long-pass-phrase-4"


@pytest.fixture
def invited(project, ada):
    return services.invite("nia@example.com", by=ada, address=HERE, project=project, role="reviewer")


def test_an_owner_invites_and_the_person_joins_with_the_role(
    client, project, ada, django_capture_on_commit_callbacks
):
    client.force_login(ada)
    page = reverse("identity:invitations", args=[project.slug])
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(page, {"email": "nia@example.com", "role": "reviewer"}, follow=True)
    (letter,) = mail.outbox
    link = re.search(r"http://testserver(/invitations/\S+/)", letter.body)[1]
    assert letter.to == ["nia@example.com"]
    assert link.split("/")[2] not in answer.content.decode() + str(Invitation.objects.values())
    client.logout()
    assert "nia@example.com" in client.get(link).content.decode()
    assert client.post(link, {"full_name": "Nia", "password": "short"}).status_code == 422
    assert client.post(link, {"full_name": "Nia", "password": WELL}).status_code == 302
    assert client.get(link).status_code == 404
    assert client.post("/accounts/login/", {"login": "nia@example.com", "password": WELL}).status_code == 302
    assert client.get(reverse("portal:project", args=[project.slug])).status_code == 200
    nia = User.objects.get(email="nia@example.com")
    assert (nia.memberships.get().role, nia.signing_held_until) == ("reviewer", None)
    kinds = {"identity.invited", "identity.invitation_accepted", "projects.member_added"}
    assert kinds <= set(Event.objects.values_list("kind", flat=True))


def test_somebody_with_an_account_signs_in_first(client, project, ada, cleo):
    _, secret = services.invite("CLEO@example.com", by=ada, address=HERE, project=project, role="viewer")
    link = reverse("identity:accept", args=[secret])
    assert "Sign in to accept" in client.get(link).content.decode()
    assert client.post(link, {"full_name": "x", "password": WELL}).status_code == 422
    client.force_login(cleo)
    assert client.get(link).status_code == 200
    assert client.post(link).status_code == 302
    assert Membership.objects.get(user=cleo).role == "viewer"


@pytest.mark.promise("invitation")
def test_the_link_serves_nobody_else(client, invited, ben, cleo):
    _, secret = invited
    link = reverse("identity:accept", args=[secret])
    client.force_login(cleo)
    assert "Sign out" in client.get(link).content.decode()
    assert client.post(link).status_code == 409
    assert not Membership.objects.filter(user=cleo).exists()
    assert services.find_invitation(secret)


@pytest.mark.promise("invitation")
def test_it_works_once_and_ends(invited, ada, db):
    invitation, secret = invited
    services.accept_as_new(invitation, full_name="Nia", password=WELL)
    assert services.find_invitation(secret) is None
    with pytest.raises(Refused, match="used, taken back"):
        services.accept(invitation, by=User.objects.get(email="nia@example.com"))


@pytest.mark.promise("invitation")
def test_it_runs_out(invited):
    invitation, secret = invited
    Invitation.objects.update(
        created_at=timezone.now() - timedelta(days=8), expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert services.find_invitation(secret) is None
    with pytest.raises(Refused):
        services.accept_as_new(invitation, full_name="Nia", password=WELL)
    assert not User.objects.filter(email="nia@example.com").exists()


def test_it_is_taken_back(client, invited, ada, ben, cleo):
    invitation, secret = invited
    end = reverse("identity:revoke", args=[invitation.pk])
    client.force_login(ben)
    assert client.post(end).status_code == 403
    client.force_login(cleo)
    assert client.post(end).status_code == 404
    client.force_login(ada)
    assert client.post(end).status_code == 302
    assert client.get(reverse("identity:accept", args=[secret])).status_code == 404
    assert client.post(end).status_code == 404
    assert Event.objects.filter(kind="identity.invitation_revoked").count() == 1


def test_an_inviter_who_lost_the_right_invites_nobody_any_more(invited, project, ada, cleo):
    projects.add_member(project, user=cleo, role="owner", by=ada)
    projects.remove_member(Membership.objects.get(user=ada), by=cleo)
    with pytest.raises(Forbidden):
        services.accept_as_new(invited[0], full_name="Nia", password=WELL)
    assert not User.objects.filter(email="nia@example.com").exists()


@pytest.mark.parametrize(
    ("who", "site"), [("ben", False), ("adam", False), ("ada", True), ("cleo", True)], ids=str
)
def test_nobody_invites_where_they_have_no_say(request, project, who, site):
    with pytest.raises(Forbidden):
        services.invite(
            "x@example.com",
            by=request.getfixturevalue(who),
            address=HERE,
            project=None if site else project,
            role="" if site else "viewer",
        )


@pytest.mark.parametrize(
    ("email", "role"), [("no address", "viewer"), ("x@example.com", "king"), ("ben@example.com", "viewer")]
)
def test_a_bad_invitation_is_told_why(project, ada, email, role):
    with pytest.raises(Invalid):
        services.invite(email, by=ada, address=HERE, project=project, role=role)


def test_nobody_is_invited_twice(invited, project, ada):
    with pytest.raises(Invalid, match="already"):
        services.invite("NIA@example.com", by=ada, address=HERE, project=project, role="viewer")


def test_administrators_invite_to_the_site(client, adam, ada):
    page = reverse("identity:site_invitations")
    client.force_login(ada)
    assert client.get(page).status_code == 404
    client.force_login(adam)
    assert client.post(page, {"email": "nia@example.com"}).status_code == 302
    assert client.post(page, {"email": "nia"}).status_code == 422
    assert "nia@example.com" in client.get(page).content.decode()


def test_a_stranger_finds_no_invitations(client, project, cleo, ben):
    page = reverse("identity:invitations", args=[project.slug])
    client.force_login(cleo)
    assert client.get(page).status_code == 404
    client.force_login(ben)
    assert client.get(page).status_code == 200
    assert client.post(page, {"email": "x@example.com", "role": "viewer"}).status_code == 403
    assert client.get("/invitations/nothing-of-the-kind/").status_code == 404


@pytest.mark.parametrize("place", ["project", "site", "groups"])
def test_a_list_costs_the_same_with_three_rows(client, project, ada, adam, place):
    addresses = {
        "project": reverse("identity:invitations", args=[project.slug]),
        "site": reverse("identity:site_invitations"),
        "groups": reverse("identity:groups"),
    }

    def more(number):
        if place == "groups":
            services.add_rule(f"g{number}", role="risk", project=project, by=adam)
        else:
            at, by = (project, ada) if place == "project" else (None, adam)
            services.invite(
                f"x{number}@example.com", by=by, address=HERE, project=at, role="viewer" if at else ""
            )

    client.force_login(ada if place == "project" else adam)
    more(1)
    client.get(addresses[place])  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(addresses[place])
    more(2)
    more(3)
    client.get(addresses[place])  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as three:
        client.get(addresses[place])
    assert len(three) == len(one)


def test_an_invited_person_joins_over_the_provider(client, issuer, invited):  # noqa: F811
    _, secret = invited
    assert "Join with Acme" in client.get(reverse("identity:accept", args=[secret])).content.decode()
    issuer.sign_in(client, subject="nia", email="nia@example.com")
    assert Membership.objects.get(user__email="nia@example.com").role == "reviewer"
    assert client.get("/").status_code == 200


def test_an_invitation_of_another_address_brings_nobody_in(client, issuer, invited):  # noqa: F811
    client.get(reverse("identity:accept", args=[invited[1]]))
    issuer.sign_in(client, subject="mallory", email="mallory@example.com")
    assert not User.objects.filter(email="mallory@example.com").exists()
