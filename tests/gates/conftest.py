"""Light requests: a tiny policy, two reviewers, a risk officer."""

import pytest

from apps.gates import services
from apps.projects.enums import Role
from tests.cast import person
from tests.gates.light import tiny_project, tiny_version


@pytest.fixture
def bea(db):
    return person("bea")


@pytest.fixture
def tiny(ada, dev, ben, bea, rita, vera):
    members = (
        *((dev, Role.CONTRIBUTOR), (ben, Role.REVIEWER), (bea, Role.REVIEWER)),
        *((rita, Role.RISK), (vera, Role.VIEWER)),
    )
    return tiny_project(owner=ada, members=members, reviewers=2)


@pytest.fixture
def light(tiny, dev):
    """A version that every gate of the tiny policy lets pass."""
    return tiny_version(tiny, by=dev)


@pytest.fixture
def request_(light, dev):
    """An open request for production: two reviewers and a risk officer sign it."""
    return services.request_promotion(light, to_stage="production", by=dev)
