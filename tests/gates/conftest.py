"""The small world of exceptions."""

import pytest

from tests.gates import tiny


@pytest.fixture
def cast(ada, dev, ben, rita, vera):
    return {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}


@pytest.fixture
def small(cast):
    return tiny.tiny_project(cast)


@pytest.fixture
def small_model(small, dev):
    return tiny.tiny_model(small, dev)


@pytest.fixture
def passing(small_model, dev):
    return tiny.tiny_version(small_model, dev)


@pytest.fixture
def failing(small_model, dev):
    return tiny.tiny_version(small_model, dev, passing=False)
