"""People are added by administrators alone; tokens say once what they are and end at once."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import Token, User
from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid
from tests.cast import PASSWORD


def test_an_administrator_adds_a_person_who_signs_in(client, adam):
    client.force_login(adam)
    body = {"full_name": "Nia", "email": "nia@example.com", "site_role": ""}
    answer = client.post(reverse("accounts:people"), body)
    password = answer.context["shown"]["password"]
    assert password in answer.content.decode()
    client.logout()
    signed_in = client.post("/accounts/login/", {"login": "nia@example.com", "password": password})
    assert signed_in.status_code == 302
    assert "nia@example.com" not in str(Event.objects.filter(kind="accounts.token_issued"))


def test_the_same_address_twice_keeps_what_was_typed(client, adam):
    client.force_login(adam)
    body = {"full_name": "Adam", "email": adam.email.upper(), "site_role": ""}
    answer = client.post(reverse("accounts:people"), body)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert adam.email.upper() in answer.content.decode()


@pytest.mark.parametrize("who", ["ada", "olga", "cleo"])
def test_nobody_else_sees_the_people(client, who, request, adam):
    user = request.getfixturevalue(who)
    client.force_login(user)
    assert client.get(reverse("accounts:people")).status_code == 404
    assert client.post(reverse("accounts:reset_password", args=[adam.pk])).status_code == 404
    with pytest.raises(Forbidden):
        services.create_person("x@example.com", full_name="x", by=user, password=PASSWORD)


def test_a_new_password_ends_the_old_sessions(client, adam, cleo):
    client.force_login(cleo)
    services.set_password(cleo, password="a quite different one", by=adam)
    assert client.get("/").status_code == 302


def test_the_first_administrator_is_made_once(db, capsys):
    call_command("create_administrator", email="root@example.com", name="Root")
    password = capsys.readouterr().out.rsplit(" ", 1)[1].strip()
    assert User.objects.get(email="root@example.com").check_password(password)
    with pytest.raises(CommandError, match="already"):
        call_command("create_administrator", email="two@example.com", name="Two")


@pytest.mark.promise("31")
def test_a_token_keeps_no_secret_and_ends_at_once(ci, dev):
    token = services.token_for(ci.secret)
    assert ci.secret not in str(Token.objects.filter(pk=token.pk).values())
    services.revoke_token(token, by=dev)
    assert services.token_for(ci.secret) is None


def test_a_token_of_a_person_who_left_is_dead(ci, dev):
    User.objects.filter(pk=dev.pk).update(is_active=False)
    assert services.token_for(ci.secret) is None


@pytest.mark.promise("31")
@pytest.mark.parametrize("scopes", [[], ["approve"], ["read", "everything"]])
def test_no_scope_signs(ci, dev, scopes):
    with pytest.raises(Invalid):
        services.issue_token(ci.user, name="x", scopes=scopes, by=dev)


def test_nobody_issues_a_token_for_somebody_else(cleo, ci):
    with pytest.raises(Forbidden):
        services.issue_token(ci.user, name="x", scopes=["read"], by=cleo)
