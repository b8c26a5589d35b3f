"""Clients of the interface."""

import pytest
from rest_framework.test import APIClient


def client_with(secret: str) -> APIClient:
    client = APIClient(raise_request_exception=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def pipeline(ci):
    return client_with(ci.secret)


@pytest.fixture
def stranger(cleo):
    from apps.accounts import services as accounts
    from apps.accounts.enums import Scope

    _, secret = accounts.issue_token(cleo, name="x", scopes=Scope.values, by=cleo)
    return client_with(secret)
