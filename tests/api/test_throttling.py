"""Whom a rate limit counts: a principal, or the place that a stranger comes from, whatever their headers say."""

import http_sf
import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.api.throttling import ExchangeThrottle, PrincipalThrottle


def counted(throttle, forwarded: str, *, user=None, sender="203.0.113.9") -> str:
    """Return for whom a request counts."""
    made = APIRequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=sender)
    request = Request(made)
    request.user = user or AnonymousUser()
    return throttle().who(request)


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_a_stranger_s_header_does_not_change_the_place(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    keys = {counted(throttle, said) for said in ("192.0.2.1", "192.0.2.2", "192.0.2.3, 192.0.2.4", "")}
    assert len(keys) == 1
    assert keys.pop() == "203.0.113.9"


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_behind_a_proxy_the_address_that_it_saw_counts(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    keys = {counted(throttle, f"{said}, 198.51.100.7") for said in ("192.0.2.1", "192.0.2.2")}
    assert len(keys) == 1
    assert keys.pop() == "198.51.100.7"


def test_a_principal_counts_wherever_they_are(ada):
    assert counted(PrincipalThrottle, "192.0.2.1", user=ada) == str(ada.pk)


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_who_comes_past_a_proxy_counts_by_the_connection(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    keys = {counted(throttle, said) for said in ("192.0.2.1", "192.0.2.2", "")}
    assert keys == {"203.0.113.9"}


@pytest.mark.parametrize(
    ("sender", "place"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unix:"),
    ],
)
def test_of_an_ipv6_address_its_network_counts(sender, place):
    assert counted(ExchangeThrottle, "", sender=sender) == place


@pytest.mark.promise("28")
def test_answers_say_what_is_left(pipeline, settings):
    settings.API_RATES = {"principal": "3/min"}
    said = [pipeline.get("/api/v1/projects") for _ in range(4)]
    assert [one.status_code for one in said] == [200, 200, 200, 429]
    assert {one["RateLimit-Policy"] for one in said} == {'"principal";q=3;w=60'}
    left = [http_sf.parse(one["RateLimit"].encode(), tltype="list")[0][1] for one in said]
    assert [one["r"] for one in left] == [2, 1, 0, 0]
    assert all(0 < one["t"] <= 60 for one in left)
    assert [one.get("Retry-After") for one in said[:3]] == [None] * 3
    assert int(said[3]["Retry-After"]) == left[3]["t"]
    assert said[3].json()["code"] == "throttled"
