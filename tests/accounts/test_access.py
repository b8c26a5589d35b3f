"""Access is what it is now: at the next request, and at the next write of a running job."""

import pytest
from django.urls import reverse

from apps.accounts import services
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.cast import PASSWORD


@pytest.mark.promise("access now")
def test_a_removed_member_finds_nothing_at_the_next_request(client, project, ada, ben):
    page = reverse("portal:project", args=[project.slug])
    client.force_login(ben)
    assert client.get(page).status_code == 200
    projects.remove_member(Membership.objects.get(user=ben), by=ada)
    assert client.get(page).status_code == 404


@pytest.mark.promise("access now")
def test_a_person_who_was_switched_off_is_out_at_the_next_request_and_stays_out(client, ben, adam, project):
    client.post("/accounts/login/", {"login": ben.email, "password": PASSWORD})
    assert client.get("/").status_code == 200
    services.switch_off(ben, by=adam)
    assert client.get("/").status_code == 302
    assert client.get(reverse("portal:project", args=[project.slug])).status_code == 302
    client.post("/accounts/login/", {"login": ben.email, "password": PASSWORD})
    assert client.get("/").status_code == 302


@pytest.mark.promise("access now")
def test_their_tokens_and_those_of_their_service_accounts_are_dead(ci, dev, adam):
    services.switch_off(dev, by=adam)
    assert services.token_for(ci.secret) is None
