"""Signing in: slowed for guessers, open for the rightful person, and one's own from the first moment."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import SignInAttempt, User
from apps.accounts.services import throttling
from apps.audit.models import Event
from apps.core.errors import Forbidden, Refused
from tests.cast import PASSWORD, code_of, set_up_code

LOGIN = "/accounts/login/"


def enter(client, person, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": person.email, "password": password}, **more)


def attack(person, *, times, places=1):
    """Fail as ``person`` so often from elsewhere, as far as attempts are let through at all."""
    let_through = 0
    for number in range(times):
        place = f"203.0.113.{number % places}"
        let_through += throttling.begin(address=person.email, place=place) is not None
    return let_through


@pytest.mark.promise("lockout")
def test_a_thousand_failures_elsewhere_do_not_stop_who_signed_in_here_before(client, ada):
    assert enter(client, ada).status_code == 302
    client.post("/accounts/logout/")
    assert attack(ada, times=1000, places=200) <= throttling.PER_ADDRESS_AND_HOUR
    assert enter(client, ada).status_code == 302


@pytest.mark.promise("lockout")
def test_guessing_from_one_place_ends_after_a_few(client, ada, cleo):
    for _ in range(throttling.PER_ADDRESS_AND_PLACE):
        assert "not correct" in enter(client, ada, "wrong").content.decode()
    answer = enter(client, ada)
    assert answer.status_code == 200
    assert "Too many" in answer.content.decode()
    assert enter(client, cleo).status_code == 302
    assert enter(client, ada, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_device_is_slowed_as_well_and_only_for_its_person(client, ada, cleo):
    enter(client, ada)
    cookie = client.cookies[throttling.DEVICE_COOKIE].value
    assert throttling.device_of(cookie, ada.email)
    assert throttling.device_of(cookie, cleo.email) == ""
    assert throttling.device_of(cookie + "x", ada.email) == ""
    begun = [throttling.begin(address=ada.email, place="127.0.0.1", cookie=cookie) for _ in range(11)]
    assert begun[-1] is None
    assert all(begun[:-1])


def test_an_attack_on_the_whole_site_leaves_strangers_fewer_attempts(ada, monkeypatch):
    monkeypatch.setattr(throttling, "SITE_UNDER_ATTACK", 20)
    for number in range(21):
        throttling.begin(address=f"p{number}@example.com", place=f"203.0.113.{number}")
    begun = [throttling.begin(address=ada.email, place="198.51.100.1") for _ in range(3)]
    assert [one is not None for one in begun] == [True, True, False]


def test_old_attempts_are_forgotten_and_right_ones_leave_none(client, ada):
    enter(client, ada)
    assert SignInAttempt.objects.count() == 0
    SignInAttempt.objects.create(address_digest="0" * 64, place="x", at=timezone.now() - timedelta(days=2))
    throttling.begin(address=ada.email, place="y")
    assert set(SignInAttempt.objects.values_list("place", flat=True)) == {"y"}


def test_behind_proxies_the_last_untrusted_hop_counts(client, ada, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    enter(client, ada, "wrong", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.9"})
    assert SignInAttempt.objects.get().place == "198.51.100.9"


def test_a_temporary_password_lets_in_to_choose_ones_own_and_nothing_else(client, ben, adam):
    services.set_password(ben, password="chosen-by-adam-himself", by=adam)
    enter(client, ben, "chosen-by-adam-himself")
    assert client.get("/").headers["Location"] == reverse("account_change_password")
    assert client.get("/projects/").status_code == 302
    assert client.get("/api/v1/projects").status_code == 403
    old = "chosen-by-adam-himself"
    page = reverse("account_change_password")
    same = client.post(page, {"oldpassword": old, "password1": old, "password2": old})
    assert "somebody else knows it" in same.content.decode()
    new = "a-much-better-one-of-mine"
    client.post(page, {"oldpassword": old, "password1": new, "password2": new})
    assert client.get("/").status_code == 200
    assert Event.objects.filter(kind="accounts.password_changed", actor_id=ben.pk).exists()
    ben.refresh_from_db()
    assert ben.signing_held_until > timezone.now() + timedelta(hours=23)


def test_a_temporary_password_runs_out(client, ben, adam):
    services.set_password(ben, password="chosen-by-adam-himself", by=adam)
    User.objects.filter(pk=ben.pk).update(temporary_password_until=timezone.now() - timedelta(seconds=1))
    assert enter(client, ben, "chosen-by-adam-himself").headers["Location"] == LOGIN
    assert client.get("/").status_code == 302


def test_who_lost_their_second_factor_is_told_and_held(client, ben, adam, django_capture_on_commit_callbacks):
    set_up_code(ben)
    client.force_login(ben)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_second_factors(ben, by=adam)
    assert client.get("/").status_code == 302
    assert [letter.to for letter in mail.outbox] == [[ben.email]]
    assert "sign nothing until" in mail.outbox[0].body
    assert Event.objects.get(kind="accounts.second_factors_removed").data["factors"] == "totp"
    with pytest.raises(Forbidden):
        services.remove_second_factors(adam, by=adam)
    with pytest.raises(Forbidden):
        services.remove_second_factors(adam, by=ben)


def test_the_second_step_of_signing_in_takes_a_code_once(client, ben):
    secret = set_up_code(ben)
    assert enter(client, ben).headers["Location"] == reverse("mfa_authenticate")
    page = reverse("mfa_authenticate")
    assert client.get("/").status_code == 302
    assert "Incorrect code" in client.post(page, {"code": "000000"}).content.decode()
    code = code_of(secret)
    assert client.post(page, {"code": code}).status_code == 302
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    enter(client, ben)
    assert "Incorrect code" in client.post(page, {"code": code}).content.decode()


def test_the_site_can_demand_a_second_factor(client, ben, adam, settings):
    settings.REQUIRE_SECOND_FACTOR = "administrators"
    client.force_login(ben)
    assert client.get("/").status_code == 200
    client.force_login(adam)
    assert client.get("/").headers["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    set_up_code(adam)
    assert client.get("/").status_code == 200


def test_an_administrator_switches_somebody_off_and_on(client, cleo, adam, ben):
    client.force_login(cleo)
    services.switch_off(cleo, by=adam)
    assert client.get("/").status_code == 302
    assert services.switch_on(cleo, by=adam).is_active
    assert client.get("/").status_code == 200
    with pytest.raises(Refused, match="has no second factor; nothing was changed"):
        services.remove_second_factors(cleo, by=adam)
    with pytest.raises(Forbidden):
        services.switch_off(adam, by=adam)
    with pytest.raises(Forbidden):
        services.switch_off(cleo, by=ben)


@pytest.mark.parametrize(
    "name", ["accounts:remove_second_factors", "accounts:switch", "accounts:reset_password"]
)
def test_only_an_administrator_reaches_other_people(client, ben, adam, cleo, name):
    set_up_code(cleo)
    client.force_login(ben)
    assert client.post(reverse(name, args=[cleo.pk])).status_code == 404
    client.force_login(adam)
    assert client.get(reverse(name, args=[cleo.pk])).status_code == 405
    assert client.post(reverse(name, args=[cleo.pk])).status_code in {200, 302}
    assert client.post(reverse(name, args=[adam.pk])).status_code in {200, 403}


def test_a_person_ends_their_other_sessions(ada):
    here, there = Client(), Client()
    enter(here, ada)
    enter(there, ada)
    page = reverse("usersessions_list")
    assert here.get(page).context["session_count"] == 2
    here.post(page)
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
