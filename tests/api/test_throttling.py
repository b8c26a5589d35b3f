"""Whom a rate limit counts: a principal, or the place that a stranger comes from, whatever their headers say."""

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.api.throttling import ExchangeThrottle, PrincipalThrottle


def counted(throttle, forwarded: str, *, user=None) -> str:
    """Return the key under which a request from 203.0.113.9 is counted."""
    made = APIRequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="203.0.113.9")
    request = Request(made)
    request.user = user or AnonymousUser()
    return throttle().get_cache_key(request, None)


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_a_stranger_s_header_does_not_change_the_place(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    keys = {counted(throttle, said) for said in ("192.0.2.1", "192.0.2.2", "192.0.2.3, 192.0.2.4", "")}
    assert len(keys) == 1
    assert keys.pop().endswith(":203.0.113.9")


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_behind_a_proxy_the_address_that_it_saw_counts(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    keys = {counted(throttle, f"{said}, 198.51.100.7") for said in ("192.0.2.1", "192.0.2.2")}
    assert len(keys) == 1
    assert keys.pop().endswith(":198.51.100.7")


def test_a_principal_counts_wherever_they_are(ada):
    assert counted(PrincipalThrottle, "192.0.2.1", user=ada) == f"throttle:{ada.pk}"


@pytest.mark.parametrize("throttle", [PrincipalThrottle, ExchangeThrottle])
def test_who_comes_past_a_proxy_counts_by_the_connection(throttle, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    keys = {counted(throttle, said) for said in ("192.0.2.1", "192.0.2.2", "")}
    assert [key.rsplit(":")[-1] for key in keys] == ["203.0.113.9"]
