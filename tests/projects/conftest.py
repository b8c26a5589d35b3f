"""Clients of the interface for these tests."""

import pytest

from tests.api.conftest import client_with


@pytest.fixture
def pipeline(ci):
    return client_with(ci.secret)
