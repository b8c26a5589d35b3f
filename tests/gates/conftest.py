"""Small worlds: light requests (a tiny policy, two reviewers, a risk officer), and exceptions."""

import pytest

from apps.gates import services
from apps.projects.enums import Role
from apps.registry.models import Version
from tests.cast import person
from tests.gates import tiny as worlds
from tests.gates.light import sign, tiny_project, tiny_version


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


@pytest.fixture
def live(request_, ben, bea, rita):
    """A version in production whose approval is valid for 90 days."""
    for one in (ben, bea, rita):
        sign(request_, one)
    return Version.objects.get(pk=request_.version_id)


@pytest.fixture
def cast(ada, dev, ben, rita, vera):
    return {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}


@pytest.fixture
def small(cast):
    return worlds.tiny_project(cast)


@pytest.fixture
def small_model(small, dev):
    return worlds.tiny_model(small, dev)


@pytest.fixture
def passing(small_model, dev):
    return worlds.tiny_version(small_model, dev)


@pytest.fixture
def failing(small_model, dev):
    return worlds.tiny_version(small_model, dev, passing=False)
