"""The pages and the interface of rollback, suspension, break-glass and postmortems."""

import pytest
from django.urls import reverse

from apps.gates import services
from apps.gates.models import Postmortem
from tests.cast import PASSWORD
from tests.gates.test_break_glass import WHY as EMERGENCY
from tests.gates.test_rollback import WHY, first, second  # noqa: F401 - fixtures


def text(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_owner_rolls_back_on_the_page_and_another_postmortems(client, small, second, ada, ben):  # noqa: F811
    client.force_login(ada)
    assert "Roll back" in text(client, "portal:version", second.pk)
    path = reverse("gates:rollback", args=[second.pk])
    assert "M v1 returns to production" in client.get(path).content.decode()
    assert client.post(path, {"reason": "x"}).status_code == 422
    assert client.post(path, {"reason": WHY}).status_code == 302
    assert client.post(path, {"reason": WHY}).status_code == 409
    postmortem = Postmortem.objects.get()
    page = reverse("gates:postmortem", args=[postmortem.pk])
    assert "so someone else must close it" in client.get(page).content.decode()
    assert client.post(page, {"outcome": "I find myself to have done well."}).status_code == 403
    assert "To be reviewed" in text(client, "portal:version", second.pk)
    assert "To be reviewed" in text(client, "portal:project", small.slug)
    assert "rollback of M v2" in text(client, "gates:exceptions", small.slug)
    client.force_login(postmortem.owner)
    assert "Postmortems you answer for" in text(client, "portal:home")
    client.force_login(ben)
    assert client.post(page, {"outcome": "A missing index; it is added."}).status_code == 302
    assert "A missing index" in client.get(page).content.decode()


def test_who_may_not_reads_why(client, first, dev, ada):  # noqa: F811
    client.force_login(dev)
    assert "owner or risk may roll back" in text(client, "portal:version", first.pk)
    client.force_login(ada)
    content = text(client, "gates:rollback", first.pk)
    assert "Suspend it instead" in content
    path = reverse("gates:suspend", args=[first.pk])
    assert client.post(path, {"reason": WHY}).status_code == 302
    first.refresh_from_db()
    assert first.stage == "staging"


def test_broken_glass_is_red_everywhere(client, small, failing, ada, vera):
    client.force_login(vera)
    assert "owner or risk may break the glass" in text(client, "gates:break_glass", failing.pk, "production")
    client.force_login(ada)
    path = reverse("gates:break_glass", args=[failing.pk, "production"])
    assert "not your password" in client.post(path, {"reason": EMERGENCY, "password": "x"}).content.decode()
    assert client.post(path, {"reason": "soon", "password": PASSWORD}).status_code == 422
    assert client.post(path, {"reason": EMERGENCY, "password": PASSWORD}).status_code == 302
    client.force_login(vera)
    assert "past its gate" in text(client, "portal:version", failing.pk)
    assert "broke the glass" in text(client, "modelcards:card", failing.pk)
    assert "break-glass promotion" in text(client, "portal:project", small.slug)
    assert "Promoted past its gate" in text(client, "gates:promotion", failing.promotions.get().pk)


def test_a_stranger_finds_nothing(client, second, ada, cleo):  # noqa: F811
    postmortem = services.roll_back(second, by=ada, reason=WHY).postmortem
    client.force_login(cleo)
    for name, args in (
        ("gates:rollback", [second.pk]),
        ("gates:suspend", [second.pk]),
        ("gates:break_glass", [second.pk, "production"]),
        ("gates:postmortem", [postmortem.pk]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404
        assert client.post(reverse(name, args=args), {"reason": WHY}).status_code == 404


@pytest.fixture
def api(ada):
    from apps.accounts import services as accounts
    from tests.api.conftest import client_with

    return client_with(accounts.issue_token(ada, name="t", scopes=["read", "promote"], by=ada)[1])


def test_a_person_rolls_back_and_suspends_over_the_interface(api, second, ben, small):  # noqa: F811
    body = {"reason": WHY}
    answer = api.post(f"/api/v1/versions/{second.pk}/rollback", body, format="json")
    assert answer.status_code == 201, answer.json()
    assert api.post(f"/api/v1/versions/{second.pk}/rollback", body, format="json").status_code == 409
    restored = answer.json()["restored"]
    again = api.post(f"/api/v1/versions/{restored}/suspension", body, format="json")
    assert again.status_code == 201, again.json()
    listed = api.get(f"/api/v1/projects/{small.pk}/postmortems").json()["results"]
    assert [one["state"] for one in listed] == ["open", "open"]
    closing = {"outcome": "I find myself to have done well."}
    assert api.post(f"/api/v1/postmortems/{listed[0]['id']}/close", closing, format="json").status_code == 403


def test_a_service_account_rolls_nothing_back(small, second, dev, ada):  # noqa: F811
    from apps.accounts import services as accounts
    from apps.projects.services import add_member
    from tests.api.conftest import client_with

    bot = accounts.create_service_account("bot", owner=dev, by=dev)
    add_member(small, user=bot, role="contributor", by=ada)
    client = client_with(accounts.issue_token(bot, name="t", scopes=["promote"], by=dev)[1])
    for act in ("rollback", "suspension"):
        path = f"/api/v1/versions/{second.pk}/{act}"
        assert client.post(path, {"reason": WHY}, format="json").status_code == 403
